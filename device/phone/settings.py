"""How a unit rings: the table [ringing] of callbox.toml."""

import re
from dataclasses import dataclass

from device.phone.values import Whom
from hal import AudioMode

LONGEST_RING_S = 600.0
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of each day, in minutes after midnight, local time. It may go over midnight."""

    begin: int
    end: int

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """``22:00-07:00``. Raises ValueError."""
        found = _HOURS.fullmatch(text)
        if found is None:
            raise ValueError(f"must be like '22:00-07:00', not {text!r}")
        begin_h, begin_min, end_h, end_min = map(int, found.groups())
        begin, end = begin_h * 60 + begin_min, end_h * 60 + end_min
        if begin >= _DAY or end > _DAY or max(begin_min, end_min) > 59:
            raise ValueError(f"has a time that no day has: {text!r}")
        if begin == end:
            raise ValueError(f"ends when it begins: {text!r}; for the whole day: '00:00-24:00'")
        return cls(begin, end)

    def has(self, minute: int) -> bool:
        """Whether this minute of the day is in it."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True)
class RingingTable:
    """``route`` and ``loudness`` (0 to 1) of the tones; where the route is not there, another one rings.
    ``ring_for_s``: the longest that this unit rings. ``auto_answer``: it answers by itself, after
    ``auto_answer_after_s``. ``do_not_disturb``: hours of the day in which it does not ring, such as
    22:00-07:00, local time; empty: none. ``call``: whom the call button calls, ``user:UID`` or
    ``group:ID``; empty: nobody."""

    route: AudioMode = AudioMode.SPEAKER
    loudness: float = 0.5
    ring_for_s: float = 45.0
    auto_answer: bool = False
    auto_answer_after_s: float = 3.0
    do_not_disturb: str = ""
    call: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError, naming the setting."""
        if not 0 <= self.loudness <= 1:
            raise ValueError("ringing.loudness must be from 0 to 1")
        if not 1 <= self.ring_for_s <= LONGEST_RING_S:
            raise ValueError(f"ringing.ring_for_s must be from 1 to {LONGEST_RING_S:g} seconds")
        is_in_time = self.auto_answer_after_s < self.ring_for_s or not self.auto_answer
        if self.auto_answer_after_s < 0 or not is_in_time:
            raise ValueError("ringing.auto_answer_after_s must be from 0 to under ring_for_s")
        for name in ("hours", "whom"):
            try:
                getattr(self, name)
            except ValueError as error:
                key = "do_not_disturb" if name == "hours" else "call"
                raise ValueError(f"ringing.{key} {error}") from None

    @property
    def hours(self) -> Hours | None:
        return Hours.parse(self.do_not_disturb) if self.do_not_disturb else None

    @property
    def whom(self) -> Whom | None:
        return Whom.parse(self.call) if self.call else None
