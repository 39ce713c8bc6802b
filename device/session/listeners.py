"""The listeners of a call, each under its id."""

import logging
from dataclasses import fields

from device.session.events import METHODS, Event

logger = logging.getLogger(__name__)


class Listeners:
    """Delivers events in order. A listener that raises is logged and hurts nobody."""

    def __init__(self) -> None:
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
        arguments = [getattr(event, spec.name) for spec in fields(event)]
        for listener_id, listener in list(self._listeners.items()):
            method = getattr(listener, METHODS[type(event)], None)
            if method is None:
                continue
            try:
                method(*arguments)
            except Exception:
                logger.exception("the listener %r failed in %s", listener_id, METHODS[type(event)])
