"""Routes of ringing: devices, and the calls between them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import StreamingResponse

from device.exchange.server.accounts import (
    AuthToken,
    LoginOf,
    PartsOf,
    SignedInUser,
    StillSignedIn,
    UserOrVisitor,
    admin,
)
from device.exchange.server.event_stream import STREAMED, EventStream, LastEventId, while_allowed
from device.exchange.server.refusal import refusals
from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.values import Call
from device.exchange.server.ringing.views import item_of
from device.exchange.server.store import LogFilter
from device.exchange.wire import (
    ActiveCall,
    CallItem,
    CallLog,
    CallType,
    Direction,
    DoNotDisturb,
    FromDevice,
    InitiateCall,
    LogStatus,
    Registered,
    Reject,
)

router = APIRouter(
    tags=["calls"],
    responses=refusals(401, 403, 404, 409, 413, 422),
)
Device = Annotated[str, Path(min_length=1, max_length=64)]
Session = Annotated[str, Path(min_length=1, max_length=128)]


async def log_filter(
    status: LogStatus | None = None,
    call_type: CallType | None = None,
    direction: Direction | None = None,
    user: Annotated[str | None, Query(min_length=1, max_length=128)] = None,
) -> LogFilter:
    """Which calls are wanted; ``user``: a party of them."""
    return LogFilter(status, call_type, direction, user)


@router.put("/devices/{device_id}")
async def register(device_id: Device, user: UserOrVisitor, parts: PartsOf) -> Registered:
    """Say that this device rings for the user, and learn how things stand. It is forgotten when it
    does not listen for a while."""
    if user.kind == "visitor":
        return await parts.devices.register(user.uid, device_id, most=1)
    return await parts.devices.register(user.uid, device_id)


@router.put("/devices/{device_id}/do-not-disturb", status_code=204)
async def do_not_disturb(
    device_id: Device, body: DoNotDisturb, user: SignedInUser, parts: PartsOf
) -> None:
    """Whether this device is to be left in peace. A user whose devices all are is not rung; while
    another of them rings, this one is told as well, and keeps silent by itself."""
    await parts.devices.set_do_not_disturb(user.uid, device_id, body.on)


@router.get("/devices/{device_id}/events", response_class=StreamingResponse, responses=STREAMED)
async def events(
    device_id: Device,
    user: UserOrVisitor,
    may_listen: StillSignedIn,
    parts: PartsOf,
    last_event_id: LastEventId = 0,
) -> EventStream:
    """The device's events as a stream (text/event-stream), from after Last-Event-ID on, until the
    sign-in is over."""
    keepalive_s = parts.config.keepalive_s
    stream = await parts.devices.events(user.uid, device_id, last_event_id, keepalive_s)
    return EventStream(while_allowed(stream, may_listen))


@router.post("/calls", responses=refusals(429))
async def initiate(
    body: InitiateCall, user: UserOrVisitor, token: AuthToken, parts: PartsOf
) -> CallItem:
    """Ring a user or a group. If the receiver is ringing this user, that call is answered."""
    if user.kind == "visitor":
        await parts.visits.check_may_call(token, body)
    return await _item(parts, await parts.switchboard.initiate(user.uid, body))


@router.get("/calls")
async def log(
    found: LoginOf,
    parts: PartsOf,
    wanted: Annotated[LogFilter, Depends(log_filter)],
    everyone: bool = False,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> CallLog:
    """The user's calls, the newest first. For an admin with ``everyone`` all calls, each as its caller
    finds it; or, with ``user``, that user's as they find them."""
    if everyone:
        await admin(found)
    uid = None if everyone else found.account.user.uid
    return await parts.log.page(uid, wanted, cursor, limit)


@router.get("/calls/active")
async def active(user: UserOrVisitor, parts: PartsOf) -> ActiveCall:
    """The call that the user is in, or is calling with."""
    call = await parts.switchboard.active_call(user.uid)
    return ActiveCall(None if call is None else await _item(parts, call))


@router.delete("/calls/active", status_code=204)
async def clear_active(user: UserOrVisitor, parts: PartsOf) -> None:
    """Leave the active call, or give it up. Idempotent."""
    await parts.switchboard.clear_active_call(user.uid)


@router.get("/calls/{session_id}")
async def get(session_id: Session, user: UserOrVisitor, parts: PartsOf) -> CallItem:
    """A call that the user is or was a part of."""
    return await _item(parts, await parts.switchboard.call(session_id, user.uid))


@router.post("/calls/{session_id}/accept")
async def accept(
    session_id: Session, body: FromDevice, user: SignedInUser, parts: PartsOf
) -> CallItem:
    """Answer; or join a group's call that is on."""
    action = do.Accept(user.uid, body.device_id)
    return await _item(parts, await parts.switchboard.act(session_id, action))


@router.post("/calls/{session_id}/reject")
async def reject(session_id: Session, body: Reject, user: SignedInUser, parts: PartsOf) -> CallItem:
    """Refuse to answer."""
    action = do.Reject(user.uid, body.device_id, body.reason)
    return await _item(parts, await parts.switchboard.act(session_id, action))


@router.post("/calls/{session_id}/cancel")
async def cancel(session_id: Session, user: UserOrVisitor, parts: PartsOf) -> CallItem:
    """Give up a call that nobody has answered yet."""
    return await _item(parts, await parts.switchboard.act(session_id, do.Cancel(user.uid)))


@router.post("/calls/{session_id}/end")
async def end(session_id: Session, user: UserOrVisitor, parts: PartsOf) -> CallItem:
    """Leave a call that is on; with fewer than two left it is over."""
    return await _item(parts, await parts.switchboard.act(session_id, do.End(user.uid)))


async def _item(parts: PartsOf, call: Call) -> CallItem:
    return await item_of(parts.store, call)
