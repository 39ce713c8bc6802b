"""The door relay as the unit sees it: another process holds it, and is watched."""

import logging
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from hal.errors import OutputsUnavailable

logger = logging.getLogger(__name__)

START_WITHIN_S = 60.0
"""Python and lgpio come up in two seconds on a Raspberry Pi Zero 2 W, in twenty where it is emulated."""
ANSWER_WITHIN_S = 1.0
END_WITHIN_S = 2.0
MOST_RESTARTS = 3


class Keeper(Protocol):
    """Who holds the relay: hal.outputs.keeper.keep, somewhere."""

    commands: int
    """File descriptors: this end of its pipes."""
    replies: int

    def wait(self) -> None:
        """Until it has ended."""

    def kill(self) -> None:
        """At once. Idempotent."""

    def retire(self) -> None:
        """Close the pipes, so that it shuts the door and ends; wait for that. Idempotent."""


class ProcessKeeper:
    """A keeper in a process of its own; ``command`` runs it."""

    def __init__(self, command: Sequence[str]) -> None:
        # lgpio makes a FIFO in LG_WD whose name two processes would share.
        self._folder = tempfile.mkdtemp(prefix="callbox-door-")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "LG_WD": self._folder},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipes = (self._process.stdin, self._process.stdout)
        self.commands, self.replies = (pipe.fileno() for pipe in self._pipes)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> None:
        self._process.wait()

    def kill(self) -> None:
        self._process.kill()

    def retire(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        try:
            self._process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def board_keeper(pin: int, maximum_s: float) -> ProcessKeeper:
    """Of a line of this board; BCM number."""
    return ProcessKeeper([sys.executable, "-m", "hal.outputs.keeper", str(pin), str(maximum_s)])


class DoorRelay:
    """Off at first. Should the unit end, its keeper shuts the door; should the keeper end, another
    one, which begins with that. Thread-safe."""

    def __init__(self, start_keeper: Callable[[], Keeper]) -> None:
        self._start_keeper = start_keeper
        self._lock = threading.Lock()
        self._keeper: Keeper | None = self._ready_keeper()
        self._is_closed = False
        self._watch = threading.Thread(target=self._replace_the_dead, name="door", daemon=True)
        self._watch.start()

    def hold(self, duration_s: float) -> None:
        """On, when this returns. Raises OutputsUnavailable."""
        with self._lock:
            if self._keeper is None:
                raise OutputsUnavailable(
                    "The process that holds the door relay has ended; see the log. "
                    "Try again; else restart callbox."
                )
            try:
                os.write(self._keeper.commands, b"%f\n" % duration_s)
                answer = _answer(self._keeper, ANSWER_WITHIN_S)
            except BrokenPipeError:
                answer = "it has ended"
            if answer != "held":
                self._keeper.kill()  # and a new one takes over
                raise OutputsUnavailable(f"The door relay could not be switched ({answer}).")

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.retire()
        self._watch.join()

    def _ready_keeper(self) -> Keeper:
        keeper = self._start_keeper()
        answer = _answer(keeper, START_WITHIN_S)
        if answer != "ready":
            keeper.kill()
            keeper.retire()
            raise OutputsUnavailable(answer)
        return keeper

    def _replace_the_dead(self) -> None:
        for restarts_left in reversed(range(MOST_RESTARTS + 1)):
            keeper = self._keeper
            if keeper is None:
                return
            keeper.wait()
            with self._lock:
                if self._is_closed:
                    return
                self._keeper = None
            keeper.retire()
            logger.error("The process that holds the door relay has ended.")
            if restarts_left and not self._take_on():
                return

    def _take_on(self) -> bool:
        """A new keeper. Whether there is one to be watched."""
        try:
            keeper = self._ready_keeper()
        except OutputsUnavailable as error:
            logger.error("There is no new one: %s", error)
            return False
        with self._lock:
            if not self._is_closed:
                self._keeper = keeper
                return True
        keeper.retire()
        return False


def _answer(keeper: Keeper, within_s: float) -> str:
    """One line of it, or what is wrong."""
    if not select.select([keeper.replies], [], [], within_s)[0]:
        return f"no answer within {within_s:.0f} s"
    return os.read(keeper.replies, select.PIPE_BUF).decode().strip() or "it has ended"
