"""Plays a tone on each route in turn, and tells the microphone's level and the echo."""

import asyncio
from collections.abc import Callable

from device.control.readings import SoundLevel, SoundNews, SoundResult
from device.doctor.echo import ALL_BLOCKS, TONES_HZ, EchoProbe
from device.doctor.threads import to_its_end
from hal import BLOCK_S, AudioDevice, AudioRouter, HalError

TELL_EVERY_S = 0.1
WITHIN_S = ALL_BLOCKS * BLOCK_S + 3.0


async def play_tones(audio: AudioRouter, tell: Callable[[SoundNews], None]) -> None:
    """One route after another. Only while nobody else uses the sound."""
    for device in await to_its_end(lambda: audio.devices):
        tell(await _route(audio, device, tell))


async def _route(
    audio: AudioRouter, device: AudioDevice, tell: Callable[[SoundNews], None]
) -> SoundResult:
    frequency_hz = TONES_HZ[device.mode]
    probe = EchoProbe(frequency_hz)
    failures: list[str] = []
    try:
        await to_its_end(
            audio.open,
            device.mode,
            probe.take,
            probe.next_block,
            lambda error: failures.append(str(error)),
        )
        for _ in range(round(WITHIN_S / TELL_EVERY_S)):
            await asyncio.sleep(TELL_EVERY_S)
            tell(SoundLevel(device.mode, probe.level_dbfs() if device.has_microphone else None))
            if failures or probe.is_over.is_set():
                break
        else:
            failures.append(f"It took no sound for {WITHIN_S:.0f} s.")
    except HalError as error:
        failures.append(str(error))
    finally:
        await to_its_end(audio.close)
    echo = probe.reading()
    return SoundResult(
        mode=device.mode,
        name=device.name,
        tone_hz=frequency_hz,
        failure=failures[0] if failures else "",
        has_microphone=device.has_microphone,
        rest_dbfs=echo.rest_dbfs if device.has_microphone else None,
        echo_db=echo.echo_db if device.has_microphone else None,
        delay_s=echo.delay_s if device.has_microphone else None,
    )
