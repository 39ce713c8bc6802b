"""Routes of the directory: whom one can call, and who is there."""

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from device.exchange.server.accounts import PartsOf, SignedInUser, StillSignedIn
from device.exchange.server.event_stream import STREAMED, EventStream, LastEventId
from device.exchange.server.refusal import refusals
from device.exchange.wire import Directory

router = APIRouter(
    tags=["directory"],
    responses=refusals(401, 403, 409, 422),
)


@router.get("/directory", response_model=Directory)
async def directory(user: SignedInUser, parts: PartsOf) -> Response:
    """Whom one can call, without oneself; half a second old at most."""
    # It is JSON already: made once, and not for each of thousands who ask.
    return Response(await parts.directory.directory(user.uid), media_type="application/json")


@router.get("/directory/events", response_class=StreamingResponse, responses=STREAMED)
async def events(
    user: SignedInUser, may_listen: StillSignedIn, parts: PartsOf, last_event_id: LastEventId = 0
) -> EventStream:
    """The directory, and then what changes in it, as a stream (text/event-stream)."""
    keepalive_s = parts.config.keepalive_s
    return EventStream(parts.directory.watch(user.uid, last_event_id, keepalive_s, may_listen))
