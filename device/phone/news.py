"""From the exchange's words for a call to the phone's. Pure."""

from device.exchange import wire
from device.exchange.client.line import LineDown, LineFact, LineNews, LineRestored, LineUp
from device.phone.inputs import (
    Accepted,
    Fact,
    LineCame,
    LineReturned,
    LineWent,
    Rung,
    Standing,
    Stopped,
)
from device.phone.values import PhoneCall, Stop

_STANDINGS = {"calling": Standing.CALLING, "joined": Standing.JOINED}
_STOPS = {stop.value: stop for stop in Stop}


class Reader:
    """Reads for one device of one user."""

    def __init__(self, uid: str, device_id: str) -> None:
        self._uid = uid
        self._device_id = device_id

    def fact_of(self, told: LineFact) -> Fact | None:
        """None: nothing to a phone."""
        match told:
            case LineUp(registered=registered):
                return self._line_came(registered)
            case LineRestored():
                return LineReturned()
            case LineDown(reason=reason):
                return LineWent(str(reason))
            case LineNews(name=name, news=news):
                return self._news(name, self.call_of(news.call))

    def call_of(self, item: wire.CallItem) -> PhoneCall:
        caller = item.parties[0]
        is_outgoing = (caller.user.uid, caller.device_id) == (self._uid, self._device_id)
        return PhoneCall(
            session_id=item.session_id,
            uid=item.receiver if is_outgoing else caller.user.uid,
            name=item.receiver_name if is_outgoing else caller.user.name,
            is_group=item.receiver_type == "group",
            is_outgoing=is_outgoing,
            is_audio_only=item.call_type == "audio",
        )

    def standing_in(self, item: wire.CallItem) -> Standing:
        """This device's."""
        for party in item.parties:
            if (party.user.uid, party.device_id) == (self._uid, self._device_id):
                return _STANDINGS.get(party.standing, Standing.OUT)
        return Standing.OUT

    def _line_came(self, registered: wire.Registered) -> LineCame:
        ringing = tuple(map(self.call_of, registered.ringing))
        active = registered.active
        standing = Standing.OUT if active is None else self.standing_in(active)
        is_mine = active is not None and standing is not Standing.OUT
        mine = self.call_of(active) if active is not None and is_mine else None
        return LineCame(ringing, mine, standing)

    def _news(self, name: str, call: PhoneCall) -> Fact | None:
        if name == "incoming":
            return Rung(call)
        if name == "accepted":
            return Accepted(call)
        return Stopped(call, _STOPS[name]) if name in _STOPS else None


def over(item: wire.CallItem) -> Stop | None:
    """None: it goes on."""
    return None if item.status in ("initiated", "ongoing") else Stop(item.status)
