"""Events as a browser reads them: text/event-stream (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import StreamingResponse
from starlette.types import Send

from device.exchange.server.store import Event

LastEventId = Annotated[int, Header(ge=0, le=2**53)]

MayListen = Callable[[], Awaitable[bool]]
"""Whether who listens is still signed in."""

Told = Event | Sequence[Event] | None
"""One event, or several that are sent together; None: nothing, to keep the line warm."""

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
"""How a route that gives one is documented."""


class EventStream(StreamingResponse):
    """Ends its generator at once when the line breaks, so that who listened counts as absent."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[Told, None]) -> None:
        self._content = _lines(events)
        super().__init__(self._content, headers={"X-Accel-Buffering": "no"})

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._content):
            await super().stream_response(send)


async def while_allowed(
    events: AsyncGenerator[Event | None, None], may_listen: MayListen
) -> AsyncGenerator[Event | None, None]:
    """The events, for as long as who listens may; that they were put out they may always hear."""
    async with aclosing(events):
        async for event in events:
            is_farewell = event is not None and event.name == "removed"
            if not is_farewell and not await may_listen():
                return
            yield event


async def _lines(events: AsyncGenerator[Told, None]) -> AsyncGenerator[str, None]:
    yield ": welcome\n\n"
    async with aclosing(events):
        async for told in events:
            if told is None:
                yield ": still here\n\n"
            elif isinstance(told, Event):
                yield _text(told)
            else:
                yield "".join(_text(event) for event in told)


def _text(event: Event) -> str:
    return f"id: {event.number}\nevent: {event.name}\ndata: {event.data}\n\n"
