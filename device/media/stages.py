"""How long each stage of a call's media takes: a few hundred numbers a stage, sorted when asked for."""

from collections import deque
from dataclasses import dataclass
from enum import Enum

KEPT = 600
"""Twenty seconds of video, twelve of voice packets."""


class Stage(Enum):
    """What a picture, or a voice, goes through from one unit to the other."""

    CAPTURE = "capture"
    """From a picture's exposure until the encoder has it, where the camera says when that was."""
    ENCODE = "encode"
    """From there, else from the exposure, until the encoded picture is here."""
    QUEUE = "queue"
    """Until its first packet leaves to a peer: behind other pictures, and for the pacer."""
    SEND = "send"
    """From there until the kernel has its last packet; large pictures are paced."""
    VOICE_ENCODE = "voice_encode"
    """Of a packet of 20 ms, from its last sample, cleaned, until it is encoded."""
    VOICE_QUEUE = "voice_queue"
    """Until it leaves to a peer: the way into the event loop."""
    VOICE_SEND = "voice_send"
    """From there until the kernel has it."""
    RECEIVE = "receive"
    """From a picture's first packet to its last."""
    BUFFER = "buffer"
    """How long a voice waits to be played."""
    DECODE = "decode"
    SHOW = "show"
    """From the decoder until it is in step with the voice."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Of the last KEPT; ``max_s`` and ``count`` since the start."""

    count: int
    p50_s: float
    p95_s: float
    max_s: float


class StageTimes:
    """Each stage is written from one thread; read from any."""

    def __init__(self) -> None:
        self._times: dict[Stage, deque[float]] = {stage: deque(maxlen=KEPT) for stage in Stage}
        self._counts = dict.fromkeys(Stage, 0)
        self._longest = dict.fromkeys(Stage, 0.0)

    def add(self, stage: Stage, seconds: float) -> None:
        """It took so long once more."""
        self._times[stage].append(seconds)
        self._counts[stage] += 1
        if seconds > self._longest[stage]:
            self._longest[stage] = seconds

    def summary(self) -> dict[Stage, Timing]:
        """Of the stages that have been gone through."""
        return {stage: self._timing(stage) for stage in Stage if self._counts[stage]}

    def _timing(self, stage: Stage) -> Timing:
        times = sorted(self._times[stage].copy())
        return Timing(
            self._counts[stage], _quantile(times, 0.5), _quantile(times, 0.95), self._longest[stage]
        )


def _quantile(times: list[float], share: float) -> float:
    """The nearest-rank quantile of sorted numbers."""
    return times[min(len(times) - 1, int(share * len(times)))]
