"""Tells signals of a link that is gone from those of a link that is still to come."""

from collections import deque

from device.media.peer import MAX_CANDIDATES

NAMES_KEPT = 16
"""A signal of a link further back than that is taken for one of a link to come; it does no harm."""


class LinkNames:
    """The links of one peer, by name."""

    def __init__(self) -> None:
        self._old: deque[str] = deque(maxlen=NAMES_KEPT)
        self._coming: str | None = None
        self._early: list[str] = []

    def retire(self, name: str) -> None:
        """This link has been replaced."""
        self._old.append(name)

    def is_old(self, name: str) -> bool:
        return name in self._old

    def keep_early(self, name: str, candidate: str) -> None:
        """A candidate that has overtaken the offer of its link. Of one link at a time, and bounded."""
        if self.is_old(name):
            return
        if self._coming != name:
            self._coming, self._early = name, []
        if len(self._early) < MAX_CANDIDATES:
            self._early.append(candidate)

    def take_early(self, name: str) -> list[str]:
        """What has come for the link that is here now."""
        early = self._early if self._coming == name else []
        self._coming, self._early = None, []
        return early
