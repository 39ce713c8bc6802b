"""When to ask the sender for a keyframe (picture loss indication, RFC 4585 section 6.3.1)."""

STALLED_S = 0.3
"""So long may retransmission take; then a new beginning is quicker."""
AGAIN_FIRST_S = 0.3
"""A keyframe is under way for a round trip, and senders make no two of them within about so long."""
AGAIN_LONGEST_S = 2.0
BACK_OFF = 1.5


class KeyframeWish:
    """Asks when nothing else helps: at once, or after a stall; again, ever more seldom.

    While nothing comes at all nothing is asked: a sender that pauses owes no picture.
    """

    def __init__(self) -> None:
        self._needed_since_s: float | None = None
        self._stalled_since_s: float | None = None
        self._may_ask_s = float("-inf")
        self._again_s = AGAIN_FIRST_S
        self._has_heard = True
        self.asked = 0

    def heard(self) -> None:
        """A packet has come."""
        self._has_heard = True

    def need(self, now_s: float) -> None:
        """Without a keyframe nothing can be decoded."""
        if self._needed_since_s is None:
            self._needed_since_s = now_s

    def stall(self, now_s: float) -> None:
        """A picture waits for a packet that is missing."""
        if self._stalled_since_s is None:
            self._stalled_since_s = now_s

    def flow(self) -> None:
        """Nothing is missing."""
        self._stalled_since_s = None

    def progress(self, now_s: float) -> None:
        """A picture has come that can be decoded."""
        self._needed_since_s = None
        self._again_s = AGAIN_FIRST_S
        if self._stalled_since_s is not None:
            self._stalled_since_s = now_s

    def due_s(self) -> float | None:
        """When to ask next."""
        if not self._has_heard:
            return None
        wanted_s = self._needed_since_s
        if wanted_s is None and self._stalled_since_s is not None:
            wanted_s = self._stalled_since_s + STALLED_S
        return None if wanted_s is None else max(wanted_s, self._may_ask_s)

    def ask(self, now_s: float) -> bool:
        """Whether to ask now."""
        due_s = self.due_s()
        if due_s is None or due_s > now_s:
            return False
        self.asked += 1
        self._has_heard = False
        self._may_ask_s = now_s + self._again_s
        self._again_s = min(self._again_s * BACK_OFF, AGAIN_LONGEST_S)
        return True
