"""The stamp in the picture is read back, or not at all."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from hal import Facing
from hal.camera import stamp
from hal.camera.stamp import Stamp

STAMPS = st.builds(
    Stamp,
    facing=st.sampled_from(Facing),
    frame_number=st.integers(0, 2**32 - 1),
    epoch_ms=st.integers(0, 2**32 - 1),
)
SIZES = st.sampled_from([(320, 180), (640, 360), (1280, 720), (1920, 1080), (640, 480)])


def crc_bit_by_bit(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register ^= byte << 8
        for _ in range(8):
            register = register << 1 ^ (0x1021 if register & 0x8000 else 0)
        register &= 0xFFFF
    return register


def card(width: int, height: int) -> np.ndarray:
    return np.full((height, width), 90, np.uint8)


@given(STAMPS)
def test_what_is_encoded_is_decoded(given_stamp: Stamp) -> None:
    cells = stamp.encode(given_stamp)
    assert cells.shape == (stamp.ROWS, stamp.COLUMNS)
    assert stamp.decode(cells) == given_stamp


@given(STAMPS, st.integers(0, 95))
def test_a_wrong_cell_is_never_believed(given_stamp: Stamp, at: int) -> None:
    cells = stamp.encode(given_stamp).reshape(-1)
    cells[at] ^= 1
    assert stamp.decode(cells) is None


@settings(max_examples=40, deadline=None)
@given(STAMPS, SIZES, st.integers(0, 2**32 - 1))
def test_it_is_read_through_noise(given_stamp: Stamp, size: tuple[int, int], seed: int) -> None:
    picture = card(*size)
    stamp.draw(picture, given_stamp)
    noise = np.random.default_rng(seed).normal(0, 25, picture.shape)
    noisy = np.clip(picture + noise, 0, 255).astype(np.uint8)
    assert stamp.read(noisy) == given_stamp


@settings(max_examples=30, deadline=None)
@given(STAMPS, st.integers(200, 1600))
def test_it_is_read_at_any_size(given_stamp: Stamp, width: int) -> None:
    picture = card(1280, 720)
    stamp.draw(picture, given_stamp)
    rows = np.arange(width * 720 // 1280) * 1280 // width
    columns = np.arange(width) * 1280 // width
    assert stamp.read(picture[np.ix_(rows, columns)]) == given_stamp


@pytest.mark.parametrize("size", [(1280, 720), (640, 360), (8, 8), (1280, 10)])
def test_a_picture_without_a_stamp_has_none(size: tuple[int, int]) -> None:
    assert stamp.read(card(*size)) is None


def test_the_layout_is_as_documented() -> None:
    """A reader in a browser is written from these numbers."""
    cells = stamp.encode(Stamp(Facing.REAR, 0x01020304, 0xA0B0C0D0)).reshape(-1)
    raw = np.packbits(cells).tobytes()
    assert raw[:10] == bytes.fromhex("a5 01 01020304 a0b0c0d0")
    assert raw[10:] == crc_bit_by_bit(raw[1:10]).to_bytes(2, "big")
    assert crc_bit_by_bit(b"123456789") == 0x29B1


def test_the_age_survives_the_wrap_of_the_clock() -> None:
    now_ms = 5 * 2**32 + 20
    assert Stamp(Facing.FRONT, 1, (now_ms - 30) % 2**32).age_ms(now_ms) == 30
