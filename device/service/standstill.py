"""Whether media stands still though it ought to move: the proof that the watchdog asks for.

Pure: readings and time come in, a verdict goes out. Only what this unit alone can be blamed for counts;
what a peer or a network can bring to a stop would let them restart the unit (docs/adr/0012).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

STANDSTILL_S = 10.0
"""Three times what a silent camera may take until it has been opened anew."""
DRIVER_S = 30.0
"""Of a call of a device. The back-ends give a camera 9 s and a sound card 3 s, and answer with an error:
this is for what they have not thought of."""
CHECK_S = 120.0
"""Of a whole look at the hardware outside a call: two cameras and four routes, one after another."""
LONGEST_LOOK_S = 3.0
"""What one look can prove. After a longer pause the loop itself was held up, and what the threads have
made meanwhile may not have been counted yet."""


class Part(Enum):
    """What has to move in a call, and what has to come to an end."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    LOUDSPEAKER = "loudspeaker"
    SENDER = "sender"
    DECODER = "decoder"
    CAMERA_DRIVER = "camera-driver"
    SOUND_DRIVER = "sound-driver"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Flow:
    """One stream through a part: of a peer, over the peer's ``link``-th link, or of the whole call."""

    part: Part
    peer: str = ""
    link: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """``done``: how much has gone through. ``fed``: how much was put in; None for what needs no feeding
    and always moves. ``needs_start``: it owes nothing before it has moved once."""

    done: int
    fed: int | None = None
    needs_start: bool = False


Reading = Mapping[Flow, Progress]
"""The flows that ought to move at this moment."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """What does not move, and for how long."""

    flow: Flow
    lasted_s: float

    def __str__(self) -> str:
        return f"{_WORDS[self.flow.part].format(peer=self.flow.peer)} for {self.lasted_s:.0f} s"


_WORDS = {
    Part.CAMERA: "The camera has given no picture",
    Part.MICROPHONE: "The microphone has given no sound",
    Part.LOUDSPEAKER: "The loudspeaker has taken no sound",
    Part.SENDER: "The sender has not asked for a picture to {peer}",
    Part.DECODER: "The decoder has been at one picture of {peer}",
    Part.CAMERA_DRIVER: "The camera's driver has not come back",
    Part.SOUND_DRIVER: "The sound card's driver has not come back",
    Part.CHECK: "A look at the hardware has not come to its end",
}
_AFTER_S = {Part.CAMERA_DRIVER: DRIVER_S, Part.SOUND_DRIVER: DRIVER_S, Part.CHECK: CHECK_S}


@dataclass(slots=True)
class _Seen:
    """A flow at the last look; ``still_s``: how long it has owed something and done nothing."""

    progress: Progress
    has_started: bool
    still_s: float = 0.0


class StandstillWatch:
    """Judges from successive readings."""

    def __init__(self, after_s: float = STANDSTILL_S) -> None:
        self._after_s = after_s
        self._seen: dict[Flow, _Seen] = {}
        self._looked_s: float | None = None

    def look(self, reading: Reading, now_s: float) -> Standstill | None:
        """The flow that has stood still longest, if any has for too long. ``now_s``: monotonic."""
        passed_s = 0.0 if self._looked_s is None else now_s - self._looked_s
        self._looked_s = now_s
        self._seen = {
            flow: self._next(self._seen.get(flow), progress, min(passed_s, LONGEST_LOOK_S))
            for flow, progress in reading.items()
        }
        still = [
            Standstill(flow, seen.still_s)
            for flow, seen in self._seen.items()
            if seen.still_s >= _AFTER_S.get(flow.part, self._after_s)
        ]
        return max(still, key=lambda one: one.lasted_s, default=None)

    @staticmethod
    def _next(before: _Seen | None, now: Progress, passed_s: float) -> _Seen:
        if before is None:
            return _Seen(now, has_started=not now.needs_start)
        has_moved = now.done != before.progress.done
        was_fed = now.fed is None or now.fed != before.progress.fed
        has_started = before.has_started or has_moved
        if has_moved or not was_fed or not has_started:
            return _Seen(now, has_started)
        return _Seen(now, has_started, before.still_s + passed_s)
