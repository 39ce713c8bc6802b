"""What the control socket needs of the unit that it speaks for."""

from collections.abc import Callable
from typing import Protocol

from device.control.readings import (
    Check,
    DoorReading,
    PhoneReading,
    SoundNews,
    StillReading,
    UnitReading,
)
from device.phone.events import PhoneEvent
from device.phone.values import Whom
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

    async def join(self, session: str | None) -> CallSession:
        """Be in this session, or in the configured one, and stay there; in it already, nothing happens.

        Raises CallInProgress in another one, ExchangeError and CallError kinds.
        """

    async def call(self, whom: Whom | None, audio_only: bool | None) -> PhoneReading:
        """Ring somebody, else whom [ringing] names. Raises CallInProgress, NotAvailable where it names
        nobody, ExchangeError."""

    async def answer(self) -> PhoneReading:
        """Raises NotAvailable when nobody rings, ExchangeError."""

    async def reject(self) -> PhoneReading:
        """Raises NotAvailable when nobody rings."""

    async def set_do_not_disturb(self, on: bool) -> PhoneReading:
        """Whether the unit is to be silent."""

    async def end(self) -> None:
        """End what the phone does, else leave the session, or give up trying to be in it. Raises
        NotInSession where there is nothing to end."""

    def watch_events(self, on_event: Callable[[Event | PhoneEvent], None]) -> Stop:
        """Hear of every event of every call and of the phone, in the event loop. Returns what stops
        it."""

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
