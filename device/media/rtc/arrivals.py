"""Remembers when the packets of a transport arrived, until the other end has been told."""

from device.media.rtc.transport_feedback import (
    REFERENCE_MODULUS,
    REFERENCE_TICKS,
    TICK_S,
    FeedbackMessage,
)
from device.media.unwrapping import SEQUENCE_BITS, SEQUENCE_MODULUS, nearest

KEPT = 500
"""Packets behind the newest whose arrival is still known, to tell it again beside a late one."""
MAX_SPAN = 1000
"""Packets that are told of together. One that is further ahead begins a new count: the other end has
started anew."""
MAX_STATUSES = 400
"""Of one message: at two bytes and a bit for each packet it still fits into one datagram."""
_MAX_DELTA = 2**15 - 1


class ArrivalLog:
    """Of one transport: every packet with a transport-wide sequence number is noted."""

    def __init__(self) -> None:
        self._ticks: dict[int, int] = {}
        self._newest: int | None = None
        self._from = 0
        """The first packet that the next message is about, unwrapped as all numbers in here."""
        self._count = 0

    @property
    def is_due(self) -> bool:
        """Something has arrived that was not told yet."""
        return self._newest is not None and self._from <= self._newest

    def note(self, sequence: int, at_s: float) -> None:
        """``sequence`` modulo 2**16. A packet that came twice counts as of the first time."""
        number = self._unwrap(sequence)
        if number in self._ticks or (self._newest is not None and number <= self._newest - KEPT):
            return
        if self._newest is None or number > self._from + MAX_SPAN:
            self._ticks.clear()
            self._newest = self._from = number
        self._newest = max(self._newest, number)
        self._from = min(self._from, number)
        self._ticks[number] = round(at_s / TICK_S)

    def take(self, sender_ssrc: int, media_ssrc: int) -> list[FeedbackMessage]:
        """What is to be told now; more than one message where it is too much, or gaps in time are too
        long, for one."""
        messages = []
        while self.is_due:
            messages.append(self._message(sender_ssrc, media_ssrc))
        self._forget()
        return messages

    def _message(self, sender_ssrc: int, media_ssrc: int) -> FeedbackMessage:
        assert self._newest is not None
        base = self._from
        first = next(n for n in range(base, self._newest + 1) if n in self._ticks)
        reference = self._ticks[first] // REFERENCE_TICKS
        last_ticks = reference * REFERENCE_TICKS
        deltas: list[int | None] = []
        for number in range(base, min(base + MAX_STATUSES, self._newest + 1)):
            ticks = self._ticks.get(number)
            if ticks is not None and abs(ticks - last_ticks) > _MAX_DELTA:
                break
            deltas.append(None if ticks is None else ticks - last_ticks)
            last_ticks = last_ticks if ticks is None else ticks
        self._from = base + len(deltas)
        self._count += 1
        return FeedbackMessage(
            sender_ssrc,
            media_ssrc,
            base % SEQUENCE_MODULUS,
            reference % REFERENCE_MODULUS,
            (self._count - 1) % 256,
            tuple(deltas),
        )

    def _forget(self) -> None:
        if self._newest is not None and len(self._ticks) > 2 * KEPT:
            oldest = self._newest - KEPT
            self._ticks = {n: ticks for n, ticks in self._ticks.items() if n > oldest}

    def _unwrap(self, sequence: int) -> int:
        """By the newest number, not by the last one, which may have been overtaken by far."""
        newest = self._newest
        return sequence if newest is None else nearest(sequence, newest, SEQUENCE_BITS)
