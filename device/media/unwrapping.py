"""Numbers of a header that begin anew at ``2**bits``, on an axis that goes on (RFC 3550 A.1)."""

SEQUENCE_BITS = 16
TIMESTAMP_BITS = 32
"""RFC 3550 section 5.1."""
SEQUENCE_MODULUS = 1 << SEQUENCE_BITS


def nearest(value: int, reference: int, bits: int) -> int:
    """The number nearest to ``reference`` that is ``value`` modulo ``2**bits``; of two the lower one."""
    size = 1 << bits
    return reference + (value - reference + size // 2) % size - size // 2


class Unwrapper:
    """Counts on where ``bits`` bits wrap."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._last: int | None = None

    def unwrap(self, value: int) -> int:
        """The number nearest to the last one; the first one as it is."""
        self._last = value if self._last is None else nearest(value, self._last, self._bits)
        return self._last
