"""The lines of the control socket: whatever comes, it is a request or an error that says why."""

import contextlib
import json

import pytest
from hypothesis import given, strategies as st

from device.control import messages
from device.control.messages import MAX_LINE_BYTES, Camera, CameraWish, Mute, Unreadable
from device.phone.values import Whom

IDS = st.integers(0, 2**53)
NAMES = st.text(min_size=1, max_size=128)
REQUESTS = st.one_of(
    st.builds(messages.Status, id=IDS),
    st.builds(messages.Join, id=IDS, session=st.none() | NAMES),
    st.builds(
        messages.Call,
        id=IDS,
        whom=st.none() | st.builds(Whom, NAMES, st.booleans()),
        audio_only=st.none() | st.booleans(),
    ),
    st.builds(messages.DoNotDisturb, id=IDS, on=st.booleans()),
    st.builds(Mute, id=IDS, muted=st.none() | st.booleans()),
    st.builds(Camera, id=IDS, wish=st.sampled_from(CameraWish)),
    st.builds(messages.FollowButtons, id=IDS),
    st.builds(messages.Door, id=IDS),
)


def refusal_of(line: bytes) -> Unreadable | None:
    """Why this is no request; any other error fails the test."""
    try:
        messages.parse_request(line)
    except Unreadable as error:
        return error
    return None


@given(REQUESTS)
def test_a_request_comes_through(request: messages.Request) -> None:
    line = messages.line_of(request)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert messages.parse_request(line) == request


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_unreadable(line: bytes) -> None:
    refused = refusal_of(line)
    assert refused is None or (refused.code == "request_malformed" and str(refused))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(
    st.dictionaries(st.sampled_from(["do", "id", "muted", "session", "x"]), JSON),
    st.sampled_from(["mute", "join", "status", "camera", "nothing"]),
)
def test_any_object_is_a_request_or_unreadable(fields: dict[str, object], do: str) -> None:
    line = json.dumps({**fields, "do": do}).encode()
    refused = refusal_of(line)
    number = fields.get("id")
    is_number = isinstance(number, int) and not isinstance(number, bool)
    known = number if is_number and 0 <= number <= 2**53 else None
    if refused is None:
        assert messages.parse_request(line).id == known
    else:
        assert refused.request_id == known


@given(REQUESTS, st.data())
def test_a_request_cut_short_is_unreadable(request: messages.Request, data: st.DataObject) -> None:
    line = messages.line_of(request).rstrip(b"\n")
    with pytest.raises(Unreadable):
        messages.parse_request(line[: data.draw(st.integers(0, len(line) - 1))])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_reply_or_unreadable(line: bytes) -> None:
    with contextlib.suppress(Unreadable):
        messages.parse_reply(line)


@pytest.mark.parametrize(
    ("line", "words", "number"),
    [
        (b"", "truncated", None),
        (b"{}", "do", None),
        (b'{"do":"mute"}', "id", None),
        (b'{"do":"mute","id":3,"muted":"yes"}', "muted", 3),
        (b'{"do":"mute","id":3,"mutd":true}', "mutd", 3),
        (b'{"do":"explode","id":4}', "explode", 4),
        (b'{"do":"join","id":5,"session":""}', "session", 5),
        (b'{"do":"status","id":-1}', "id", None),
        (b"[" * 10_000, "No request", None),
        (b'{"do":"status","id":1,"x":"' + b"x" * MAX_LINE_BYTES + b'"}', "at most", None),
    ],
)
def test_the_error_says_what_is_wrong(line: bytes, words: str, number: int | None) -> None:
    with pytest.raises(Unreadable, match=words) as caught:
        messages.parse_request(line)
    assert caught.value.request_id == number
