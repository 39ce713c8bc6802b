"""The machine-readable frame stamp of the simulated cameras.

A receiver reads from the picture alone which frame of which camera it shows, and how old it is.

Geometry, for any size of the picture: a cell is a square of ``width / 40``. The stamp is 3 rows of 32
cells; its top left corner is at (4 cells, 1 cell). A white cell is a 1. Row by row, left to right,
most significant bit first, the 96 bits are

    8   sync            0xA5, also the black and white reference
    8   facing          0 FRONT, 1 REAR
    32  frame number    counts from 0 at the start of the camera
    32  epoch           milliseconds since 1970 modulo 2**32, when the frame was captured
    16  check           CRC-16/CCITT-FALSE of the 9 bytes from facing to epoch: polynomial 0x1021,
                        start 0xFFFF, not reflected (binascii.crc_hqx); of "123456789" it is 0x29B1

To read: average the luma of the middle half of every cell, take the mean of the sync's darkest and
lightest as threshold, check sync and CRC. In a browser: draw the video on a canvas, use the green
channel, and compare ``epoch`` with ``Date.now() % 2**32``.
"""

import binascii
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hal.camera.protocol import Facing

ROWS = 3
COLUMNS = 32
CELLS_ACROSS = 40
LEFT_CELLS = 4
TOP_CELLS = 1
SYNC = 0xA5
BLACK = 24
WHITE = 228

_LAYOUT = struct.Struct(">BII")
_FACINGS = (Facing.FRONT, Facing.REAR)

Plane = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a frame says of itself. ``epoch_ms`` is modulo 2**32."""

    facing: Facing
    frame_number: int
    epoch_ms: int

    def age_ms(self, now_epoch_ms: int) -> int:
        """Milliseconds from capture to ``now_epoch_ms`` (any multiple of 2**32 off)."""
        return (now_epoch_ms - self.epoch_ms) % 2**32


def encode(stamp: Stamp) -> NDArray[np.uint8]:
    """The cells, shape (ROWS, COLUMNS), each 0 or 1."""
    body = _LAYOUT.pack(
        _FACINGS.index(stamp.facing), stamp.frame_number % 2**32, stamp.epoch_ms % 2**32
    )
    check = binascii.crc_hqx(body, 0xFFFF)
    raw = bytes([SYNC]) + body + check.to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(raw, np.uint8)).reshape(ROWS, COLUMNS)


def decode(cells: NDArray[np.uint8]) -> Stamp | None:
    """The stamp in cells as from ``encode``; None where sync or check do not fit."""
    raw = np.packbits(cells.reshape(-1)).tobytes()
    body, check = raw[1:-2], int.from_bytes(raw[-2:], "big")
    if raw[0] != SYNC or binascii.crc_hqx(body, 0xFFFF) != check:
        return None
    facing, frame_number, epoch_ms = _LAYOUT.unpack(body)
    if facing >= len(_FACINGS):
        return None
    return Stamp(_FACINGS[facing], frame_number, epoch_ms)


def draw(luma: Plane, stamp: Stamp) -> None:
    """Paint the stamp into a luma plane of shape (height, width); width a multiple of 40."""
    side = luma.shape[1] // CELLS_ACROSS
    values = np.where(encode(stamp), WHITE, BLACK).astype(np.uint8)
    block = np.kron(values, np.ones((side, side), np.uint8))
    top, left = TOP_CELLS * side, LEFT_CELLS * side
    luma[top : top + ROWS * side, left : left + COLUMNS * side] = block


def read(luma: Plane) -> Stamp | None:
    """The stamp of a picture of any size, from its luma plane; None where there is none."""
    side = luma.shape[1] / CELLS_ACROSS
    if side < 4 or luma.shape[0] < (TOP_CELLS + ROWS) * side:
        return None
    means = np.array(
        [[_cell(luma, row, column, side) for column in range(COLUMNS)] for row in range(ROWS)]
    )
    reference = means[0, :8]
    threshold = (reference.min() + reference.max()) / 2
    return decode((means > threshold).astype(np.uint8))


def _cell(luma: Plane, row: int, column: int, side: float) -> float:
    """Mean luma of the middle half of one cell."""
    top = (TOP_CELLS + row) * side
    left = (LEFT_CELLS + column) * side
    inner = luma[
        round(top + side / 4) : round(top + side * 3 / 4),
        round(left + side / 4) : round(left + side * 3 / 4),
    ]
    return float(inner.mean())
