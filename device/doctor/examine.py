"""Every part of a unit, one after another."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from device.config import Config
from device.control.readings import Check, UnitReading, Verdict
from device.doctor import system
from device.doctor.configuration import check_config
from device.doctor.exchange import check_exchange

STATE = Path("/var/lib/callbox")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``running``: what the unit that runs says of itself; None: none does, or none that can be asked.
    ``refusal``: why it cannot be asked, although one may run. ``answers``: whether one does, be it with
    a refusal; None: this user may not ask. ``look_at_hardware``: in the unit that runs, or else here."""

    config: Path
    running: UnitReading | None
    refusal: Check | None
    answers: bool | None
    look_at_hardware: Callable[[Config | None], Awaitable[list[Check]]]


async def examine(around: Surroundings) -> list[Check]:
    """What is found, in the order in which a person should mend it."""
    config, found = check_config(around.config)
    checks = [found]
    if around.refusal is not None:
        seen = "not looked at: the unit cannot be asked"
        checks += [around.refusal, Check("hardware", Verdict.SKIPPED, seen)]
    elif around.running is None and config is None:
        seen = "not looked at: no unit runs, and the configuration cannot be read"
        checks.append(Check("hardware", Verdict.SKIPPED, seen))
    else:
        checks += await around.look_at_hardware(config)
    checks += [system.check_disk(STATE), system.check_clock()]
    if config is not None and config.exchange.url:
        checks += await check_exchange(config.exchange)
    checks += [_call(around.running)] if around.running is not None else []
    if around.answers is not None:
        checks += system.check_service(around.answers)
    running = around.running.version if around.running else None
    return [*checks, system.check_versions(running)]


def _call(unit: UnitReading) -> Check:
    if unit.call is not None:
        return Check("call", Verdict.OK, f"in the session {unit.call.session}")
    seen = f"none is on. {unit.last_word}".strip()
    if not unit.session:
        return Check("call", Verdict.OK, seen)  # it is a phone only
    return Check("call", Verdict.WARNING, seen, "`callbox join` begins one.")


def is_well(checks: list[Check]) -> bool:
    return all(check.verdict is not Verdict.FAILED for check in checks)
