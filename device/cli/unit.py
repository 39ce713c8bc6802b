"""``callbox run``, ``demo`` and ``selftest``: a unit, for real and for a look."""

import argparse
import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from device.cli.extras import need_exchange
from device.cli.remote import add_socket, session_id
from device.cli.signals import until_signalled
from device.service import journal

INTERRUPTED = 130


def add_run(commands: Any, default_config: Path) -> None:
    run = commands.add_parser("run", help="run this unit: be rung, and stay in its session")
    run.add_argument(
        "--config", type=Path, default=default_config, metavar="FILE", help="(%(default)s)"
    )
    run.add_argument("--session", type=session_id, help="join this one instead of the configured")
    add_socket(run)
    run.set_defaults(command=_run)


def add_demo(commands: Any) -> None:
    demo = commands.add_parser("demo", help="an exchange and a simulated unit, on this machine")
    demo.add_argument("--host", default="127.0.0.1", help="others may call, over TLS: 0.0.0.0")
    demo.add_argument("--port", type=int, default=8080, help="(%(default)s)")
    demo.set_defaults(command=_demo)


def add_selftest(commands: Any) -> None:
    test = commands.add_parser(
        "selftest", help="two units in two processes call each other; the exit code tells"
    )
    test.add_argument("--json", action="store_true", help="the report as JSON")
    test.set_defaults(command=_selftest)


def _run(options: argparse.Namespace) -> int:
    from device import app, config
    from device.service.collector import in_short_pauses
    from device.service.heartbeat import beating
    from device.service.standstill import StandstillWatch
    from device.unit_port import served

    tell = journal.notice if journal.is_attached() else _print
    settings = config.with_session(config.load(options.config), options.session)
    config.check_can_join(settings)

    async def live() -> None:
        async with app.open_unit(settings, tell=tell) as unit, served(unit, options.socket):
            with beating(partial(unit.health, StandstillWatch())):
                await unit.stay()

    with in_short_pauses():
        asyncio.run(until_signalled(live()))
    return 0


def _print(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _demo(options: argparse.Namespace) -> int:
    need_exchange()
    from device.trial.demo import demo

    asyncio.run(until_signalled(demo(options.host, options.port)))
    return 0


def _selftest(options: argparse.Namespace) -> int:
    need_exchange()
    from device.trial.selftest import Check, selftest

    checks: list[Check] = []

    async def test() -> None:
        checks.extend(await selftest(_print))

    if asyncio.run(until_signalled(test())):
        return INTERRUPTED
    if options.json:
        print(json.dumps([check.as_json() for check in checks], indent=2))
    else:
        for check in checks:
            print(f"{'ok  ' if check.is_good else 'FAIL'} {check.what}: {check.seen}")
    return 0 if checks and all(check.is_good for check in checks) else 1
