"""The command ``callbox``: reads arguments, calls the one that does the work, prints what it says.

Exit codes: 0 done, 1 it failed (the message says what to do), 2 the command line or the configuration
is wrong, 3 no unit runs here or this user may not speak to it, 70 a defect of callbox, 130 interrupted
before it was done. What runs until it is stopped ends with 0.
"""

import argparse
import errno
import logging
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from device.cli import (
    bundle,
    camera,
    doctor,
    enroll,
    exchange,
    manual,
    phone,
    remote,
    service,
    testing,
    unit,
)
from device.cli.printing import discard_output, make_ready
from device.errors import CallboxError, ConfigError, UnitUnreachable
from device.service import journal
from device.service.journal import JournalHandler
from hal import HalError

logger = logging.getLogger(__name__)

Command = Callable[[argparse.Namespace], int]

DEFECT = 70
"""EX_SOFTWARE of sysexits(3): systemd/last-resort tells it from a failure that callbox has explained."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
DEFAULT_CONFIG = Path("/etc/callbox/callbox.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Never shows a traceback for what a person can mend."""
    make_ready()
    options = parser().parse_args(arguments)
    _log(options.verbose)
    command: Command = options.command
    try:
        code = command(options)
        sys.stdout.flush()  # here, where what goes wrong can still be told
        return code
    except ConfigError as error:
        return _fail(error, 2)
    except UnitUnreachable as error:
        return _fail(error, 3)
    except BrokenPipeError:
        # Who read has gone (`callbox events --follow | head`): what is left goes nowhere.
        discard_output()
        return 0
    except (CallboxError, HalError) as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            discard_output()
            return _fail(CallboxError(f"It cannot be written: {error.strerror}."), 1)
        logger.critical("callbox has a defect", exc_info=True)
        return DEFECT


def _log(is_verbose: bool) -> None:
    """To the journal where stderr leads there anyway, else to stderr."""
    level = logging.DEBUG if is_verbose else logging.WARNING
    if journal.is_attached():
        logging.basicConfig(level=level, format="%(message)s", handlers=[JournalHandler("callbox")])
    else:
        form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
        logging.basicConfig(level=level, format=form)


def _fail(error: CallboxError | HalError, code: int) -> int:
    if journal.is_attached():
        logger.error("%s", error, extra={"journal": {"CALLBOX_CODE": error.code}})
    else:
        print(f"callbox: {error}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="callbox", description="A video intercom and kiosk phone on a Raspberry Pi."
    )
    root.add_argument("--version", action="version", version=f"callbox {version('callbox')}")
    root.add_argument("-v", "--verbose", action="store_true", help="log what happens, to stderr")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    unit.add_run(commands, DEFAULT_CONFIG)
    remote.add_to(commands)
    phone.add_to(commands)
    camera.add_to(commands)
    doctor.add_to(commands, DEFAULT_CONFIG)
    testing.add_to(commands)
    bundle.add_to(commands, DEFAULT_CONFIG)
    enroll.add_to(commands, DEFAULT_CONFIG)
    exchange.add_to(commands)
    unit.add_demo(commands)
    unit.add_selftest(commands)
    service.add_first_boot(commands, DEFAULT_CONFIG)
    manual.add_to(commands, parser)
    return root


if __name__ == "__main__":
    sys.exit(main())
