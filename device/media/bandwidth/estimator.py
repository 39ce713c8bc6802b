"""How much a link's network takes, by what the other end says of every single packet.

After draft-ietf-rmcat-gcc-02: the rate goes up until a queue grows on the way, then down to a little
less than what arrived, so that the queue empties. Four things are done otherwise, for a call through a
deep queue that is to come back quickly:

- The queue itself counts, beside its growth: without one there is no cut; a long one makes the cut
  deeper, to empty it in DRAIN_S; one that merely stands is cut as well, and stops every rise.
- The rise after a cut begins at the draft's 8 % a second and grows the longer all goes well. Near the
  rate at which the queue last grew it is a packet a round trip (section 5.5).
- Who sends little proves nothing: the rate rises only while most of it is used, and stays where it is
  otherwise. A still picture is not taken for a small network, and needs no padding to be probed with.
- Loss without a queue is taken for that of a radio: only from LOSS_HIGH on is it cut (section 6).
"""

from collections.abc import Sequence

from device.media.bandwidth.capacity import Capacity
from device.media.bandwidth.delay import DelayTrend, Usage
from device.media.bandwidth.path import Loss, QueueDelay, Throughput
from device.media.bandwidth.sent import SentPackets

LEAST_BPS = 90_000.0
"""Voice alone, which is sent whatever happens, and something of a picture."""
BETA = 0.85
"""What is left after a cut, of what arrived (section 5.5)."""
DRAIN_S = 1.0
DEEPEST = 0.5
GENTLE = 0.7
"""At most so deep is a cut while the queue is still short or little is sent: the rate of what arrives
then says little about the network, and a busy computer at either end looks the same for a moment."""
CUT_WINDOW_S = 0.25
"""What arrived in so long while the queue grew is what the bottleneck takes."""
CUT_PAUSE_S = 0.2
"""With a round trip more: until a cut shows."""
RISE_WINDOW_S = 0.5
USED = 0.8
RISE_AT_ONCE = 1.5
"""Never is more tried than this times what has arrived (section 5.5)."""
GROWTH, GROWTH_NEAR = 0.08, 0.02
"""Of the rate a second, right after a cut: in general, and near the rate at which the queue grew."""
CALM_MOST_S = 5.0
"""So long the rise goes on growing: to 48 % a second, and 4.5 %."""
QUEUE_SEEN_S, QUEUE_HELD_S, QUEUE_LONG_S = 0.03, 0.04, 0.06
"""Waiting from which a growing queue is believed in, the rise is stopped, and the cut is deep."""
GROWING = 1.1
"""What is sent over what arrives, beyond the noise."""
STANDING_S = 1.0
CUTS_IN_VAIN = 3
"""Cuts after which a standing queue is taken for a longer way."""
LOSS_LOW, LOSS_HIGH = 0.04, 0.10
SILENCE_S = 0.6
"""Without a report for so long, though it is sent: the rate is halved, each time (RFC 8083)."""
SILENT_STEP_S = 0.1
"""Counts at most, between two packets: this end may have been asleep itself."""


