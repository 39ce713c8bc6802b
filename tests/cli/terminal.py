"""The command in a process of its own: without a terminal, and on a real pseudo-terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

CALLBOX = [sys.executable, "-m", "device.cli.main"]


def callbox(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CALLBOX, *arguments], input=given, capture_output=True, text=True, timeout=60, check=False
    )


class Terminal:
    """A process on a pseudo-terminal, and all that it has written."""

    def __init__(self, *arguments: str) -> None:
        self._controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [*CALLBOX, *arguments], stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        self.text = ""

    def until(self, pattern: str, within_s: float = 60) -> re.Match[str]:
        """Read on until what has been written since the last time fits."""
        deadline_s = time.monotonic() + within_s
        while not (found := re.search(pattern, self.text)):
            left_s = deadline_s - time.monotonic()
            ready, _, _ = select.select([self._controller], [], [], max(0.0, left_s))
            assert ready, f"{pattern!r} did not come; this did:\n{self.text}"
            self.text += self._read(pattern)
        self.text = self.text[found.end() :]
        return found

    def _read(self, awaited: str) -> str:
        try:
            return os.read(self._controller, 4096).decode(errors="replace")
        except OSError:  # Linux: the last process on the terminal has ended
            raise AssertionError(f"{awaited!r} did not come; this did:\n{self.text}") from None

    def rest(self, within_s: float = 30) -> str:
        """All that comes until the process ends."""
        with contextlib.suppress(AssertionError):
            self.until(r"(?!)", within_s)
        return self.text

    def press(self, key: str) -> None:
        os.write(self._controller, key.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._controller)


@contextlib.contextmanager
def terminal(*arguments: str) -> Iterator[Terminal]:
    made = Terminal(*arguments)
    try:
        yield made
    finally:
        made.close()
