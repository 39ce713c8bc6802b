"""A room with a loudspeaker and a microphone, made of numbers; people who speak, made by espeak-ng."""

import io
import subprocess
import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hal import SAMPLE_RATE_HZ

Sound = NDArray[np.float64]
"""48 kHz mono, full scale 1."""

FAR_TEXT = (
    "Good evening, this is the front door. I have brought the parcel that you ordered last week, and I "
    "need somebody to sign for it. Could you please come down, or tell me which neighbour may take it? "
    "It is rather heavy, and it is beginning to rain."
)
NEAR_TEXT = (
    "Please wait a moment, I am on the stairs already. You may leave it in the hall, next to the lift, "
    "but mind the step. No, the other door, the green one."
)
FAR_DB, NEAR_DB, ECHO_DB, NOISE_DB = -20.0, -26.0, -6.0, -65.0
"""Levels of full scale while somebody speaks; the echo is relative to what is played. The echo is thus
as loud at the microphone as the person in front of it."""
ROOM_S, DECAY_60_DB_S, DELAY_S = 0.2, 0.25, 0.06
DRIVE = 2.5
"""tanh(2.5 x) / 2.5: a small loudspeaker, some per cent of distortion."""


@dataclass(frozen=True, slots=True)
class Scene:
    """``played`` is by the playback's clock, ``echo`` and ``captured`` by the capture's."""

    played: Sound
    echo: Sound
    near: Sound
    captured: Sound


def speech(text: str, voice: str, level_db: float) -> Sound:
    """Raises FileNotFoundError without espeak-ng."""
    command = ["espeak-ng", "-v", voice, "--stdout", text]
    done = subprocess.run(command, capture_output=True, check=True)
    with wave.open(io.BytesIO(done.stdout)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(1 << 30), "<i2") / 32_768
    return levelled(stretched(samples, SAMPLE_RATE_HZ / rate_hz), level_db)


def levelled(sound: Sound, level_db: float) -> Sound:
    """The level is that of its voiced parts."""
    voiced = sound[np.abs(sound) > 0.01 * np.abs(sound).max()]
    return sound * 10 ** (level_db / 20) / np.sqrt(np.mean(voiced**2))


def stretched(sound: Sound, factor: float) -> Sound:
    """Resampled to ``factor`` times as many samples, by its spectrum."""
    count = round(len(sound) * factor)
    spectrum = np.zeros(count // 2 + 1, complex)
    whole = np.fft.rfft(sound)
    kept = min(len(whole), len(spectrum))
    spectrum[:kept] = whole[:kept]
    return np.fft.irfft(spectrum, count) * factor


def repeated(sound: Sound, seconds: float) -> Sound:
    wanted = int(seconds * SAMPLE_RATE_HZ)
    return np.tile(sound, wanted // len(sound) + 1)[:wanted]


def scene(played: Sound, near: Sound, drift_ppm: float = 0, seed: int = 5) -> Scene:
    """``drift_ppm``: how much faster the playback's clock runs."""
    random = np.random.default_rng(seed)
    loud = np.tanh(DRIVE * played) / DRIVE
    echo = filtered(loud, _room(random)) * 10 ** (ECHO_DB / 20)
    echo = _by_other_clock(echo, drift_ppm)
    late = int(DELAY_S * SAMPLE_RATE_HZ)
    echo = np.concatenate((np.zeros(late), echo))[: len(played)]
    noise = random.normal(0, 10 ** (NOISE_DB / 20), len(played))
    return Scene(played, echo, near, echo + near + noise)


def filtered(sound: Sound, response: Sound) -> Sound:
    """Convolved, cut to the length of the sound."""
    size = 1 << (len(sound) + len(response)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(sound)]


def _room(random: np.random.Generator) -> Sound:
    """Decaying noise after a direct sound, of unit energy."""
    count = int(ROOM_S * SAMPLE_RATE_HZ)
    times_s = np.arange(count) / SAMPLE_RATE_HZ
    response = random.normal(0, 1, count) * 10 ** (-3 * times_s / DECAY_60_DB_S)
    direct = SAMPLE_RATE_HZ // 1000
    response[:direct] = 0
    response[direct] = 3
    return response / np.sqrt(np.sum(response**2))


def _by_other_clock(sound: Sound, drift_ppm: float) -> Sound:
    if not drift_ppm:
        return sound
    fine = 8  # so finely that a straight line between two samples is exact enough
    places = np.arange(len(sound)) * (1 + drift_ppm * 1e-6) * fine
    dense = stretched(sound, fine)
    return np.interp(places, np.arange(len(dense)), dense, right=0)