class LinkEstimator:
    """Of one link whose other end reports arrivals. Times in seconds on one clock."""

    def __init__(self, start_bps: float, most_bps: float) -> None:
        """``most_bps``: more is never sent, so that nobody needs to know whether it would pass."""
        self.estimate_bps = start_bps
        self._most_bps = most_bps
        self._round_trip_s = 0.1
        self._sent = SentPackets()
        self._trend = DelayTrend()
        self._offered = Throughput()
        self._arrived = Throughput()
        self._queue = QueueDelay()
        self._loss = Loss()
        self._capacity = Capacity()
        self.is_silent = False
        """The other end has stopped to report."""
        self._has_heard = False
        self._silent_s = 0.0
        self._last_sent_s = float("-inf")
        self._changed_s: float | None = None
        self._cut_s = float("-inf")
        self._low_queue_s = float("-inf")
        self._vain_cuts = 0
        self._was_gentle = False

    @property
    def queue_s(self) -> float:
        """How long packets wait on the way just now."""
        return self._queue.now_s

    def on_sent(self, first: int, sizes_bytes: Sequence[int], at_s: float) -> bool:
        """Packets have left together, of these sizes; ``first`` counts all of the link's packets,
        modulo 2**16. Whether the silence is too long with them, and the estimate smaller."""
        self._sent.add(first, sizes_bytes, at_s)
        self._silent_s += min(at_s - self._last_sent_s, SILENT_STEP_S)
        self._last_sent_s = at_s
        if not self._has_heard or self._silent_s <= SILENCE_S:
            return False
        self._silent_s = 0.0
        self.is_silent = True
        self._set(self.estimate_bps * DEEPEST, at_s, is_cut=True)
        return True

    def on_arrivals(self, first: int, arrived_s: Sequence[float | None], at_s: float) -> None:
        """A report has come: the packets from ``first`` on arrived then, on any clock; None: lost."""
        fates = self._sent.settle(first, arrived_s)
        if not fates:
            return
        self._has_heard = True
        self._silent_s = 0.0
        self.is_silent = False
        delay_s = at_s - max(fate.sent_s for fate in fates)
        self._round_trip_s += (min(delay_s, 1.0) - self._round_trip_s) / 8
        for fate in fates:
            self._offered.add(fate.sent_s, fate.size_bytes)
            if fate.arrived_s is not None:
                self._arrived.add(fate.arrived_s, fate.size_bytes)
        for part in (self._trend, self._queue, self._loss):
            part.add(fates)
        if self._queue.now_s < QUEUE_HELD_S:
            self._low_queue_s, self._vain_cuts = at_s, 0
        self._decide(at_s)

    def _decide(self, now_s: float) -> None:
        is_overrun = self._is_overrun()
        has_shown = now_s - self._cut_s > CUT_PAUSE_S + self._round_trip_s
        may_cut = has_shown or (is_overrun and self._was_gentle)
        is_standing = now_s - max(self._low_queue_s, self._cut_s) > STANDING_S
        if is_overrun or self._is_queue_growing():
            if may_cut:
                self._cut(now_s)
        elif is_standing:
            self._cut_standing(now_s)
        elif self._loss.fraction > LOSS_HIGH:
            self._set(self.estimate_bps * (1 - self._loss.fraction / 2), now_s, is_cut=True)
        elif self._trend.usage is Usage.NORMAL and self._queue.now_s < QUEUE_HELD_S:
            self._rise(now_s)
        else:
            self._changed_s = now_s

    def _is_queue_growing(self) -> bool:
        return self._trend.usage is Usage.OVER and self._queue.now_s > QUEUE_SEEN_S

    def _is_overrun(self) -> bool:
        """The queue is long, and not because it empties."""
        offered_bps = self._offered.over_bps(CUT_WINDOW_S)
        is_growing = offered_bps > GROWING * self._arrived.over_bps(CUT_WINDOW_S)
        return is_growing and self._queue.now_s > QUEUE_LONG_S

    def _is_used(self) -> bool:
        return self._offered.over_bps(RISE_WINDOW_S) >= USED * self.estimate_bps

    def _cut(self, now_s: float) -> None:
        arrived_bps = self._arrived.over_bps(CUT_WINDOW_S)
        share = max(min(BETA, 1 - self._queue.now_s / DRAIN_S), DEEPEST)
        target_bps = share * arrived_bps
        if self._is_used():
            self._capacity.add(arrived_bps)
        self._was_gentle = not self._is_overrun()
        if self._was_gentle:
            target_bps = max(target_bps, GENTLE * self.estimate_bps)
        self._set(min(target_bps, self.estimate_bps), now_s, is_cut=True)

    def _cut_standing(self, now_s: float) -> None:
        self._vain_cuts += 1
        if self._vain_cuts > CUTS_IN_VAIN:
            self._queue.accept()
            self._vain_cuts = 0
            return
        self._cut(now_s)

    def _rise(self, now_s: float) -> None:
        since_s = 0.0 if self._changed_s is None else min(now_s - self._changed_s, 0.5)
        arrived_bps = self._arrived.over_bps(RISE_WINDOW_S)
        if not self._is_used():
            self._changed_s = now_s
            return
        self._capacity.outgrow(arrived_bps)
        calm_s = min(now_s - self._cut_s, CALM_MOST_S)
        if self._capacity.is_near(self.estimate_bps):
            packet_bps = self._packet_bits() / (self._round_trip_s + CUT_PAUSE_S)
            added_bps = max(packet_bps, GROWTH_NEAR * self.estimate_bps) * (1 + calm_s / 4)
        elif self._loss.fraction > LOSS_LOW:
            added_bps = self.estimate_bps * GROWTH
        else:
            added_bps = self.estimate_bps * GROWTH * (1 + calm_s)
        added_bps *= since_s
        most_bps = max(RISE_AT_ONCE * arrived_bps, self.estimate_bps)
        self._set(min(self.estimate_bps + added_bps, most_bps), now_s, is_cut=False)

    def _packet_bits(self) -> float:
        """Of an average packet of video at 30 pictures a second (section 5.5)."""
        picture_bits = self.estimate_bps / 30
        return picture_bits / max(1.0, -(-picture_bits // (1200 * 8)))

    def _set(self, estimate_bps: float, now_s: float, is_cut: bool) -> None:
        self.estimate_bps = max(min(estimate_bps, self._most_bps), LEAST_BPS)
        self._changed_s = now_s
        if is_cut:
            self._cut_s = now_s
            self._loss.forget(now_s)
