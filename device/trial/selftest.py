"""``callbox selftest``: two units in two processes, a real exchange in a third, real sockets."""

import asyncio
import json
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from device.errors import MediaError
from device.exchange.server.administration import add_accounts
from device.exchange.wire import User
from device.trial.desk import DESK

TONES_HZ = {"door": 440, "hall": 1000}
ANSWER_WITHIN_S = 40.0
LEAST_FRAMES_PER_S = 8
OLDEST_FRAME_MS = 600
"""What a busy machine may show, too; the figures are in the report."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    what: str
    is_good: bool
    seen: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class _Child:
    """A process of the self-test that answers a line with a line."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process

    @classmethod
    async def start(cls, name: str, *arguments: str) -> "_Child":
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, stdin=pipe, stdout=pipe
        )
        return cls(name, process)

    async def line(self) -> str:
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                line = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            raise MediaError(
                f"The {self._name} process gave no answer within {ANSWER_WITHIN_S:.0f} s."
            ) from None
        if not line:
            raise MediaError(f"The {self._name} process ended early; its words stand above.")
        return line

    async def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(command.encode() + b"\n")
        await self._process.stdin.drain()
        answer: dict[str, Any] = json.loads(await self.line())
        if "error" in answer:
            raise MediaError(f"The {self._name} failed at `{command}`: {answer['error']}")
        return answer

    async def stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.returncode is None and self._name == "exchange":
            self._process.terminate()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def selftest(progress: Progress) -> list[Check]:
    """All checks, in the order made. Raises MediaError, ExchangeError when it cannot go on."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callbox-selftest-")))
        progress("Starting the exchange ...")
        passwords = await _make_users(folder)
        arguments = ["--data", str(folder), "--host", "127.0.0.1", "--port", "0", "--plain-http"]
        exchange = await _Child.start("exchange", "device.cli.main", "exchange", *arguments)
        stack.push_async_callback(exchange.stop)
        url = (await exchange.line()).removeprefix("Listening on ")
        progress("Starting two units ...")
        units: dict[str, _Child] = {}
        for uid in TONES_HZ:
            config = _write_config(folder, uid, url, passwords[uid])
            units[uid] = await _Child.start(uid, "device.trial.probe", str(config))
            stack.push_async_callback(units[uid].stop)
        for unit in units.values():
            await unit.line()
        return await _checks(units, progress)


async def _checks(units: dict[str, _Child], progress: Progress) -> list[Check]:
    door, hall = units["door"], units["hall"]
    started_s = time.monotonic()
    await asyncio.gather(door.ask("meet"), hall.ask("meet"))
    checks = [Check("media link", True, f"up in {time.monotonic() - started_s:.2f} s")]
    progress("Looking and listening for 5 s ...")
    at_door, at_hall = await asyncio.gather(door.ask("measure 5"), hall.ask("measure 5"))
    checks += _both_ways("door", at_door, TONES_HZ["hall"])
    checks += _both_ways("hall", at_hall, TONES_HZ["door"])
    progress("Pressing the buttons ...")
    await door.ask("press camera_switch")
    seen = await hall.ask("measure 1")
    checks.append(Check("camera button", seen["facing"] == "rear", f"hall sees {seen['facing']}"))
    await door.ask("press mute")
    await hall.ask("measure 0.3")
    seen = await hall.ask("measure 1")
    checks.append(Check("mute button", seen["tone_hz"] == 0, f"hall hears {seen['tone_hz']} Hz"))
    await door.ask("pause yes")
    await hall.ask("measure 0.3")
    seen = await hall.ask("measure 1")
    checks.append(
        Check("paused video", seen["frames_per_s"] == 0, f"hall sees {seen['frames_per_s']}/s")
    )
    await door.ask("press end_call")
    ends = await asyncio.gather(door.ask("ended"), hall.ask("ended"))
    told = [", ".join(end["told"]) for end in ends]
    good = "session ended: local_end" in told[0] and "call ended: remote_end" in told[1]
    checks.append(Check("end button", good, f"door: {told[0]}; hall: {told[1]}"))
    return checks


def _both_ways(name: str, seen: dict[str, Any], tone_hz: int) -> list[Check]:
    frames, age = seen["frames_per_s"], seen["age_ms"]
    return [
        Check(
            f"{name} sees",
            frames >= LEAST_FRAMES_PER_S and age is not None and age <= OLDEST_FRAME_MS,
            f"{seen['size']} at {frames}/s, {seen['facing']} camera, {age} ms old",
        ),
        Check(
            f"{name} hears",
            abs(seen["tone_hz"] - tone_hz) <= 5,
            f"{seen['tone_hz']} Hz, {tone_hz} Hz was sent",
        ),
    ]


async def _make_users(folder: Path) -> dict[str, str]:
    passwords = {uid: secrets.token_urlsafe(24) for uid in TONES_HZ}
    units = {User(uid, uid.capitalize(), kind="unit"): word for uid, word in passwords.items()}
    await add_accounts(folder, units)
    return passwords


def _write_config(folder: Path, uid: str, url: str, password: str) -> Path:
    path = folder / f"{uid}.toml"
    hardware = "".join(f'{part} = "{kind}"\n' for part, kind in DESK.items())
    path.touch(mode=0o600)
    path.write_text(
        f'[unit]\nsession = "selftest"\n'
        f'[exchange]\nurl = "{url}"\nuid = "{uid}"\npassword = "{password}"\n'
        f"[hardware]\n{hardware}"
        f'microphone = "tone:{TONES_HZ[uid]}"\n'
        f'[media]\necho_canceller = "off"\n'  # a tone is noise to its noise suppression
    )
    return path
