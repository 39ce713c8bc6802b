"""Chooses the encoder's bitrate from what the peers' networks take: one encoder serves them all.

Policy, in this order:

1. Voice first: a link's estimate counts without the bits of the voice.
2. The slowest link decides, so that everybody sees all frames.
3. But not one straggler: of three links or more, one that takes less than STRAGGLER of what the next
   slowest takes does not count, until it takes BACK of that. Of two links neither is a straggler: one
   sharp picture is not worth more than two coarse ones.
4. Nor one whose reports have stopped, while another's come: it may be dead.
5. Never below FLOOR_BPS, under which nobody sees anything, nor above the format's bitrate.
6. Changes of less than HYSTERESIS are not worth a call of the encoder.

Who takes less than the encoder gives by 3, 4 or 5 is paced to what is left beside their voice: their
queue runs over, they see a still now and then, and they hear well.
"""

from collections.abc import Callable, Hashable
from enum import Enum
from typing import NamedTuple

from device.media.bandwidth.share import link_bps, video_bps

FLOOR_BPS = 150_000
STRAGGLER, BACK = 1 / 3, 1 / 2
HYSTERESIS = 0.05
START_BPS = 1_000_000
"""Of the first link, before anything is known of it."""
HEADROOM = 1.15
"""More than this times what all of it needs is never asked of a link."""
PACING = 1.5
"""Over the link's share for video: a keyframe then leaves in about 100 ms."""
PACING_UNKNOWN = 2.5
"""Over the encoder's bitrate, while nothing is known of the link: as libwebrtc has it
(kDefaultPaceMultiplier)."""
LEAST_PACING_BPS = 20_000


class LinkState(Enum):
    """NEW: the other end has said nothing yet. CONGESTED: more waits in the network than it takes away
    at once. SILENT: the other end says nothing any more."""

    NEW = "new"
    CLEAR = "clear"
    CONGESTED = "congested"
    SILENT = "silent"


class _Link(NamedTuple):
    estimate_bps: float
    state: LinkState


class BitrateGovernor:
    """Call in the event loop. A link is whatever the caller knows it by."""

    def __init__(self, set_bitrate: Callable[[int], None], ceiling_bps: int) -> None:
        """The encoder starts at ``ceiling_bps``."""
        self._set_bitrate = set_bitrate
        self._ceiling_bps = ceiling_bps
        self._links: dict[Hashable, _Link] = {}
        self._straggler: Hashable | None = None
        self.target_bps = ceiling_bps

    @property
    def most_bps(self) -> float:
        """What a link can be asked to take at most, voice included."""
        return HEADROOM * link_bps(self._ceiling_bps)

    def begin(self, link: Hashable) -> float:
        """A link is up. Gives what it is taken for until more is known."""
        start_bps = self._start_bps()
        self.estimate(link, start_bps, LinkState.NEW)
        return start_bps

    def estimate(
        self, link: Hashable, estimate_bps: float, state: LinkState = LinkState.CLEAR
    ) -> None:
        """The network of a link takes this much, voice included."""
        self._links[link] = _Link(estimate_bps, state)
        self._decide()

    def forget(self, link: Hashable) -> None:
        """The link is gone. Of one that has not begun nothing is known."""
        if self._links.pop(link, None) is not None:
            self._decide()

    def pacing_bps(self, link: Hashable) -> float:
        """How fast video may leave on a link."""
        known = self._links.get(link)
        if known is None or known.state is LinkState.NEW:
            return PACING_UNKNOWN * self.target_bps
        available_bps = max(video_bps(known.estimate_bps), LEAST_PACING_BPS)
        is_short = available_bps < self.target_bps * (1 - HYSTERESIS)
        return available_bps * (1 if is_short or known.state is not LinkState.CLEAR else PACING)

    def _start_bps(self) -> float:
        """What a new link is taken for, so that it does not take the picture from the others."""
        start_bps = max(START_BPS, link_bps(self.target_bps)) if self._links else START_BPS
        return min(start_bps, self.most_bps)

    def _decide(self) -> None:
        wanted_bps = int(video_bps(self._slowest_bps()))
        floor_bps = min(FLOOR_BPS, self._ceiling_bps)
        target_bps = max(min(wanted_bps, self._ceiling_bps), floor_bps)
        is_edge = target_bps in (self._ceiling_bps, floor_bps) and target_bps != self.target_bps
        if is_edge or abs(target_bps - self.target_bps) > HYSTERESIS * self.target_bps:
            self.target_bps = target_bps
            self._set_bitrate(target_bps)

    def _slowest_bps(self) -> float:
        """Of those that count."""
        links = self._links
        heard = [link for link in links if links[link].state is not LinkState.SILENT]
        ranked = sorted(heard or links, key=self._estimate_bps)
        self._straggler = self._find_straggler(ranked)
        counted = [link for link in ranked if link != self._straggler]
        return min(map(self._estimate_bps, counted), default=self.most_bps)

    def _find_straggler(self, ranked: list[Hashable]) -> Hashable | None:
        if len(ranked) < 3:
            return None
        slowest_bps, next_bps = (video_bps(self._estimate_bps(link)) for link in ranked[:2])
        share = BACK if ranked[0] == self._straggler else STRAGGLER
        return ranked[0] if slowest_bps < share * next_bps else None

    def _estimate_bps(self, link: Hashable) -> float:
        return self._links[link].estimate_bps
