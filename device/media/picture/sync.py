"""When to show a picture so that lips and voice are in step.

Each stream has a clock of its own. The sender's reports (RFC 3550 section 6.4.1) say what it showed at a
time of the sender's wall clock; what is heard of the voice just now says when that time is here.
"""

from collections import deque
from dataclasses import dataclass

VOICE_CLOCK_HZ = 48_000
PICTURE_CLOCK_HZ = 90_000
LONGEST_HOLD_S = 0.15
"""A picture is not held longer for a voice that is late."""
PLAUSIBLE_S = 2.0
"""Further apart, the reports of the two streams cannot be of one clock."""
REPORTS_KEPT = 4
STALE_S = 0.2
"""Nothing has been taken for the loudspeaker for so long: nothing is heard."""

Playing = tuple[int, float]
"""A timestamp of the voice, of 32 bits, and when it went to the loudspeaker, on the receiver's clock.
What the loudspeaker still takes the screen takes as well."""


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
        ticks = (rtp_timestamp - report.rtp_timestamp + 2**31) % 2**32 - 2**31
        return report.ntp_s + ticks / self._rate_hz


class LipSync:
    """Of one peer."""

    def __init__(self) -> None:
        self._voice = SenderClock(VOICE_CLOCK_HZ)
        self._picture = SenderClock(PICTURE_CLOCK_HZ)

    def on_voice_report(self, report: SenderReport) -> None:
        self._voice.report(report)

    def on_picture_report(self, report: SenderReport) -> None:
        self._picture.report(report)

    def show_at_s(self, rtp_timestamp: int, now_s: float, playing: Playing | None) -> float:
        """When to show the picture of this timestamp; ``now_s`` without a voice to be in step with."""
        if playing is None or now_s - playing[1] > STALE_S:
            return now_s
        voice_timestamp, heard_s = playing
        captured_s = self._picture.ntp_s(rtp_timestamp)
        voice_s = self._voice.ntp_s(voice_timestamp)
        if captured_s is None or voice_s is None:
            return now_s
        hold_s = heard_s + captured_s - voice_s - now_s
        if abs(hold_s) > PLAUSIBLE_S:
            return now_s
        return now_s + min(max(hold_s, 0.0), LONGEST_HOLD_S)
