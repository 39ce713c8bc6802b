"""What became of a voice on its way: how late it is heard, where it stops, how good it is. Pure."""

from dataclasses import dataclass

import numpy as np

from hal import BLOCK_S, SAMPLE_RATE_HZ
from tests.bench.echo_path import Sound, stretched

COARSE = 6
"""Delays are looked for at 8 kHz."""
WINDOW_S, HOP_S, LATEST_S = 0.3, 0.1, 1.2
ALIKE = 0.5
"""Normalised correlation from which a window is where it seems to be."""
FRAME = SAMPLE_RATE_HZ // 200
SILENT_DB = -50.0
"""Of full scale, in frames of 5 ms; the voice has -20 dB."""
STALL_S = 0.06
PAUSE_DB, PAUSE_S = -45.0, 0.03
"""Longer pauses are cut out of the voice, so that every silence that is heard is a stall."""
PESQ_RATE_HZ = 16_000
PESQ_S = 8
"""ITU-T P.862.3 section 7: 8 to 12 s at a time."""
UNPUNCTUAL_BLOCKS = 50
"""A thread comes late, never early: within so many blocks one was in time."""


@dataclass(frozen=True, slots=True)
class Recording:
    """``times_s``: when each BLOCK_S of it came or was taken, by the machine's monotonic clock."""

    sound: Sound
    times_s: Sound

    def punctual(self) -> "Recording":
        """With each block's time as it would be if its thread had been woken in time."""
        due_s = np.arange(len(self.times_s)) * BLOCK_S
        late_s = np.pad(self.times_s - due_s, UNPUNCTUAL_BLOCKS, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(late_s, 2 * UNPUNCTUAL_BLOCKS + 1)
        return Recording(self.sound, windows.min(axis=1) + due_s)

    def at_s(self, sample: float) -> float:
        """When a sample came or was taken."""
        block = min(int(sample / SAMPLE_RATE_HZ / BLOCK_S), len(self.times_s) - 1)
        return float(self.times_s[block]) + sample / SAMPLE_RATE_HZ - block * BLOCK_S

    def between(self, start_s: float, end_s: float) -> "Recording":
        first, last = np.searchsorted(self.times_s, [start_s, end_s])
        size = round(BLOCK_S * SAMPLE_RATE_HZ)
        return Recording(self.sound[first * size : last * size], self.times_s[first:last])


def without_pauses(voice: Sound) -> Sound:
    """No frame of a pause is left after its first PAUSE_S."""
    frames = _frames(voice)
    quiet = _levels_db(voice) < PAUSE_DB
    kept, run_s = [], 0.0
    for frame, is_quiet in zip(frames, quiet, strict=True):
        run_s = run_s + FRAME / SAMPLE_RATE_HZ if is_quiet else 0.0
        if run_s <= PAUSE_S:
            kept.append(frame)
    return np.concatenate(kept)


def delays(spoken: Recording, heard: Recording) -> Sound:
    """Rows of (when it was heard, seconds since it was spoken), each HOP_S where anything is alike."""
    window, hop = round(WINDOW_S * SAMPLE_RATE_HZ), round(HOP_S * SAMPLE_RATE_HZ)
    rows = []
    for at in range(0, len(heard.sound) - window, hop):
        heard_s = heard.at_s(at)
        first = np.searchsorted(spoken.times_s, heard_s - LATEST_S)
        last = np.searchsorted(spoken.times_s, heard_s) + round(WINDOW_S / BLOCK_S)
        start, end = (round(block * BLOCK_S * SAMPLE_RATE_HZ) for block in (first, last))
        found = _find(heard.sound[at : at + window], spoken.sound[start:end])
        if found is not None:
            rows.append((heard_s, heard_s - spoken.at_s(start + found)))
    return np.array(rows).reshape(-1, 2)


def stalls_s(heard: Sound) -> Sound:
    """How long each silence of more than STALL_S was."""
    silent = np.pad(_levels_db(heard) < SILENT_DB, 1).astype(int)
    changes = np.flatnonzero(np.diff(silent)).reshape(-1, 2)
    lengths_s = (changes[:, 1] - changes[:, 0]) * FRAME / SAMPLE_RATE_HZ
    return np.asarray(lengths_s[lengths_s > STALL_S])


def quality(spoken: Recording, heard: Recording, delay_s: float) -> float | None:
    """Wideband PESQ (MOS-LQO, ITU-T P.862.2), the median of pieces of PESQ_S; None without pesq, or
    where too little was heard.

    The median, since PESQ takes a delay that changes while somebody speaks for distortion.
    """
    try:
        from pesq import NoUtterancesError, pesq
    except ImportError:
        return None
    if not len(heard.times_s):
        return None
    found = []
    start_s, end_s = float(heard.times_s[0]), float(heard.times_s[-1])
    for at_s in np.arange(start_s, end_s - PESQ_S, PESQ_S / 2):
        meant = spoken.between(at_s - delay_s, at_s - delay_s + PESQ_S).sound
        got = heard.between(at_s, at_s + PESQ_S).sound
        pair = [stretched(sound, PESQ_RATE_HZ / SAMPLE_RATE_HZ) for sound in (meant, got)]
        try:
            found.append(float(pesq(PESQ_RATE_HZ, *pair, "wb")))
        except NoUtterancesError:
            found.append(1.0)
    return round(float(np.median(found)), 2) if found else None


def _frames(sound: Sound) -> Sound:
    return sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)


def _levels_db(sound: Sound) -> Sound:
    power = np.mean(_frames(sound) ** 2, axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def _find(piece: Sound, among: Sound) -> float | None:
    """The sample of ``among`` where the piece begins."""
    if len(among) <= len(piece):
        return None
    short, long = _coarse(piece), _coarse(among)
    size = 1 << (len(long) + len(short)).bit_length()
    product = np.fft.rfft(long, size) * np.conj(np.fft.rfft(short, size))
    count = len(long) - len(short) + 1
    correlation = np.fft.irfft(product, size)[:count]
    sums = np.concatenate(([0.0], np.cumsum(long**2)))
    energy = (sums[len(short) :] - sums[: -len(short)])[:count] * np.sum(short**2)
    likeness = correlation / np.sqrt(np.maximum(energy, 1e-9))
    best = int(np.argmax(likeness))
    return float(best * COARSE) if likeness[best] >= ALIKE else None


def _coarse(sound: Sound) -> Sound:
    return np.asarray(sound[: len(sound) // COARSE * COARSE].reshape(-1, COARSE).mean(axis=1))
