"""The other unit of the call, on the other end of the guest's wire: it outlives the guest."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from tests.rig.guest.machine import CACHE

_AGAIN = """
while true; do
  until (exec 3<>/dev/tcp/10.77.0.1/8443) 2>&-; do sleep 0.5; done
  "$@"
done"""
"""Begins when there is an exchange, and ends when its call does."""


class FarEnd:
    """Runs as long as it is entered."""

    def __init__(self, folder: Path) -> None:
        self._seen = folder / "seen"
        self._seen.unlink(missing_ok=True)
        self._log = folder / "far-end.log"

    def has_seen_since(self, time_ms: int) -> bool:
        """Whether a picture was taken after that, by the guest's clock."""
        if not self._seen.exists():
            return False
        # A stamp counts modulo 2**32, and the clocks of the two machines differ.
        return 0 < (int(self._seen.read_text()) - time_ms) % 2**32 < 2**31

    @property
    def words(self) -> str:
        """The last that it said."""
        return self._log.read_text(errors="replace")[-2000:]

    def __enter__(self) -> "FarEnd":
        unit = (sys.executable, "-m", "tests.rig.service.far_end")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", _AGAIN, "-", *unit, CACHE / "hall" / "callbox.toml", self._seen],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
