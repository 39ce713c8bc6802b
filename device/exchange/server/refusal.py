"""A refusal on its way to becoming a Problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from device.errors import ConfigError
from device.exchange.wire import CODES, Problem


class Refusal(Exception):
    """``code`` is one of wire.CODES; the message is for a person. ``retry_after_s``: how long to wait
    before it makes sense to ask again."""

    def __init__(self, code: str, message: str, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = CODES[code]
        self.retry_after_s = retry_after_s

    @property
    def problem(self) -> Problem:
        return Problem(self.code, str(self))


@contextmanager
def as_refusal() -> Iterator[None]:
    """What a person may not choose (ConfigError) is refused as body_invalid."""
    try:
        yield
    except ConfigError as error:
        raise Refusal("body_invalid", str(error)) from None


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The statuses with which routes may refuse, for their documentation."""
    documented: dict[int | str, dict[str, Any]] = {each: {"model": Problem} for each in statuses}
    if 429 in documented:
        seconds = {"description": "Seconds to wait", "schema": {"type": "integer"}}
        documented[429]["headers"] = {"Retry-After": seconds}
    return documented
