"""A QR code for the page to draw (ISO/IEC 18004)."""


def qr_rows(text: str) -> list[str]:
    """Of "0" and "1", which is dark; without the quiet zone around it, which is 4 wide."""
    import segno  # some 10 ms, which only who pairs a unit waits for

    drawn = segno.make(text, error="l", micro=False)
    return ["".join("1" if is_dark else "0" for is_dark in row) for row in drawn.matrix]
