"""The picture of a simulated camera: a card that moves, tells the time, and says which camera it is."""

import time
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hal.camera import stamp
from hal.camera.picture import PictureKind
from hal.camera.protocol import Facing
from hal.camera.stamp import Stamp

Picture = NDArray[np.uint8]
"""Planar YUV 4:2:0 as ffmpeg's yuv420p: shape (height * 3 / 2, width)."""

# Colour of the card as (Y, U, V), ITU-R BT.601: a blue front, an amber rear.
_COLOURS = {Facing.FRONT: (70, 160, 105), Facing.REAR: (120, 80, 155)}
_INK = 225
_CLOCK_GLYPHS = "0123456789:"
_GRAIN_SIDE = 4
"""Pixels of one grain."""
_GRAIN_LEVELS = 25
_GRAIN_SHIFT = 128
"""The grain of a frame is a part of a greater field, so many pixels at most from its corner."""


class TestCard:
    """Draws the frames of one camera. Not thread-safe: one owner."""

    __test__ = False  # the name is the field's, not pytest's

    def __init__(
        self, facing: Facing, width: int, height: int, kind: PictureKind = PictureKind.CARD
    ) -> None:
        """``width`` a multiple of 40 and ``height`` of 2, at least 320 x 180.

        Raises ValueError for a size that cannot carry the stamp.
        """
        if width % stamp.CELLS_ACROSS or height % 2 or width < 320 or height < 180:
            raise ValueError(
                f"{width}x{height}: the simulated camera needs a width that is a multiple of "
                f"{stamp.CELLS_ACROSS}, an even height, and at least 320x180"
            )
        self._facing = facing
        self._width, self._height = width, height
        self._background = _background(facing, width, height)
        self._picture = self._background.copy()
        self._glyphs = _glyphs(height // 8)
        self._grain = _grain(width, height) if kind is PictureKind.BUSY else None

    def draw(self, frame_number: int, epoch_ns: int) -> Picture:
        """The frame; the same array each time, good until the next call."""
        picture = self._picture
        np.copyto(picture, self._background)
        luma = picture[: self._height]
        if self._grain is not None:
            self._scatter(self._grain, luma, frame_number)
        stamp.draw(luma, Stamp(self._facing, frame_number, epoch_ns // 1_000_000 % 2**32))
        self._draw_clock(luma, epoch_ns)
        self._draw_bar(luma, frame_number)
        return picture

    def still(self) -> bytes:
        """The card of this moment as JPEG."""
        from hal.camera.still import jpeg_of_planes  # PyAV takes 100 ms: only once it is needed

        return jpeg_of_planes(self.draw(0, time.time_ns()))

    def _scatter(self, grain: Picture, luma: Picture, frame_number: int) -> None:
        # Multiples of numbers prime to _GRAIN_SHIFT: no two neighbours lie alike, none repeats soon.
        top, left = frame_number * 53 % _GRAIN_SHIFT, frame_number * 89 % _GRAIN_SHIFT
        luma += grain[top : top + self._height, left : left + self._width]

    def _draw_clock(self, luma: Picture, epoch_ns: int) -> None:
        text = time.strftime("%H:%M:%S", time.localtime(epoch_ns / 1e9))
        strip = np.hstack([self._glyphs[letter] for letter in text])
        top = self._height * 11 // 16
        left = (self._width - strip.shape[1]) // 2
        area = luma[top : top + strip.shape[0], left : left + strip.shape[1]]
        area[strip] = _INK

    def _draw_bar(self, luma: Picture, frame_number: int) -> None:
        """A light bar that crosses the foot of the card in four seconds at 30 frames a second."""
        side = self._height // 12
        left = frame_number * (self._width - side) // 120 % (self._width - side)
        luma[self._height - 2 * side : self._height - side, left : left + side] = _INK


@lru_cache(maxsize=4)
def _background(facing: Facing, width: int, height: int) -> Picture:
    y, u, v = _COLOURS[facing]
    picture = np.empty((height * 3 // 2, width), np.uint8)
    shade = np.linspace(-16, 16, height)[:, None]
    picture[:height] = (y + shade).astype(np.uint8)
    chroma = picture[height:].reshape(2, -1)
    chroma[0], chroma[1] = u, v
    title = _render(facing.name, height // 4)
    top, left = height * 6 // 16, (width - title.shape[1]) // 2
    picture[top : top + title.shape[0], left : left + title.shape[1]][title] = _INK
    return picture


@lru_cache(maxsize=4)
def _grain(width: int, height: int) -> Picture:
    """Noise to be added to a luma plane; the same each time."""
    rows = (height + _GRAIN_SHIFT) // _GRAIN_SIDE + 1
    columns = (width + _GRAIN_SHIFT) // _GRAIN_SIDE + 1
    levels = np.random.default_rng(0).integers(0, _GRAIN_LEVELS, (rows, columns), np.uint8)
    return np.kron(levels, np.ones((_GRAIN_SIDE, _GRAIN_SIDE), np.uint8))


@lru_cache(maxsize=4)
def _glyphs(height: int) -> dict[str, NDArray[np.bool_]]:
    """The clock's figures, all of one width so that it does not jitter."""
    drawn = {letter: _render(letter, height) for letter in _CLOCK_GLYPHS}
    width = max(image.shape[1] for image in drawn.values()) + 2
    return {letter: _centred(image, width) for letter, image in drawn.items()}


def _centred(image: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    left = (width - image.shape[1]) // 2
    return np.pad(image, ((0, 0), (left, width - image.shape[1] - left)))


def _render(text: str, height: int) -> NDArray[np.bool_]:
    from PIL import Image, ImageDraw, ImageFont  # 40 ms, and only a simulated camera needs it

    font = ImageFont.load_default(size=height)
    _, _, right, _ = font.getbbox(text)
    image = Image.new("L", (int(right) + 1, round(height * 1.25)))
    ImageDraw.Draw(image).text((0, 0), text, font=font, fill=255)
    return np.asarray(image) > 127
