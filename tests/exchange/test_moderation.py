"""Muting another, putting one out, ending it for all: by those whose token grants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from device.errors import ExchangeError
from device.exchange.client import ExchangeAccount
from device.exchange.client.line import LineNews
from device.exchange.server.administration import add_accounts, opened
from device.exchange.server.store import Group
from device.exchange.wire import API, CallItem, User
from device.session.facts import PeerJoined, PeerLeft, PeerStateChanged, RemovedFromSession
from device.session.values import CallToken, EndReason, MediaState
from tests.exchange.conftest import PASSWORD, RunningExchange
from tests.exchange.members import Member, enter, signed_in
from tests.exchange.phones import Phone, phone

Accounts = dict[str, ExchangeAccount]
TRIO = ("door", "ana", "ben")


@pytest.fixture
async def phones(accounts: Accounts) -> AsyncIterator[dict[str, Phone]]:
    async with AsyncExitStack() as stack:
        yield {uid: await stack.enter_async_context(phone(accounts[uid])) for uid in TRIO}


@pytest.fixture
async def http(exchange: RunningExchange) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=exchange.url + API, trust_env=False, timeout=30
    ) as client:
        yield client


class Moderated:
    """A session, and those who are in it."""

    def __init__(self, http: httpx.AsyncClient, session_id: str) -> None:
        self._http = http
        self.session_id = session_id
        self.members: dict[str, Member] = {}

    async def enter(self, account: ExchangeAccount, uid: str) -> CallToken:
        token = await account.generate_token(self.session_id, await signed_in(account))
        await self.join(account, uid, token)
        return token

    async def join(self, account: ExchangeAccount, uid: str, token: CallToken) -> None:
        member = Member(account.new_call())
        member.joined = await member.call.join(token, MediaState(), False, member.facts.put_nowait)
        self.members[uid] = member

    async def does(self, by: str, method: str, path: str) -> str:
        """The code of the refusal; empty where it was done."""
        secret = self.members[by].call._secret
        headers = {"Authorization": f"Bearer {secret}"}
        answer = await self._http.request(method, path, headers=headers)
        return "" if answer.status_code == 204 else str(answer.json()["code"])


async def hears(each: Phone, name: str) -> CallItem:
    """The next news of that name."""
    async with asyncio.timeout(10):
        while True:
            fact = await each.facts.get()
            if isinstance(fact, LineNews) and fact.name == name:
                return fact.news.call


@pytest.fixture
async def moderated(
    exchange: RunningExchange, accounts: Accounts, phones: dict[str, Phone], http: httpx.AsyncClient
) -> AsyncIterator[Moderated]:
    """A group's call that Door has begun, with three in it."""
    async with opened(exchange.config.data_dir) as store:
        await store.accounts.put_group(Group("family", "Family", TRIO))
    call = await phones["door"].line.initiate("family", "group")
    for uid in ("ana", "ben"):
        await phones[uid].line.accept(call.session_id)
    made = Moderated(http, call.session_id)
    for uid in TRIO:
        await made.enter(accounts[uid], uid)
    for uid in ("door", "ana"):
        await made.members[uid].next(PeerJoined)
    yield made
    for member in made.members.values():
        await member.call.aclose()


async def test_the_one_who_began_the_call_may_moderate_and_an_admin_may_anywhere(
    exchange: RunningExchange, accounts: Accounts, moderated: Moderated
) -> None:
    granted = {uid: "moderate" in each.joined.grants for uid, each in moderated.members.items()}
    assert granted == {"door": True, "ana": False, "ben": False}
    await add_accounts(exchange.config.data_dir, {User("fay", "Fay"): PASSWORD}, "admin")
    for uid, may in (("fay", True), ("eve", False)):
        member = await enter(accounts[uid], "hall")
        assert ("moderate" in member.joined.grants) is may
        await member.call.leave()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/session/members/door/mute"),
        ("DELETE", "/session/members/door"),
        ("POST", "/session/end"),
    ],
)
async def test_nobody_else_may(
    http: httpx.AsyncClient, moderated: Moderated, method: str, path: str
) -> None:
    assert await moderated.does("ana", method, path) == "not_permitted"
    for headers in ({}, {"Authorization": "Bearer forged"}):
        answer = await http.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_in_session")
    await moderated.members["door"].call.publish_state(MediaState(video_paused=True))
    changed = await moderated.members["ana"].next(PeerStateChanged)
    assert changed == PeerStateChanged("door", MediaState(video_paused=True), "door")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("uid", ["door", "eve", "nobody"])
async def test_only_others_in_the_same_session_are_moderated(
    accounts: Accounts, moderated: Moderated, method: str, uid: str
) -> None:
    eve = await enter(accounts["eve"], "elsewhere")
    path = f"/session/members/{uid}" + ("/mute" if method == "POST" else "")
    assert await moderated.does("door", method, path) == "peer_not_in_session"
    assert eve.facts.empty()
    await eve.call.leave()


