"""Chooses the encoder's bitrate from what the peers' networks take.

Policy: the slowest peer decides, but never below FLOOR_BPS, under which nobody sees anything: a
peer that takes less loses frames of its own, and does not take the picture away from the others. A
receiver cannot estimate more than about one and a half times what it is sent, so an estimate well
above what is sent only says that little is sent, and binds nobody.
"""

from collections.abc import Callable

FLOOR_BPS = 150_000
USED = 0.85
"""An estimate binds once so much of it is used."""
HYSTERESIS = 0.05
"""A change of less is not worth a call of the encoder."""


class BitrateGovernor:
    """Call in the event loop."""

    def __init__(
        self,
        set_bitrate: Callable[[int], None],
        ceiling_bps: int,
        sent_bps: Callable[[], float],
    ) -> None:
        """The encoder starts at ``ceiling_bps``; ``sent_bps`` is what a peer is sent just now."""
        self._set_bitrate = set_bitrate
        self._sent_bps = sent_bps
        self._ceiling_bps = ceiling_bps
        self._estimates: dict[str, int] = {}
        self.target_bps = ceiling_bps

    def estimate(self, uid: str, bitrate_bps: int) -> None:
        """A peer's network takes this much (REMB, draft-alvestrand-rmcat-remb-03)."""
        if self._sent_bps() >= USED * bitrate_bps or bitrate_bps > self._estimates.get(
            uid, self._ceiling_bps
        ):
            self._estimates[uid] = bitrate_bps
        self._decide()

    def forget(self, uid: str) -> None:
        """The peer's link is gone."""
        if self._estimates.pop(uid, None) is not None:
            self._decide()

    def _decide(self) -> None:
        slowest_bps = min(self._estimates.values(), default=self._ceiling_bps)
        target_bps = max(min(slowest_bps, self._ceiling_bps), min(FLOOR_BPS, self._ceiling_bps))
        is_edge = target_bps == self._ceiling_bps != self.target_bps
        if is_edge or abs(target_bps - self.target_bps) > HYSTERESIS * self.target_bps:
            self.target_bps = target_bps
            self._set_bitrate(target_bps)
