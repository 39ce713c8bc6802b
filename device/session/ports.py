"""What a call needs of the world, as protocols: media, exchange, clock.

A port's command returns when it is done and raises when it could not be; what the world reports by
itself comes as a fact through ``report``, which may be called from the event loop only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from device.session.facts import ExchangeFact, MediaFact
from device.session.values import CallToken, MediaState, Participant, Signal
from hal import AudioDevice, AudioMode, Facing

ReportMedia = Callable[[MediaFact], None]
ReportExchange = Callable[[ExchangeFact], None]


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A participant who is in the session. ``we_offer``: this unit makes the offer to them."""

    participant: Participant
    state: MediaState
    we_offer: bool


@dataclass(frozen=True, slots=True)
class JoinedSession:
    """The exchange's answer to a join."""

    session_id: str
    me: Participant
    others: tuple[RosterEntry, ...]
    grants: frozenset[str]
    audio_only: bool
    ice_servers: tuple["IceServer", ...] = ()


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server as RFC 8656's users know it."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


class MediaPort(Protocol):
    """The media engine as one call sees it."""

    @property
    def devices(self) -> tuple[AudioDevice, ...]:
        """Routes present, latest connected last. Valid before ``open``, too."""

    @property
    def facings(self) -> tuple[Facing, ...]:
        """Cameras present. Valid before ``open``, too. Asked in a thread: may take half a second."""

    def attach(self, report: ReportMedia) -> None:
        """Where facts go from now on; called once, before anything else is asked."""

    async def open(self, mode: AudioMode, muted: bool) -> None:
        """Open microphone and route. Raises AudioUnavailable."""

    def use_ice_servers(self, servers: tuple[IceServer, ...]) -> None:
        """Which STUN and TURN servers links made from now on use."""

    async def set_microphone_muted(self, muted: bool) -> None:
        """When it returns with True, no further sample of the microphone leaves the unit."""

    async def open_camera(self, facing: Facing) -> None:
        """Start the camera and send it to every peer. Raises CameraUnavailable."""

    async def close_camera(self) -> None:
        """Stop the sensor; idempotent."""

    async def switch_camera(self, facing: Facing) -> None:
        """Raises CameraUnavailable; the old camera then goes on."""

    async def select_route(self, mode: AudioMode) -> None:
        """Raises AudioUnavailable; the old route then goes on."""

    async def connect_peer(self, uid: str, offer: bool) -> None:
        """Begin a link to a participant: make the offer, or wait for theirs. Replaces an old one."""

    async def deliver_signal(self, signal: Signal) -> None:
        """A signal from a peer. A malformed or stale one raises MediaError, touching no other link."""

    async def disconnect_peer(self, uid: str) -> None:
        """Idempotent."""

    async def aclose(self) -> None:
        """Free camera, microphone, route, links, threads and tasks within a second. Idempotent."""


class ExchangePort(Protocol):
    """The call service as one call sees it."""

    async def join(
        self, token: CallToken, state: MediaState, audio_only: bool, report: ReportExchange
    ) -> JoinedSession:
        """Enter the session; from then on events are reported, in order, none lost or repeated, over
        any number of broken connections. Raises TokenRefused, ExchangeUnreachable, ExchangeError."""

    async def send_signal(self, signal: Signal) -> None:
        """Raises ExchangeError."""

    async def publish_state(self, state: MediaState) -> None:
        """Tell the others what we show and let hear. Raises ExchangeError."""

    async def request_video(self) -> None:
        """Ask for the audio call to become a video call. Raises ExchangeError."""

    async def accept_video(self) -> None:
        """Agree to the other side's request. Raises ExchangeError."""

    async def leave(self) -> None:
        """Leave; gives up by itself after half a second without an answer. Idempotent."""

    async def aclose(self) -> None:
        """Free sockets and tasks. Idempotent."""


class Timer(Protocol):
    """A pending call."""

    def cancel(self) -> None:
        """Idempotent."""


class Clock(Protocol):
    """Monotonic time, and calls at a time. asyncio's loop in life, a hand-turned one in tests."""

    def now_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def call_at(self, when_s: float, callback: Callable[[], None]) -> Timer:
        """Call back in the event loop at ``when_s`` or as soon after as may be."""
