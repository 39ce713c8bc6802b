"""Sessions at a real exchange over real sockets, as units see them."""

import pytest

from device.errors import ExchangeError
from device.exchange.client import ExchangeAccount
from device.exchange.wire import GONE_AFTER_S
from device.session.facts import (
    PeerJoined,
    PeerLeft,
    PeerStateChanged,
    RemovedFromSession,
    SignalReceived,
    SwitchedToVideo,
    VideoRequested,
)
from device.session.values import EndReason, MediaState, Signal, SignalKind
from tests.exchange.conftest import RunningExchange
from tests.exchange.members import enter, until

Accounts = dict[str, ExchangeAccount]


async def test_two_members_meet_and_signal(accounts: Accounts) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    came = await door.next(PeerJoined)
    assert (came.participant.uid, came.we_offer) == ("ana", False)
    assert [entry.we_offer for entry in ana.joined.others] == [True]
    await ana.call.send_signal(Signal("door", "l1", SignalKind.CANDIDATE, ""))
    got = await door.next(SignalReceived)
    assert got.signal == Signal("ana", "l1", SignalKind.CANDIDATE, "")
    await ana.call.leave()
    assert await door.next(PeerLeft) == PeerLeft("ana", EndReason.REMOTE_END)
    await ana.call.leave()
    await door.call.leave()


async def test_states_are_told_to_the_others(accounts: Accounts) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    await ana.call.publish_state(MediaState(audio_muted=True))
    changed = await door.next(PeerStateChanged)
    assert changed == PeerStateChanged("ana", MediaState(audio_muted=True), "ana")
    ben = await enter(accounts["ben"])
    states = {entry.participant.uid: entry.state for entry in ben.joined.others}
    assert states == {"door": MediaState(), "ana": MediaState(audio_muted=True)}
    for member in (door, ana, ben):
        await member.call.leave()


async def test_joining_again_replaces_the_former_membership(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    door, first = await enter(accounts["door"]), await enter(accounts["ana"])
    await until(lambda: exchange.clock.pending == 0)  # both listen
    second = await enter(accounts["ana"])
    assert await first.next(RemovedFromSession) == RemovedFromSession(EndReason.REPLACED)
    assert await door.next(PeerLeft) == PeerLeft("ana", EndReason.REPLACED)
    assert (await door.next(PeerJoined)).participant.uid == "ana"
    with pytest.raises(ExchangeError) as caught:
        await first.call.publish_state(MediaState(True, True))
    assert caught.value.code == "not_in_session"
    for member in (door, first, second):
        await member.call.leave()


async def test_a_fifth_member_is_refused_and_the_four_go_on(accounts: Accounts) -> None:
    members = [await enter(accounts[uid]) for uid in ("door", "ana", "ben", "eve")]
    with pytest.raises(ExchangeError) as caught:
        await enter(accounts["fay"])
    assert caught.value.code == "session_full"
    await members[1].call.publish_state(MediaState(audio_muted=True))
    assert (await members[0].next(PeerStateChanged)).uid == "ana"
    for member in members:
        await member.call.leave()


async def test_an_audio_session_becomes_a_video_session(accounts: Accounts) -> None:
    door = await enter(accounts["door"], audio_only=True)
    ana = await enter(accounts["ana"])
    assert ana.joined.audio_only
    with pytest.raises(ExchangeError) as caught:
        await door.call.accept_video()
    assert caught.value.code == "no_video_request"
    await ana.call.request_video()
    assert await door.next(SwitchedToVideo) == SwitchedToVideo("ana", None)
    assert await door.next(VideoRequested) == VideoRequested("ana")
    await door.call.accept_video()
    await ana.next(SwitchedToVideo)
    assert await ana.next(SwitchedToVideo) == SwitchedToVideo("ana", "door")
    ben = await enter(accounts["ben"])
    assert not ben.joined.audio_only
    for member in (door, ana, ben):
        await member.call.leave()


async def test_who_is_away_for_too_long_has_left(
    exchange: RunningExchange, accounts: Accounts
) -> None:
    door, ana = await enter(accounts["door"]), await enter(accounts["ana"])
    await until(lambda: exchange.clock.pending == 0)
    await ana.call.aclose()  # the process is killed, say: no word of leaving
    await until(lambda: exchange.clock.pending == 1)
    exchange.clock.turn(GONE_AFTER_S - 0.1)
    await door.call.publish_state(MediaState(audio_muted=True))  # ana is told, so still in
    assert door.facts.empty() or isinstance(door.facts.get_nowait(), PeerJoined)
    assert door.facts.empty()
    exchange.clock.turn(0.2)
    assert await door.next(PeerLeft) == PeerLeft("ana", EndReason.CONNECTION_LOST)
    with pytest.raises(ExchangeError) as caught:
        await ana.call.publish_state(MediaState(audio_muted=True))
    assert caught.value.code == "not_in_session"
    await door.call.leave()
