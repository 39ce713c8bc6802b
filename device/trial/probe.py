"""One unit of the self-test, in a process of its own: does what it reads, writes what it saw.

python -m device.trial.probe CONFIG      commands on standard input, one JSON answer each

measure SECONDS   what is seen and heard of the other unit meanwhile
press BUTTON      a press of the simulated GPIO line: end_call, mute, camera_switch
pause yes|no      the camera
ended             wait for the end of the session; says which events came
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from device.app import open_unit
from device.config import load
from device.session.call import CallSession
from device.session.listener import CallListener
from device.session.snapshot import Link
from device.session.values import EndReason
from device.unit import Unit
from hal import SAMPLE_RATE_HZ, AudioMode, Button
from hal.audio.simulated import SimulatedAudioRouter
from hal.buttons.simulated import SimulatedButtons
from hal.camera import stamp

MEET_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.005


class _Ends(CallListener):
    def __init__(self) -> None:
        self.told: list[str] = []
        self.happened = asyncio.Event()
        self.is_own = False

    def on_call_ended(self, reason: EndReason) -> None:
        self.told.append(f"call ended: {reason.value}")
        self.is_own = reason is EndReason.LOCAL_END
        self.happened.set()

    def on_session_ended(self, reason: EndReason) -> None:
        self.told.append(f"session ended: {reason.value}")


class Probe:
    """A unit in a session with exactly one other."""

    def __init__(self, unit: Unit, call: CallSession) -> None:
        self._unit = unit
        self._call = call
        self._ends = _Ends()
        call.add_call_listener("probe", self._ends)

    async def do(self, command: str, argument: str) -> dict[str, Any]:
        match command:
            case "meet":
                await self._meet()
            case "measure":
                return await self._measure(float(argument))
            case "press":
                buttons = self._unit.hardware.buttons
                assert isinstance(buttons, SimulatedButtons)
                buttons.tap(Button(argument))
            case "pause":
                await self._call.pause_video(argument == "yes")
            case "ended":
                async with asyncio.timeout(MEET_WITHIN_S):
                    await self._ends.happened.wait()
                if self._ends.is_own:
                    await self._call.wait_ended()
                return {"told": self._ends.told}
            case _:
                raise ValueError(f"unknown command {command}")
        return {}

    async def _meet(self) -> None:
        async with asyncio.timeout(MEET_WITHIN_S):
            while not self._is_linked():  # noqa: ASYNC110 - a link's rise is no event
                await asyncio.sleep(_LOOK_EVERY_S)

    def _is_linked(self) -> bool:
        return any(peer.link is Link.UP for peer in self._call.snapshot.peers)

    async def _measure(self, seconds: float) -> dict[str, Any]:
        """Frames and their ages, facings, and the loudest frequency of the loudspeaker."""
        media = self._unit.media
        assert media is not None
        uid = self._call.snapshot.peers[0].participant.uid
        audio = self._unit.hardware.audio
        assert isinstance(audio, SimulatedAudioRouter)
        audio.forget_played()
        ages_ms: list[int] = []
        facings: list[str] = []
        before = first = media.latest_frame(uid)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            await asyncio.sleep(_LOOK_EVERY_S)
            frame = media.latest_frame(uid)
            if frame is None or frame is before:
                continue
            before = frame
            picture = frame.picture.to_ndarray(format="yuv420p").astype(np.uint8, copy=False)
            luma = picture[: frame.picture.height]
            mark = stamp.read(luma)
            if mark is not None:
                ages_ms.append(mark.age_ms(time.time_ns() // 1_000_000))
                facings.append(mark.facing.value)
        shown = (before.number if before else 0) - (first.number if first else 0)
        return {
            "frames_per_s": round(shown / seconds, 1),
            "size": f"{before.picture.width}x{before.picture.height}" if before else None,
            "age_ms": statistics.median(ages_ms) if ages_ms else None,
            "facing": facings[-1] if facings else None,
            "tone_hz": loudest_hz(audio.played(AudioMode.SPEAKER)),
        }


def loudest_hz(played: bytes) -> float:
    """The strongest frequency in 16 bit mono sound at 48 kHz; 0 for (nearly) silence."""
    samples = np.frombuffer(played, "<i2")
    if len(samples) < SAMPLE_RATE_HZ // 10 or np.abs(samples[len(samples) // 2 :]).max() < 50:
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(spectrum.argmax() * SAMPLE_RATE_HZ / len(samples)), 1)


async def _main(config: Path) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    settings = load(config)
    async with open_unit(settings, loopback_only=True) as unit:
        probe = Probe(unit, await unit.join(settings.unit.session))
        _say({})
        while line := (await lines.readline()).decode().split():
            try:
                _say(await probe.do(line[0], line[1] if len(line) > 1 else ""))
            except Exception as error:
                _say({"error": f"{type(error).__name__}: {error}"})
    transport.close()


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
