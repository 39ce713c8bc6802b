"""Reads a text/event-stream line by line (WHATWG HTML, section 9.2). No I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; ``number`` is its id, None where it has none that is a number."""

    number: int | None
    name: str
    data: str


class EventParser:
    """Feed it lines without their ends; it gives an event at each blank line that ends one."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._name = "message"
        self._data: list[str] = []

    def feed(self, line: str) -> ServerEvent | None:
        """Comments and unknown fields are passed over, as the standard has it."""
        if not line:
            return self._finish()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and value.isascii() and value.isdigit():
            self._number = int(value)
        return None

    def _finish(self) -> ServerEvent | None:
        event = ServerEvent(self._number, self._name, "\n".join(self._data))
        is_empty = not self._data
        self._number, self._name, self._data = None, "message", []
        return None if is_empty else event
