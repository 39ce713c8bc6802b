"""Routes of a session: joining it, its events, its signals."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path
from starlette.responses import StreamingResponse

from device.exchange.server.accounts import PartsOf, bearer
from device.exchange.server.event_stream import STREAMED, EventStream, LastEventId
from device.exchange.server.refusal import Refusal, refusals
from device.exchange.server.store import Member
from device.exchange.wire import Join, Joined, SendSignal, State, VideoSwitch

router = APIRouter(
    tags=["sessions"],
    responses=refusals(401, 403, 404, 409, 413, 422),
)
Authorization = Annotated[str | None, Header()]

# RFC 8839 section 5.1: foundation, component, transport, priority, address, port, "typ", type.
_CANDIDATE = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} [0-9]{1,5} [A-Za-z]{1,8} [0-9]{1,10} "
    r"[A-Za-z0-9.:_-]{1,255} [0-9]{1,5} typ [a-z]{1,16}( [^\r\n]*)?"
)
_SDP_LINE = re.compile(r"[a-z]=[^\r\n\0]*")


async def membership(parts: PartsOf, authorization: Authorization = None) -> Member:
    """The member whose resume secret a request carries. Raises Refusal: not_in_session."""
    return await parts.rooms.member(bearer(authorization))


MemberOf = Annotated[Member, Depends(membership)]


@router.post("/join")
async def join(body: Join, parts: PartsOf) -> Joined:
    """Enter the session of a call token."""
    claims = parts.mint.verify(body.token, body.session_id, body.uid)
    now = parts.config.wall_s()
    member, secret = await parts.rooms.join(claims, body.state, body.audio_only, now)
    present = await parts.rooms.members_of(member.session_id)
    return Joined(
        member.session_id,
        member.item,
        [other.item for other in present if other.key != member.key],
        list(member.grants),
        await parts.rooms.is_audio_only(member.session_id),
        secret,
        list(parts.config.ice_servers),
    )


@router.get("/session/events", response_class=StreamingResponse, responses=STREAMED)
async def events(member: MemberOf, parts: PartsOf, last_event_id: LastEventId = 0) -> EventStream:
    """The member's events as a stream (text/event-stream), from after Last-Event-ID on."""
    await parts.rooms.resume(member, last_event_id)
    return EventStream(parts.rooms.events(member, last_event_id, parts.config.keepalive_s))


@router.post("/session/signals", status_code=204)
async def signals(body: SendSignal, member: MemberOf, parts: PartsOf) -> None:
    """Pass a signal to another member of the same session."""
    if not _is_well_formed(body):
        raise Refusal("signal_malformed", f"That is not {body.kind} as WebRTC has it.")
    await parts.rooms.signal(member, body)


def _is_well_formed(signal: SendSignal) -> bool:
    if signal.kind == "restart":
        return not signal.body
    if signal.kind == "candidate":
        return not signal.body or _CANDIDATE.fullmatch(signal.body) is not None
    lines = signal.body.split("\r\n")
    return (
        lines[0] == "v=0"
        and any(line.startswith("m=") for line in lines)
        and all(_SDP_LINE.fullmatch(line) for line in lines if line)
    )


@router.put("/session/state", status_code=204)
async def state(body: State, member: MemberOf, parts: PartsOf) -> None:
    """Say what this member shows and lets hear."""
    await parts.rooms.set_state(member, body)


@router.post("/session/video", status_code=204)
async def video(body: VideoSwitch, member: MemberOf, parts: PartsOf) -> None:
    """Ask for video in an audio session, or agree to it."""
    if body.action == "request":
        await parts.rooms.request_video(member)
    else:
        await parts.rooms.accept_video(member)


@router.post("/session/leave", status_code=204)
async def leave(parts: PartsOf, authorization: Authorization = None) -> None:
    """Leave the session. Idempotent."""
    await parts.rooms.leave(bearer(authorization))


async def moderating(member: MemberOf) -> Member:
    """Raises Refusal: not_in_session, not_permitted."""
    if "moderate" not in member.grants:
        raise Refusal("not_permitted", "Only an admin, or who began the call, may do that.")
    return member


Moderator = Annotated[Member, Depends(moderating)]
Other = Annotated[str, Path(min_length=1, max_length=128)]


@router.post("/session/members/{uid}/mute", status_code=204)
async def mute(uid: Other, moderator: Moderator, parts: PartsOf) -> None:
    """Mute another member. They may unmute again."""
    await parts.rooms.mute(moderator, uid)


@router.delete("/session/members/{uid}", status_code=204)
async def expel(uid: Other, moderator: Moderator, parts: PartsOf) -> None:
    """Put another member out. They cannot come back with a token from before, nor to a call."""
    now = parts.config.wall_s()
    await parts.rooms.expel(moderator, uid, now, now + parts.config.token_lifetime_s)


@router.post("/session/end", status_code=204)
async def end_for_all(moderator: Moderator, parts: PartsOf) -> None:
    """End the session, and the call if it is one's, for everybody."""
    await parts.rooms.end_for_all(moderator)
