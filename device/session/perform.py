"""Does the effects of a step through the ports, and says what came of each."""

from collections.abc import Callable
from enum import Enum

from device.session import effects, outcomes
from device.session.effects import DeviceEffect, Effect, ExchangeEffect, LinkEffect
from device.session.ports import ExchangePort, MediaPort
from device.session.step import Input


class LaneName(Enum):
    """Effects of one lane are done one after another, lanes side by side."""

    MICROPHONE = "microphone"
    DEVICES = "devices"
    LINKS = "links"
    EXCHANGE = "exchange"


def lane_of(effect: Effect) -> LaneName:
    """A mute waits for no other device."""
    if isinstance(effect, effects.SetMicrophone):
        return LaneName.MICROPHONE
    if isinstance(effect, ExchangeEffect):
        return LaneName.EXCHANGE
    return LaneName.LINKS if isinstance(effect, LinkEffect) else LaneName.DEVICES


class Performer:
    """``report`` is handed to the ports for what the world reports by itself."""

    def __init__(
        self, media: MediaPort, exchange: ExchangePort, report: Callable[[Input], None]
    ) -> None:
        self._media = media
        self._exchange = exchange
        self._report = report
        media.attach(report)

    async def perform(self, effect: Effect) -> Input | None:
        """Returns the outcome, None where success says nothing. Raises what the port raises."""
        if isinstance(effect, DeviceEffect):
            return await self._device(effect)
        if isinstance(effect, LinkEffect):
            await self._link(effect)
            return None
        if isinstance(effect, ExchangeEffect):
            return await self._tell_exchange(effect)
        raise TypeError(f"{type(effect).__name__} is not for a port")

    async def _device(self, effect: DeviceEffect) -> Input:
        match effect:
            case effects.OpenSound(mode):
                await self._media.open(mode, muted=True)
                return outcomes.SoundOpened(mode)
            case effects.SetMicrophone(muted):
                await self._media.set_microphone_muted(muted)
                return outcomes.MicrophoneSet(muted)
            case effects.SelectRoute(mode):
                await self._media.select_route(mode)
                return outcomes.RouteSelected(mode)
            case effects.OpenCamera(facing):
                await self._media.open_camera(facing)
                return outcomes.CameraOpened(facing)
            case effects.MoveCamera(facing):
                await self._media.switch_camera(facing)
                return outcomes.CameraMoved(facing)
            case effects.CloseCamera():
                await self._media.close_camera()
                return outcomes.CameraClosed()

    async def _link(self, effect: LinkEffect) -> None:
        match effect:
            case effects.UseIceServers(servers):
                self._media.use_ice_servers(servers)
            case effects.ConnectPeer(uid, offer):
                await self._media.connect_peer(uid, offer)
            case effects.DeliverSignal(signal):
                await self._media.deliver_signal(signal)
            case effects.DisconnectPeer(uid):
                await self._media.disconnect_peer(uid)

    async def _tell_exchange(self, effect: ExchangeEffect) -> Input | None:
        match effect:
            case effects.JoinExchange(token, state, audio_only):
                joined = await self._exchange.join(token, state, audio_only, self._report)
                return outcomes.Joined(joined)
            case effects.PublishState(state):
                await self._exchange.publish_state(state)
            case effects.RequestVideo():
                await self._exchange.request_video()
                return outcomes.VideoCallAgreed()
            case effects.AcceptVideo():
                await self._exchange.accept_video()
                return outcomes.VideoCallAgreed()
            case effects.SendSignal(signal):
                await self._exchange.send_signal(signal)
        return None
