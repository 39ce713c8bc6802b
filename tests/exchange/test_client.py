"""The unit's client against a real exchange over real sockets."""

import asyncio

from device.exchange.client import ExchangeAccount, ExchangeCall
from device.session.facts import ExchangeFact, PeerJoined, PeerLeft, SignalReceived
from device.session.ports import JoinedSession
from device.session.values import EndReason, MediaState, Signal, SignalKind
from tests.exchange.conftest import RunningExchange


class Member:
    """One member of a session and the facts that they got."""

    def __init__(self, call: ExchangeCall) -> None:
        self.call = call
        self.facts: asyncio.Queue[ExchangeFact] = asyncio.Queue()
        self.joined: JoinedSession

    async def next(self) -> ExchangeFact:
        return await asyncio.wait_for(self.facts.get(), 10)


async def enter(account: ExchangeAccount, session_id: str = "hall") -> Member:
    token = await account.generate_token(session_id, await account.sign_in())
    member = Member(account.new_call())
    member.joined = await member.call.join(token, MediaState(), False, member.facts.put_nowait)
    return member


async def test_two_members_meet_and_signal(
    exchange: RunningExchange, accounts: dict[str, ExchangeAccount]
) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    came = await door.next()
    assert isinstance(came, PeerJoined)
    assert (came.participant.uid, came.we_offer) == ("ana", False)
    assert [entry.we_offer for entry in ana.joined.others] == [True]
    signal = Signal("door", "l1", SignalKind.CANDIDATE, "")
    await ana.call.send_signal(signal)
    assert await door.next() == SignalReceived(Signal("ana", "l1", SignalKind.CANDIDATE, ""))
    await ana.call.leave()
    assert await door.next() == PeerLeft("ana", EndReason.REMOTE_END)
    await door.call.leave()
