"""What the control socket needs of the unit that it speaks for."""

from collections.abc import Callable
from typing import Protocol

from device.control.readings import Check, DoorReading, SoundNews, StillReading, UnitReading
from device.session.call import CallSession
from device.session.events import Event
from device.session.facts import ButtonReported
from hal import Facing

Stop = Callable[[], None]


class UnitPort(Protocol):
    """A running unit."""

    @property
    def active_call(self) -> CallSession | None:
        """The call that is on."""

    def reading(self) -> UnitReading:
        """All that the unit knows of itself."""

    async def call(self, session: str | None) -> CallSession:
        """Be in this session, or in the configured one, and stay there; in it already, nothing happens.

        Raises CallInProgress in another one, ExchangeError and CallError kinds.
        """

    async def end(self) -> None:
        """Leave the session, or give up trying to be in it. Raises NotInSession at neither."""

    def watch_events(self, on_event: Callable[[Event], None]) -> Stop:
        """Hear of every event of every call, in the event loop. Returns what stops it."""

    def watch_buttons(self, on_button: Callable[[ButtonReported], None]) -> Stop:
        """Hear of every edge, in the event loop. Returns what stops it."""

    async def snapshot(self, facing: Facing | None) -> StillReading:
        """Of the camera in use, else of the first. Raises CameraUnavailable, NotAvailable while a call
        keeps the camera closed."""

    async def play_tones(self, tell: Callable[[SoundNews], None]) -> None:
        """On each route in turn. Raises CallInProgress during a call."""

    async def open_door(self) -> DoorReading:
        """For the configured time. Raises OutputsUnavailable, also where there is no relay."""

    async def check_hardware(self) -> list[Check]:
        """Look at each part of the hardware, without disturbing a call."""
