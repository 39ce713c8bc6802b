"""``callbox doctor`` and ``callbox config check``: what is wrong, and what to do about it."""

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from device.cli.printing import Colour, painted, print_json
from device.cli.remote import add_socket, with_json
from device.control import messages
from device.control.client import ControlClient
from device.control.readings import Check, UnitReading, Verdict
from device.errors import ControlError, UnitSilent, UnitUnreachable

MARKS = {
    Verdict.OK: ("ok  ", Colour.GREEN),
    Verdict.WARNING: ("warn", Colour.YELLOW),
    Verdict.FAILED: ("FAIL", Colour.RED),
    Verdict.SKIPPED: ("-   ", Colour.DIM),
}

_RESTART = (
    "Look again in a minute; if it stays: `journalctl -u callbox` may tell why, and "
    "`sudo systemctl restart callbox` helps."
)


def add_to(commands: Any, default_config: Path) -> None:
    words = "look at every part, and say what to do about what is wrong"
    doctor = commands.add_parser(
        "doctor",
        help=words,
        description=f"{words.capitalize()}. Exit code 0: nothing failed; 1: something did.",
    )
    _add_config(doctor, default_config)
    add_socket(doctor)
    with_json(doctor)
    doctor.set_defaults(command=_doctor)
    config = commands.add_parser("config", help="the configuration")
    actions = config.add_subparsers(required=True, metavar="ACTION")
    check = actions.add_parser("check", help="whether it can be used; says what is wrong with it")
    _add_config(check, default_config)
    with_json(check)
    check.set_defaults(command=_config_check)


def _add_config(parser: argparse.ArgumentParser, default: Path) -> None:
    parser.add_argument(
        "--config", type=Path, default=default, metavar="FILE", help="(%(default)s)"
    )


def _doctor(options: argparse.Namespace) -> int:
    from device.doctor.examine import is_well

    checks = examined(options.config, options.socket)
    if options.json:
        print_json(checks)
    else:
        print(*lines(checks), sep="\n")
    return 0 if is_well(checks) else 1


def examined(config: Path, control: Path) -> list[Check]:
    """All checks, in the unit where one runs."""
    from device.doctor.examine import Surroundings, examine

    running, refusal, answers = _running(control)

    async def look(settings: Any) -> list[Check]:
        if running is not None:
            return await asyncio.to_thread(_ask_hardware, control)
        from device.app import check_own_hardware

        return await check_own_hardware(settings)

    return asyncio.run(examine(Surroundings(config, running, refusal, answers, look)))


def _running(control: Path) -> tuple[UnitReading | None, Check | None, bool | None]:
    """What runs, or why it cannot be asked; and whether it answers, as Surroundings has it."""
    try:
        with ControlClient(control) as unit:
            return unit.ask(messages.Status), None, True
    except UnitSilent as error:
        return None, _failed("unit", error, _RESTART), False
    except UnitUnreachable as error:
        if error.may_run:
            return None, _failed("unit", error, "Use sudo, or join the group."), None
        return None, None, False
    except ControlError as error:
        return None, _failed("unit", error, _RESTART), True


def _ask_hardware(control: Path) -> list[Check]:
    try:
        with ControlClient(control) as unit:
            checks: list[Check] = unit.ask(messages.CheckHardware)
            return checks
    except ControlError as error:
        return [_failed("hardware", error, _RESTART)]


def _failed(part: str, error: ControlError, remedy: str) -> Check:
    return Check(part, Verdict.FAILED, str(error), remedy)


def lines(checks: list[Check]) -> Iterator[str]:
    """A line a part, a second one with the remedy, and one that sums up."""
    width = max(len(check.part) for check in checks) + 2
    for check in checks:
        word, colour = MARKS[check.verdict]
        yield f"{painted(word, colour)}  {check.part:<{width}}{check.seen}"
        if check.remedy:
            yield f"{'':<{width + 6}}{painted('-> ' + check.remedy, Colour.BOLD)}"
    failed = [check.part for check in checks if check.verdict is Verdict.FAILED]
    warned = [check.part for check in checks if check.verdict is Verdict.WARNING]
    if failed:
        yield painted(f"Failed: {', '.join(failed)}.", Colour.RED)
    elif warned:
        yield painted(f"All works; look at: {', '.join(warned)}.", Colour.YELLOW)
    else:
        yield painted("All is well.", Colour.GREEN)


def _config_check(options: argparse.Namespace) -> int:
    from device.app import choose
    from device.doctor.configuration import check_whole

    check = check_whole(options.config, choose)
    if options.json:
        print_json(check)
    else:
        print(*lines([check]), sep="\n")
    return 0 if check.verdict is Verdict.OK else 2
