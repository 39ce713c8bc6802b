"""The listeners of a call, each under its id."""

import logging
from collections.abc import Callable
from dataclasses import fields

from device.session.events import METHODS, Event

logger = logging.getLogger(__name__)


class Listeners:
    """Delivers events in order. A listener that raises is logged and hurts nobody."""

    def __init__(self, on_event: Callable[[Event], None] | None = None) -> None:
        """``on_event`` hears of each event as a value, before the listeners."""
        self._on_event = on_event
        self._listeners: dict[str, object] = {}

    def add(self, listener_id: str, listener: object) -> None:
        """Register; the same id replaces. Raises ValueError for an empty id."""
        if not listener_id:
            raise ValueError("a listener needs an id")
        self._listeners[listener_id] = listener

    def remove(self, listener_id: str) -> None:
        """An id that is not there is passed over."""
        self._listeners.pop(listener_id, None)

    def deliver(self, event: Event) -> None:
        """To each listener that has the event's method, in the order of registration."""
        if self._on_event is not None:
            _safely("on_event", METHODS[type(event)], self._on_event, event)
        arguments = [getattr(event, spec.name) for spec in fields(event)]
        for listener_id, listener in list(self._listeners.items()):
            method = getattr(listener, METHODS[type(event)], None)
            if method is not None:
                _safely(listener_id, METHODS[type(event)], method, *arguments)


def _safely(who: str, what: str, method: Callable[..., object], *arguments: object) -> None:
    try:
        method(*arguments)
    except Exception:
        logger.exception("the listener %r failed in %s", who, what)