@pytest.mark.spec("3.on_user_muted_by_a_moderator")
async def test_all_hear_who_muted_whom_and_the_muted_one_may_speak_again(
    moderated: Moderated,
) -> None:
    muted = PeerStateChanged("ana", MediaState(audio_muted=True), "door")
    assert await moderated.does("door", "POST", "/session/members/ana/mute") == ""
    for member in moderated.members.values():
        assert await member.next(PeerStateChanged) == muted
    await moderated.members["ana"].call.publish_state(MediaState(audio_muted=False))
    for uid in ("door", "ben"):
        again = await moderated.members[uid].next(PeerStateChanged)
        assert again == PeerStateChanged("ana", MediaState(), "ana")


async def test_one_who_is_silent_already_is_told_that_they_are_to_be(moderated: Moderated) -> None:
    await moderated.members["ana"].call.publish_state(MediaState(audio_muted=True))
    await moderated.members["ben"].next(PeerStateChanged)
    assert await moderated.does("door", "POST", "/session/members/ana/mute") == ""
    told = await moderated.members["ana"].next(PeerStateChanged)
    assert told == PeerStateChanged("ana", MediaState(audio_muted=True), "door")
    await moderated.members["ana"].call.publish_state(MediaState(True, True))
    told = await moderated.members["ben"].next(PeerStateChanged)
    assert told == PeerStateChanged("ana", MediaState(True, True), "ana")


async def test_who_is_removed_is_out_for_good(
    accounts: Accounts, phones: dict[str, Phone], moderated: Moderated
) -> None:
    ana, session_id = accounts["ana"], moderated.session_id
    spare = await ana.generate_token(session_id, await signed_in(ana))
    assert await moderated.does("door", "DELETE", "/session/members/ana") == ""
    gone = await moderated.members["ana"].next(RemovedFromSession)
    assert gone == RemovedFromSession(EndReason.REMOVED)
    for uid in ("door", "ben"):
        left = await moderated.members[uid].next(PeerLeft)
        assert left == PeerLeft("ana", EndReason.REMOVED)
        assert (await hears(phones[uid], "left")).status == "ongoing"
    assert (await hears(phones["ana"], "ended")).status == "ongoing"
    assert await phones["ana"].line.active_call() is None
    for refused in (
        moderated.join(ana, "ana", spare),
        ana.generate_token(session_id, await signed_in(ana)),
        phones["ana"].line.accept(session_id),
    ):
        with pytest.raises(ExchangeError) as error:
            await refused
        assert error.value.code == "removed_from_session"
    assert await moderated.does("ana", "POST", "/session/end") == "not_in_session"


async def test_when_only_one_stays_the_call_is_over(
    phones: dict[str, Phone], moderated: Moderated
) -> None:
    for uid in ("ana", "ben"):
        assert await moderated.does("door", "DELETE", f"/session/members/{uid}") == ""
    over = await moderated.members["door"].next(RemovedFromSession)
    assert over == RemovedFromSession(EndReason.REMOTE_END)
    call = await phones["door"].line.register()
    assert call.active is None


async def test_in_a_room_that_is_no_call_a_new_token_is_good_again(
    exchange: RunningExchange, accounts: Accounts, http: httpx.AsyncClient
) -> None:
    await add_accounts(exchange.config.data_dir, {User("fay", "Fay"): PASSWORD}, "admin")
    eve = accounts["eve"]
    old = await eve.generate_token("hall", await signed_in(eve))
    hall = Moderated(http, "hall")
    await hall.enter(accounts["fay"], "fay")
    await hall.join(eve, "eve", old)
    assert await hall.does("fay", "DELETE", "/session/members/eve") == ""
    with pytest.raises(ExchangeError) as error:
        await hall.join(eve, "eve", old)
    assert error.value.code == "removed_from_session"
    exchange.wall.now_s += 1
    await hall.enter(eve, "eve")
    for member in hall.members.values():
        await member.call.leave()


async def test_the_end_for_all_ends_the_call_and_the_session(
    accounts: Accounts, phones: dict[str, Phone], moderated: Moderated
) -> None:
    assert await moderated.does("door", "POST", "/session/end") == ""
    for member in moderated.members.values():
        over = await member.next(RemovedFromSession)
        assert over == RemovedFromSession(EndReason.REMOTE_END)
    for uid in ("ana", "ben"):
        assert (await hears(phones[uid], "ended")).status == "ended"
    assert await phones["door"].line.active_call() is None
    with pytest.raises(ExchangeError) as error:
        await accounts["door"].generate_token(
            moderated.session_id, await signed_in(accounts["door"])
        )
    assert error.value.code == "call_terminated"
