"""A refusal on its way to becoming a Problem."""

from device.exchange.wire import CODES, Problem


class Refusal(Exception):
    """``code`` is one of wire.CODES; the message is for a person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = CODES[code]

    @property
    def problem(self) -> Problem:
        return Problem(self.code, str(self))
