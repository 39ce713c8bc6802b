"""Access units as encoders give them, and as they are sent."""

from hypothesis import given, strategies as st

from hal import Facing, VideoFormat
from hal.camera.annexb import ParameterSets
from hal.camera.encoder import SoftwareEncoder
from hal.camera.testcard import TestCard
from tests.hal.pictures import nal_types

START = b"\0\0\0\1"
SPS, PPS, IDR, SLICE, DELIMITER, SEI = (
    b"\x67\x42\xe0\x1f",
    b"\x68\xce",
    b"\x65\x88\x11",
    b"\x41\x9a\x22",
    b"\x09\xf0",
    b"\x06\x05\x01",
)


def unit(*parts: bytes) -> bytes:
    return b"".join(START + part for part in parts)


def test_a_keyframe_without_parameter_sets_gets_the_last_ones() -> None:
    sets = ParameterSets()
    assert sets.profile_idc is None
    whole = unit(SPS, PPS, IDR)
    assert sets.complete(whole) == (whole, True)
    assert sets.profile_idc == 66
    assert sets.complete(unit(IDR)) == (whole, True)
    assert sets.complete(unit(SLICE)) == (unit(SLICE), False)
    assert sets.complete(b"\0\0\1" + IDR) == (whole, True)


def test_what_has_no_picture_or_cannot_be_decoded_is_not_sent() -> None:
    sets = ParameterSets()
    assert sets.complete(unit(IDR)) == (b"", False)
    assert sets.complete(unit(SPS, PPS)) == (b"", False)
    assert sets.complete(unit(DELIMITER, SEI, IDR)) == (unit(SPS, PPS, IDR), True)
    assert sets.complete(b"") == (b"", False)


def test_all_slices_of_a_picture_are_kept() -> None:
    sets = ParameterSets()
    assert sets.complete(unit(SPS, PPS, IDR, IDR)) == (unit(SPS, PPS, IDR, IDR), True)
    assert sets.complete(unit(DELIMITER, SLICE, SLICE)) == (unit(SLICE, SLICE), False)


def test_a_real_encoders_stream_passes_unchanged() -> None:
    video = VideoFormat(320, 180)
    encoder, card, sets = SoftwareEncoder(video), TestCard(Facing.FRONT, 320, 180), ParameterSets()
    for number in range(5):
        data, is_keyframe = encoder.encode(card.draw(number, 0), keyframe=number == 3)
        sent, known = sets.complete(data)
        assert known == is_keyframe
        assert nal_types(sent) == [kind for kind in nal_types(data) if kind != 6]


@given(
    st.binary(max_size=200), st.lists(st.sampled_from([SPS, PPS, IDR, SLICE, START]), max_size=6)
)
def test_garbage_is_survived(noise: bytes, parts: list[bytes]) -> None:
    data, is_keyframe = ParameterSets().complete(noise + unit(*parts))
    assert not is_keyframe or nal_types(data)[:2] == [7, 8]
