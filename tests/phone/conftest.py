"""Units with simulated hardware, rung over a real exchange."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.app import open_unit
from device.config import Config
from device.exchange.server.config import ExchangeConfig
from device.phone.table import Phase
from device.session.snapshot import Link
from device.unit import Unit
from hal import AudioMode, Button
from hal.audio.simulated import SimulatedAudioRouter
from hal.buttons.simulated import SimulatedButtons
from tests.control.conftest import config_for
from tests.exchange.conftest import RunningExchange, Wall, running
from tests.media.world import loudest_hz, until


def phone_config(url: str, uid: str, **tables: Any) -> Config:
    """A unit with a call button and without a session of its own."""
    hardware = {"pins": {"call": 23}, **tables.pop("hardware", {})}
    return config_for(url, uid, **{"unit": {}, "hardware": hardware, **tables})


@dataclass
class Station:
    """A unit at its exchange, and what it told a person."""

    unit: Unit
    told: list[str]

    @property
    def phase(self) -> Phase:
        return self.unit.phone.state.phase

    @property
    def audio(self) -> SimulatedAudioRouter:
        audio = self.unit.hardware.audio
        assert isinstance(audio, SimulatedAudioRouter)
        return audio

    def tap(self, button: Button) -> None:
        buttons = self.unit.hardware.buttons
        assert isinstance(buttons, SimulatedButtons)
        buttons.tap(button)

    def heard_hz(self, route: AudioMode = AudioMode.SPEAKER) -> float:
        """The loudest frequency of the last half second; 0: silence."""
        sound = np.frombuffer(self.audio.played(route), "<i2")[-24_000:]
        return loudest_hz(sound) if sound.any() else 0.0

    async def is_in(self, phase: Phase) -> None:
        await until(lambda: self.phase is phase)

    async def is_silent(self) -> None:
        """Nobody has the sound card, so nothing is heard."""
        await until(lambda: self.audio.selected is None)

    async def is_linked(self, session_id: str | None = None) -> None:
        """With picture and sound, in a session with somebody."""

        def linked() -> bool:
            call, media = self.unit.calls.active, self.unit.media
            if call is None or media is None or session_id not in (None, call.session_id):
                return False
            return any(
                peer.link is Link.UP and media.latest_frame(peer.participant.uid) is not None
                for peer in call.snapshot.peers
            )

        await until(linked)


@asynccontextmanager
async def station(config: Config) -> AsyncIterator[Station]:
    """Listening; it lives for as long as the context."""
    told: list[str] = []
    async with open_unit(config, loopback_only=True, tell=told.append) as unit:
        staying = asyncio.create_task(unit.stay())
        try:
            made = Station(unit, told)
            await until(lambda: unit.phone.state.is_line_up or staying.done())
            yield made
        finally:
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[RunningExchange]:
    async with running(ExchangeConfig(tmp_path, port=0, tls=False), Wall()) as made:
        yield made


@pytest.fixture
async def door(exchange: RunningExchange) -> AsyncIterator[Station]:
    """Its call button calls Ana."""
    config = phone_config(exchange.url, "door", ringing={"call": "user:ana"})
    async with station(config) as made:
        yield made


@pytest.fixture
async def ana(exchange: RunningExchange) -> AsyncIterator[Station]:
    async with station(phone_config(exchange.url, "ana")) as made:
        yield made
