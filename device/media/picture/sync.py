"""When to show a picture, and how long to keep the voice back, so that lips and voice are in step.

Each stream has a clock of its own. The sender's reports (RFC 3550 section 6.4.1) say what it showed at
a time of the sender's wall clock; what is heard of the voice just now says when that time is here.
Whichever is early waits, as in libwebrtc's StreamSynchronization: a picture for its sound exactly, the
voice for pictures that are late most of the time, as gently as the voice buffer can.

What a wireless loudspeaker adds is not known here: by Bluetooth the voice is heard 150 to 250 ms later.
"""

from collections import deque
from dataclasses import dataclass
from statistics import median

from device.media.heard import Playing
from device.media.unwrapping import TIMESTAMP_BITS, nearest

VOICE_CLOCK_HZ = 48_000
PICTURE_CLOCK_HZ = 90_000
LONGEST_HOLD_S = 0.15
"""A picture is not held longer for a voice that is late."""
PLAUSIBLE_S = 2.0
"""Further apart, the reports of the two streams cannot be of one clock."""
REPORTS_KEPT = 4
STALE_S = 0.2
"""Nothing has been taken for the loudspeaker for so long: nothing is heard."""

LATE_PICTURES = 30
"""One second of them: so many tell how late pictures are, whatever a few of them have waited for."""
IN_STEP_S = 0.02
"""By so much a picture may be later than its sound: half of what is bearable, since some are later."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    """``ntp_s``: of the sender's wall clock; ``rtp_timestamp``: of 32 bits, the same instant."""

    ntp_s: float
    rtp_timestamp: int


class SenderClock:
    """Of one stream: from its timestamps to the sender's wall clock."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._reports: deque[SenderReport] = deque(maxlen=REPORTS_KEPT)

    def report(self, report: SenderReport) -> None:
        self._reports.append(report)

    def ntp_s(self, rtp_timestamp: int) -> float | None:
        """When this was captured; None before the first report.

        Senders that put into a report when a packet was sent, and not when it was captured, are
        late by what the packet has waited: the earliest report of the last ones is the nearest.
        """
        return min((self._by(report, rtp_timestamp) for report in self._reports), default=None)

    def _by(self, report: SenderReport, rtp_timestamp: int) -> float:
        then = report.rtp_timestamp
        ticks = nearest(rtp_timestamp, then, TIMESTAMP_BITS) - then
        return report.ntp_s + ticks / self._rate_hz


class LipSync:
    """Of one peer."""

    def __init__(self) -> None:
        self._voice = SenderClock(VOICE_CLOCK_HZ)
        self._picture = SenderClock(PICTURE_CLOCK_HZ)
        self._needed_s: deque[float] = deque(maxlen=LATE_PICTURES)
        """The voice's delay at which each of the last pictures would have been in step."""
        self._offsets_s: deque[float] = deque(maxlen=LATE_PICTURES)

    def on_voice_report(self, report: SenderReport) -> None:
        self._voice.report(report)

    def on_picture_report(self, report: SenderReport) -> None:
        self._picture.report(report)

    @property
    def voice_minimum_s(self) -> float:
        """How long after the fastest packet's arrival the voice should be heard; 0 if it need not wait.
        What the voice waits already makes no difference to it."""
        return max(0.0, median(self._needed_s) - IN_STEP_S) if self._needed_s else 0.0

    @property
    def offset_s(self) -> float | None:
        """How much later than its sound a picture is shown, of the last ones at the median; less than 0:
        the sound comes later. None: they cannot be compared."""
        return median(self._offsets_s) if self._offsets_s else None

    def show_at_s(self, rtp_timestamp: int, now_s: float, playing: Playing | None) -> float:
        """When to show the picture of this timestamp; ``now_s`` without a voice to be in step with."""
        early_s = None if playing is None else self._early_s(rtp_timestamp, now_s, playing)
        if playing is None or early_s is None:
            self._needed_s.clear()
            self._offsets_s.clear()
            return now_s
        hold_s = min(max(early_s, 0.0), LONGEST_HOLD_S)
        self._needed_s.append(playing.delay_s - early_s)
        self._offsets_s.append(hold_s - early_s)
        return now_s + hold_s

    def _early_s(self, rtp_timestamp: int, now_s: float, playing: Playing) -> float | None:
        """By how much the picture is here before its sound is heard; None if that is not known."""
        captured_s = self._picture.ntp_s(rtp_timestamp)
        voice_s = self._voice.ntp_s(playing.timestamp)
        if captured_s is None or voice_s is None or now_s - playing.taken_s > STALE_S:
            return None
        early_s = playing.taken_s + captured_s - voice_s - now_s
        return early_s if abs(early_s) <= PLAUSIBLE_S else None
