"""The door relay as the unit sees it: another process holds it, and is watched."""

import logging
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from hal.errors import OutputsUnavailable

logger = logging.getLogger(__name__)

START_WITHIN_S = 60.0
"""Python and lgpio come up in two seconds on a Raspberry Pi Zero 2 W, in twenty where it is emulated."""
ANSWER_WITHIN_S = 1.0
END_WITHIN_S = 2.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
"""Between two attempts to have a keeper again, doubled each time. The first one comes at once: the dead
one may have left the door open."""
LIVED_S = 120.0
"""The next end of a keeper that lived so long is a new trouble, and begins without a pause."""


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
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "LG_WD": self._folder},
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
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
    one, which begins with that. There is no last attempt: nobody else would shut it. Thread-safe."""

    def __init__(self, start_keeper: Callable[[], Keeper]) -> None:
        self._start_keeper = start_keeper
        self._lock = threading.Lock()
        self._closing = threading.Event()
        keeper = self._ready_keeper()
        self._keeper: Keeper | None = keeper
        self._watch = threading.Thread(
            target=self._replace_the_dead, args=(keeper,), name="door", daemon=True
        )
        self._watch.start()

    def hold(self, duration_s: float) -> None:
        """On, when this returns. Raises OutputsUnavailable."""
        with self._lock:
            if self._keeper is None:
                raise OutputsUnavailable(
                    "The process that holds the door relay has ended, and another one is being "
                    "started. Try again in a moment; if it stays so, see the log."
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
        """Off, unless no keeper can be started. Waits for one that is starting. Idempotent."""
        with self._lock:
            self._closing.set()
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

    def _replace_the_dead(self, keeper: Keeper | None) -> None:
        pauses = _Pauses()
        while keeper is not None:
            began_s = time.monotonic()
            keeper.wait()
            with self._lock:
                if self._closing.is_set():
                    return  # retired by who closed it
                self._keeper = None
            keeper.retire()
            logger.error("The process that holds the door relay has ended.")
            if time.monotonic() - began_s > LIVED_S:
                pauses = _Pauses()
            keeper = self._successor(pauses)

    def _successor(self, pauses: "_Pauses") -> Keeper | None:
        """A new keeper, however long that takes. None: closed meanwhile; it is tried once even then,
        since the door may be open."""
        while True:
            is_last = self._closing.wait(pauses.next_s())
            keeper = self._tried_keeper()
            with self._lock:
                if not self._closing.is_set():
                    self._keeper = keeper
                    if keeper is not None:
                        return keeper
                    continue
            if keeper is not None:
                keeper.retire()
            if keeper is not None or is_last:
                return None

    def _tried_keeper(self) -> Keeper | None:
        try:
            return self._ready_keeper()
        except Exception as error:  # no memory, no file descriptors; this thread must not end
            logger.error("There is no new one yet: %s", error)
            return None


class _Pauses:
    """Before each attempt: none at first, then ever longer."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def next_s(self) -> float:
        pause_s = self._next_s
        self._next_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)
        return pause_s


def _answer(keeper: Keeper, within_s: float) -> str:
    """One line of it, or what is wrong."""
    if not select.select([keeper.replies], [], [], within_s)[0]:
        return f"no answer within {within_s:.0f} s"
    return os.read(keeper.replies, select.PIPE_BUF).decode().strip() or "it has ended"
