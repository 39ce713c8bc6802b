"""The messages between the command line and a running unit. No I/O.

One JSON object a line, UTF-8, at most MAX_LINE_BYTES. A request has an ``id``, chosen by the asker, and
says in ``do`` what is wanted:

    {"do": "mute", "id": 1, "muted": true}

What comes back carries the same ``id``, and says in ``kind`` what it is:

    {"kind": "answer", "id": 1, "body": {...}}      it is done, or a stream begins
    {"kind": "refusal", "id": 1, "code": "...", "message": "..."}
    {"kind": "news", "id": 2, "body": {...}}        one of a stream, which its answer has begun
    {"kind": "done", "id": 2}                       the end of a stream that has one

A line that cannot be read is refused with the id that it had, or without one, and changes nothing.
Several requests may be under way on one connection; closing it gives up all that are not done.
"""

import re
from enum import Enum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from device.control.readings import (
    ButtonReading,
    CallReading,
    Check,
    DoorReading,
    Happening,
    PhoneReading,
    SoundNews,
    StillReading,
    UnitReading,
)
from device.errors import ControlError
from device.phone.values import Whom
from hal import AudioMode, Facing

MAX_LINE_BYTES = 16 * 1024
"""Of a request. What a unit answers may be longer: a still picture is."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024

RequestId = Annotated[int, Meta(ge=0, le=2**53)]
SessionId = Annotated[str, Meta(min_length=1, max_length=128)]


def _tag(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Ask(Struct, frozen=True, kw_only=True, tag_field="do", tag=_tag, forbid_unknown_fields=True):
    """What all requests have."""

    id: RequestId


class Status(Ask, frozen=True):
    """All that the unit knows of itself. Answer: UnitReading."""


class Follow(Ask, frozen=True):
    """News: a Happening for each event of each call and of the phone, until the connection is closed."""


class Join(Ask, frozen=True):
    """Join a session; None is the configured one. Answer: CallReading, once the unit is in it."""

    session: SessionId | None = None


class Call(Ask, frozen=True):
    """Ring a user, or the group of this id; None: whom the call button calls. Answer: PhoneReading, once
    it rings there."""

    whom: Whom | None = None
    audio_only: bool | None = None
    """None: as [call] has it."""


class AnswerCall(Ask, frozen=True):
    """Answer who has rung for longest. Answer: PhoneReading, once the exchange has heard of it."""


class RejectCall(Ask, frozen=True):
    """Reject who has rung for longest. Answer: PhoneReading."""


class DoNotDisturb(Ask, frozen=True):
    """Answer: PhoneReading."""

    on: bool


class End(Ask, frozen=True):
    """Cancel the call that the unit makes, else end the one that it is in, else leave the session, or
    give up trying to join it. Answer: null, once everything is released."""


class Mute(Ask, frozen=True):
    """None: the other way. Answer: CallReading."""

    muted: bool | None = None


class CameraWish(Enum):
    FRONT = "front"
    REAR = "rear"
    SWITCH = "switch"
    ON = "on"
    OFF = "off"


class Camera(Ask, frozen=True):
    """Answer: CallReading."""

    wish: CameraWish


class Snapshot(Ask, frozen=True):
    """A still picture; None: of the camera in use, else of the first. Answer: StillReading."""

    facing: Facing | None = None


class Route(Ask, frozen=True):
    """Answer: CallReading."""

    mode: AudioMode


class Pip(Ask, frozen=True):
    """None: the other way. Answer: CallReading."""

    shown: bool | None = None


class Door(Ask, frozen=True):
    """Open the door for the configured time, in a call or not. Answer: DoorReading, once it is open."""


class CheckHardware(Ask, frozen=True):
    """Look at each part of the hardware, without disturbing a call. Answer: a list of Check."""


class FollowButtons(Ask, frozen=True):
    """News: a ButtonReading for each edge, until the connection is closed."""


class PlayTones(Ask, frozen=True):
    """Play a tone on each route. News: SoundNews; done after the last. Refused during a call."""


Stream = Follow | FollowButtons | PlayTones
Phoning = Call | AnswerCall | RejectCall | DoNotDisturb
Request = (
    Status
    | Join
    | Phoning
    | End
    | Mute
    | Camera
    | Snapshot
    | Route
    | Pip
    | Door
    | CheckHardware
    | Stream
)

ANSWERS: dict[type[Ask], Any] = {
    Status: UnitReading,
    Follow: Happening,
    Join: CallReading,
    Call: PhoneReading,
    AnswerCall: PhoneReading,
    RejectCall: PhoneReading,
    DoNotDisturb: PhoneReading,
    End: None,
    Mute: CallReading,
    Camera: CallReading,
    Snapshot: StillReading,
    Route: CallReading,
    Pip: CallReading,
    Door: DoorReading,
    CheckHardware: list[Check],
    FollowButtons: ButtonReading,
    PlayTones: SoundNews,
}
"""What a request is answered with; of a stream, what its news are."""


class Answer(Struct, frozen=True, tag_field="kind", tag=_tag):
    id: int
    body: msgspec.Raw


class Refusal(Struct, frozen=True, tag_field="kind", tag=_tag):
    """``code`` is for programs, ``message`` for a person."""

    id: int | None
    code: str
    message: str


class News(Struct, frozen=True, tag_field="kind", tag=_tag):
    id: int
    body: msgspec.Raw


class Done(Struct, frozen=True, tag_field="kind", tag=_tag):
    id: int


Reply = Answer | Refusal | News | Done


class _Numbered(Struct):
    id: RequestId


_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)
_numbers = msgspec.json.Decoder(_Numbered)


class Unreadable(ControlError):
    """A line that is no message. ``request_id``: the one that it had, if that could be read."""

    def __init__(self, code: str, message: str, request_id: int | None = None) -> None:
        super().__init__(code, message)
        self.request_id = request_id


def parse_request(line: bytes) -> Request:
    """A request from its line, with or without the newline. Raises Unreadable."""
    if len(line) > MAX_LINE_BYTES:
        raise too_long()
    try:
        return _requests.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("request_malformed", f"No request: {error}.", _id_of(line)) from None


def too_long() -> Unreadable:
    """The error of a line over MAX_LINE_BYTES."""
    return Unreadable("request_too_long", f"A request has at most {MAX_LINE_BYTES} bytes.")


def cut_off() -> Unreadable:
    """The error of a line whose end never came."""
    return Unreadable("request_cut_off", "The connection ended in the middle of a request.")


def _id_of(line: bytes) -> int | None:
    try:
        return _numbers.decode(line).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parse_reply(line: bytes) -> Reply:
    """A reply from its line. Raises Unreadable."""
    try:
        return _replies.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("reply_malformed", f"The unit said what is no reply: {error}.") from None


def parse_body(request: Ask, body: msgspec.Raw) -> Any:
    """What a request was answered with, as ANSWERS says. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=ANSWERS[type(request)])
    except msgspec.DecodeError as error:
        raise Unreadable(
            "reply_malformed",
            f"The unit's answer cannot be read: {error}. It may run another version: restart it.",
        ) from None


def raw(body: object) -> msgspec.Raw:
    """A value as the body of a reply."""
    return msgspec.Raw(msgspec.json.encode(body))


def line_of(message: Ask | Reply) -> bytes:
    """The line of a message, with its newline."""
    return msgspec.json.encode(message) + b"\n"
