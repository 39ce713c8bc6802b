"""Numbers of a header that begin anew at ``2**bits``, on an axis that goes on (RFC 3550 A.1)."""

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32
"""RFC 3550 section 5.1."""


class Unwrapper:
    """Counts on where ``bits`` bits wrap."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """The number nearest to the last one that is ``value`` modulo the size."""
        if self._last is None:
            self._last = value
            return value
        half = self._size // 2
        near = self._last + (value - self._last + half) % self._size - half
        self._last = near
        return near
