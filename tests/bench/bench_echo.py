"""The echo canceller, as it works on a loudspeaker: how much echo is left, and what it costs.

The echo path and the speech are made by echo_path. Blocks come with a scheduler's delays, each thread's
by its own card's clock. The rival is the same library fed the usual way: one played block for each
captured block, whatever the clocks do.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from device.media.voice.processing import EchoCancelling
from device.media.voice.settings import BY_ROUTE
from device.media.voice.webrtc import WebrtcProcessing
from hal import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioMode
from tests.bench import echo_path
from tests.bench.echo_path import Scene, Sound

SETTLED_S = 5
GREETING_S = 4
"""Before the echo is measured the person at the unit says something, as in any call. Until they do, the
gain control is at the +15 dB that it begins with, and lifts what is left of the echo as well."""
SHORT_S, LONG_S = 30, 120
"""The long one lets the clocks drift apart by 60 ms, the whole delay of the echo path."""
LATE_MEAN_S, STALL_EACH, STALL_S = 0.0003, 100, 0.006
"""How late a thread is woken; each hundredth time by 6 ms more."""


class Processing(Protocol):
    def played(self, block: bytes) -> object: ...

    def captured(self, block: bytes) -> Sequence[bytes]: ...


class Paired:
    """The rival: one played block for each captured one."""

    def __init__(self) -> None:
        self._webrtc = WebrtcProcessing(BY_ROUTE[AudioMode.SPEAKER])
        self._played: deque[bytes] = deque()

    def played(self, block: bytes) -> None:
        self._played.append(block)

    def captured(self, block: bytes) -> Sequence[bytes]:
        reference = self._played.popleft() if self._played else bytes(BLOCK_BYTES)
        self._webrtc.take_reference(reference)
        return (self._webrtc.process(block),)


class Run:
    """A scene sent through: what came out, and the CPU it took."""

    def __init__(self, scene: Scene, drift_ppm: float, make: Callable[[Any], Processing]) -> None:
        self._now_s = 0.0
        processing = make(lambda: self._now_s)
        played, captured = _blocks(scene.played), _blocks(scene.captured)
        clean: list[bytes] = []
        self._cpu_s = 0.0
        for at_s, is_capture, number in _events(len(captured), drift_ppm):
            self._now_s = at_s
            start_s = time.thread_time()
            if is_capture:
                clean.extend(processing.captured(captured[number]))
            elif number < len(played):
                processing.played(played[number])
            self._cpu_s += time.thread_time() - start_s
        self.sound = np.frombuffer(b"".join(clean), "<i2") / 32_768
        self.cpu_ms = self._cpu_s / len(captured) * 1000


def _blocks(sound: Sound) -> list[bytes]:
    samples = np.clip(np.rint(sound * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    return [samples[at : at + BLOCK_BYTES] for at in range(0, len(samples), BLOCK_BYTES)]


def _events(count: int, drift_ppm: float) -> list[tuple[float, bool, int]]:
    """When each block is played and captured; of each thread in order, though it be late."""
    random = np.random.default_rng(7)
    period_s = np.array([BLOCK_S / (1 + drift_ppm * 1e-6), BLOCK_S])
    due_s = np.arange(count)[:, None] * period_s + [0.0, BLOCK_S]
    late_s = random.exponential(LATE_MEAN_S, due_s.shape)
    late_s += (random.integers(0, STALL_EACH, due_s.shape) == 0) * STALL_S
    at_s = np.maximum.accumulate(due_s + late_s, axis=0)
    return sorted((float(at_s[n, which]), bool(which), n) for n in range(count) for which in (0, 1))


def loss_db(scene: Scene, clean: Sound, from_s: float = SETTLED_S) -> float:
    """Echo return loss enhancement: echo captured over what is left, while there is echo."""
    start, frame = int(from_s * SAMPLE_RATE_HZ), 2 * BLOCK_SAMPLES
    end = len(clean) // frame * frame
    before = (scene.echo[start:end].reshape(-1, frame) ** 2).sum(axis=1)
    after = (clean[start:end].reshape(-1, frame) ** 2).sum(axis=1)
    loud = before > before.max() * 1e-3
    return float(10 * np.log10(before[loud].sum() / max(after[loud].sum(), 1e-12)))


def gain_db(near: Sound, clean: Sound) -> float:
    """How much of the near voice is in the outcome: its projection, at the delay that fits best."""
    size = 1 << (2 * len(near)).bit_length()
    spectrum = np.fft.rfft(clean, size) * np.conj(np.fft.rfft(near, size))
    correlation = np.fft.irfft(spectrum, size)[: SAMPLE_RATE_HZ // 10]
    return float(20 * np.log10(correlation.max() / np.sum(near**2)))


def run() -> Iterator[dict[str, Any]]:
    far = echo_path.speech(echo_path.FAR_TEXT, "en-gb", echo_path.FAR_DB)
    far = np.concatenate((far, np.zeros(SAMPLE_RATE_HZ // 4)))
    near = echo_path.speech(echo_path.NEAR_TEXT, "en-us+f3", echo_path.NEAR_DB)
    yield from _echo(far, near)
    yield from _double_talk(far, near)


def _ours(clock: Callable[[], float]) -> Processing:
    return EchoCancelling(clock)


def _theirs(clock: Callable[[], float]) -> Processing:
    return Paired()


def _echo(far: Sound, voice: Sound) -> Iterator[dict[str, Any]]:
    for drift_ppm, bar in ((0, 40), (100, 35), (-100, 35), (500, 35), (-500, 35)):
        played = echo_path.repeated(far, LONG_S if drift_ppm else SHORT_S)
        near = _spoken(voice[: GREETING_S * SAMPLE_RATE_HZ], 0, len(played))
        scene = echo_path.scene(played, near, drift_ppm)
        ours, theirs = Run(scene, drift_ppm, _ours), Run(scene, drift_ppm, _theirs)
        found = loss_db(scene, ours.sound), loss_db(scene, theirs.sound)
        metric = f"ERLE from {SETTLED_S} s on, clocks {drift_ppm} ppm apart"
        yield _line(metric, "dB", *found, f">= {bar}")
        if not drift_ppm:
            yield _line("CPU for 10 ms", "ms", ours.cpu_ms, theirs.cpu_ms, None)
            scene = echo_path.scene(played, np.zeros(len(played)))
            found = [loss_db(scene, Run(scene, 0, make).sound) for make in (_ours, _theirs)]
            yield _line(f"ERLE from {SETTLED_S} s on, nobody here has spoken", "dB", *found, None)


def _spoken(voice: Sound, from_s: int, count: int) -> Sound:
    sound = np.zeros(count)
    start = from_s * SAMPLE_RATE_HZ
    sound[start : start + len(voice)] = voice[: count - start]
    return sound


def _double_talk(far: Sound, voice: Sound) -> Iterator[dict[str, Any]]:
    played = echo_path.repeated(far, SHORT_S)
    near = _spoken(voice, SHORT_S // 2, len(played))
    both = echo_path.scene(played, near)
    alone = echo_path.scene(np.zeros(len(played)), near)
    costs = []
    for make in (_ours, _theirs):
        gains = [gain_db(near, Run(each, 0, make).sound) for each in (alone, both)]
        costs.append(gains[0] - gains[1])
    yield _line("double talk costs near speech", "dB", *costs, "<= 6")


def _line(metric: str, unit: str, ours: float, theirs: float, bar: str | None) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": unit,
        "ours": round(ours, 2),
        "rival": "the same library, blocks paired one to one",
        "theirs": round(theirs, 2),
        "ratio": round(ours / theirs, 2),
        "bar": bar,
    }
