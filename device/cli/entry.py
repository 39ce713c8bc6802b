"""Where ``callbox`` begins: Ctrl-C while the rest is being loaded ends it as it does later, with 130."""

import os
import signal
from types import FrameType

INTERRUPTED = 130


def main() -> int:
    """As device.cli.main.main, which it loads."""
    try:
        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler:
            # At once: an exception in the middle of an import is not always passed on.
            signal.signal(signal.SIGINT, _leave)
        from device.cli.main import main as command

        signal.signal(signal.SIGINT, before)
        return command()
    except KeyboardInterrupt:
        return INTERRUPTED


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    raise SystemExit(main())
