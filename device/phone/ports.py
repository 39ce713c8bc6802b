"""What a phone needs of its unit, as protocols."""

from typing import Protocol

from device.phone.values import Tone
from device.session.call import CallSession
from device.session.values import CallToken


class Sessions(Protocol):
    """The sessions of the unit, of which it is in one at a time."""

    def hold(self, is_held: bool) -> None:
        """While it is held, the unit begins no session by itself."""

    async def enter(self, token: CallToken, audio_only: bool) -> CallSession:
        """Join; whatever session is on ends first. Raises CallError and ExchangeError kinds."""


class Tones(Protocol):
    """Where the tones are heard."""

    def play(self, tone: Tone | None) -> None:
        """From now on; None: silence. Returns at once."""

    async def run(self) -> None:
        """Until cancelled; then it is silent."""
