"""A QR code on a terminal."""

import io
import sys


def print_qr(text: str) -> None:
    """Where there is a terminal that has the characters for it. Dark on light whatever its colours are:
    not every reader takes it the other way round."""
    if not sys.stdout.isatty() or not (sys.stdout.encoding or "").lower().startswith("utf"):
        return
    import segno

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    for line in drawn.getvalue().splitlines():
        print(f"\x1b[97;40m{line}\x1b[0m")
