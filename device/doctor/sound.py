"""Whether each audio route opens, and whether the microphone hears anything."""

import math
import threading
from dataclasses import replace

import numpy as np

from device.control.readings import Check, Verdict
from device.doctor.threads import to_its_end
from hal import (
    BLOCK_BYTES,
    BLOCK_S,
    AudioDevice,
    AudioFault,
    AudioRouter,
    AudioUnavailable,
    HalError,
)

LISTEN_S = 0.3
BLOCKS = round(LISTEN_S / BLOCK_S)
WITHIN_S = 3.0
LOUD_DBFS = -1.0
"""Peaks above clip."""

_SETTINGS = "Check its cable and, with `alsamixer`, that it is not muted."
REMEDIES = {
    AudioFault.ABSENT: "Connect it, or name its device under [hardware]; `aplay -l` lists them.",
    AudioFault.BUSY: "Another program holds the sound card: `fuser -v /dev/snd/*` names it.",
    AudioFault.DISCONNECTED: "Connect it again.",
    AudioFault.FAILED: f"{_SETTINGS} `dmesg` may say more.",
}


async def check_sound(audio: AudioRouter, is_simulated_silence: bool) -> list[Check]:
    """Opens each route for a third of a second, playing silence. Only while nobody uses the sound.
    ``is_simulated_silence``: there is no microphone that could hear anything."""
    devices = await to_its_end(_devices, audio)
    if not devices:
        return [_absent()]
    if is_simulated_silence:
        devices = tuple(replace(device, has_microphone=False) for device in devices)
    return [one for device in devices for one in await to_its_end(_check, audio, device)]


async def check_in_call(audio: AudioRouter, is_without_sound: bool) -> list[Check]:
    """Looks on while a call uses the sound. ``is_without_sound``: the call has lost it."""
    selected = audio.selected
    if not await to_its_end(_devices, audio):
        return [_absent()]
    if is_without_sound:
        seen = "lost in the call that is on"
        remedy = (
            "Check loudspeaker and microphone: `callbox route` shows the routes, `callbox route MODE` "
            "opens one."
        )
        return [Check("sound", Verdict.FAILED, seen, remedy)]
    if selected is None:
        seen = "not open yet in the call that begins"
        return [Check("sound", Verdict.SKIPPED, seen, "Look again in a moment.")]
    seen = f"{selected.value}, in use by the call that is on; its level is not measured meanwhile"
    return [Check("sound", Verdict.OK, seen)]


def _devices(audio: AudioRouter) -> tuple[AudioDevice, ...]:
    """Waits for the kernel's files."""
    return audio.devices


def _absent() -> Check:
    return Check("sound", Verdict.FAILED, "no route is there", REMEDIES[AudioFault.ABSENT])


def _check(audio: AudioRouter, device: AudioDevice) -> list[Check]:
    part = f"sound {device.mode.value}"
    heard: list[bytes] = []
    failures: list[HalError] = []
    is_done = threading.Event()

    def take(block: bytes) -> None:
        heard.append(block)
        if len(heard) >= BLOCKS:
            is_done.set()

    def fail(error: AudioUnavailable) -> None:
        failures.append(error)
        is_done.set()

    try:
        audio.open(device.mode, take, lambda: bytes(BLOCK_BYTES), fail)
        is_done.wait(WITHIN_S)
    except HalError as error:
        failures.append(error)
    finally:
        audio.close()
    if failures:
        first = failures[0]
        remedy = "Correct it under [hardware]."
        if isinstance(first, AudioUnavailable):
            remedy = REMEDIES[first.reason]
        return [Check(part, Verdict.FAILED, str(first), remedy)]
    route = Check(part, Verdict.OK, f"{device.name} opens")
    return [route, _microphone(device, b"".join(heard))] if device.has_microphone else [route]


def _microphone(device: AudioDevice, heard: bytes) -> Check:
    part = f"microphone {device.mode.value}"
    samples = np.frombuffer(heard, "<i2")
    if len(samples) == 0:
        seen = f"no sound came within {WITHIN_S:.0f} s"
        return Check(part, Verdict.FAILED, seen, REMEDIES[AudioFault.FAILED])
    if not samples.any():
        return Check(part, Verdict.FAILED, "hears nothing at all, not even noise", _SETTINGS)
    peak_dbfs = level_dbfs(float(np.abs(samples.astype(np.int32)).max()))
    if peak_dbfs > LOUD_DBFS:
        remedy = "Lower the capture level with `alsamixer`."
        return Check(part, Verdict.WARNING, f"clips: peaks at {peak_dbfs:.0f} dBFS", remedy)
    return Check(part, Verdict.OK, f"hears: peaks at {peak_dbfs:.0f} dBFS")


def level_dbfs(amplitude: float) -> float:
    """Of 16 bit sound, against full scale."""
    return 20 * math.log10(max(amplitude, 1e-3) / 32768)
