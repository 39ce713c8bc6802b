"""``callbox demo``: an exchange and a simulated unit in one process, its buttons under keys."""

import asyncio
import contextlib
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from device.app import open_unit
from device.config import Config, parse
from device.exchange.server.administration import add_accounts
from device.exchange.server.config import ExchangeConfig, is_loopback
from device.exchange.server.run import PortTaken, serve
from device.exchange.wire import User
from device.trial.desk import DESK
from device.trial.keys import keys
from device.trial.status import status_line
from device.unit import Unit
from hal import Button
from hal.buttons.simulated import SimulatedButtons

SESSION = "front-door"
REFRESH_S = 0.5
BUTTONS = {
    "e": Button.END_CALL,
    "m": Button.MUTE,
    "c": Button.CAMERA_SWITCH,
    "a": Button.CALL,
}
HELP = "Keys: a answer, or call the guest; e end, m mute, c camera, j join again, q quit"


async def demo(host: str, port: int, out: TextIO = sys.stdout) -> None:
    """Until ``q``, or cancelled. Raises ConfigError when the exchange cannot start."""
    print("Starting the exchange ...", file=out, flush=True)
    with tempfile.TemporaryDirectory(prefix="callbox-demo-") as folder:
        config = ExchangeConfig(Path(folder), host=host, port=port, tls=not is_loopback(host))
        password, unit_password = secrets.token_urlsafe(6), secrets.token_urlsafe(24)
        people = {
            User("guest", "Guest"): password,
            User("front-door", "Front door", kind="unit"): unit_password,
        }
        await add_accounts(config.data_dir, people)
        async with _exchange(config, out) as (url, fingerprint):
            print("Starting the unit ...", file=out, flush=True)
            async with _unit(_unit_config(url, unit_password, config)) as unit:
                _greet(url, fingerprint, password, out)
                await _serve_keys(unit, out)


@contextlib.asynccontextmanager
async def _unit(config: Config) -> AsyncIterator[Unit]:
    """In its session, and to be rung."""
    async with open_unit(config) as unit:
        await unit.join(SESSION)
        staying = asyncio.create_task(unit.stay())
        try:
            yield unit
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)


@contextlib.asynccontextmanager
async def _exchange(config: ExchangeConfig, out: TextIO) -> AsyncIterator[tuple[str, str | None]]:
    """Address and fingerprint of a running exchange; on any port when the wished one is taken."""
    try:
        serving, found = await _start(config)
    except PortTaken:
        print(f"Port {config.port} is taken, so another one is used.", file=out, flush=True)
        serving, found = await _start(replace(config, port=0))
    try:
        yield found
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def _start(config: ExchangeConfig) -> tuple[asyncio.Task[None], tuple[str, str | None]]:
    ready: asyncio.Future[tuple[str, str | None]] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(config, lambda *found: ready.set_result(found)))
    waiting: set[asyncio.Future[Any]] = {ready, serving}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if not ready.done():
        ready.cancel()
        await serving
    return serving, ready.result()


def _unit_config(url: str, password: str, exchange: ExchangeConfig) -> Config:
    certificate = {"certificate": str(exchange.data_dir / "exchange.pem")} if exchange.tls else {}
    return parse(
        {
            "unit": {"session": SESSION},
            "exchange": {"url": url, "uid": "front-door", "password": password, **certificate},
            "call": {"idle_timeout_s": 0},
            "hardware": {**DESK, "microphone": "tone:440", "pins": {"call": 23}},
            "ringing": {"call": "user:guest"},
            "media": {"echo_canceller": "off"},  # a tone is noise to its noise suppression
        },
        "the demo's configuration",
    )


def _greet(url: str, fingerprint: str | None, password: str, out: TextIO) -> None:
    warning = ""
    if fingerprint:
        warning = (
            "The browser will warn, since nobody but this demo vouches for its certificate; its "
            f"SHA-256 fingerprint is\n  {fingerprint}\n\n"
        )
    print(
        f"\nA simulated unit, the front door, is in a session.\n\n"
        f"  Open      {url}\n  Sign in   guest\n  Password  {password}\n\n{warning}{HELP}\n",
        file=out,
        flush=True,
    )


async def _serve_keys(unit: Unit, out: TextIO) -> None:
    """Keys are presses of the simulated GPIO lines; the status line is written anew each time."""
    with keys() as pressed, _status_area(out) as show:
        while True:
            call = unit.calls.active
            show(status_line(unit, call.snapshot if call else None))
            try:
                key = await asyncio.wait_for(pressed.get(), REFRESH_S)
            except TimeoutError:
                continue
            if key == "q":
                return
            if key == "j" and unit.calls.active is None:
                await unit.go_into(SESSION)
            buttons = unit.hardware.buttons
            if key in BUTTONS and isinstance(buttons, SimulatedButtons):
                buttons.tap(BUTTONS[key])


@contextlib.contextmanager
def _status_area(out: TextIO) -> Iterator["_Status"]:
    status = _Status(out)
    yield status
    status.end()


class _Status:
    """Rewrites its line on a terminal; elsewhere writes a line when the words change."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = ""

    def __call__(self, line: str) -> None:
        if self._out.isatty():
            self._out.write(f"\r\x1b[2K{line}")
        elif line.rsplit(" · ", 1)[0] != self._last:
            self._last = line.rsplit(" · ", 1)[0]
            self._out.write(line + "\n")
        self._out.flush()

    def end(self) -> None:
        if self._out.isatty():
            self._out.write("\n")
            self._out.flush()
