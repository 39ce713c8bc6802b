"""The commands of the phone, and what status and events say of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from device.control import messages
from device.errors import ControlError
from device.phone.table import Phase
from device.phone.values import Whom
from tests.control.conftest import Served, config_for, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until


@pytest.fixture
async def phone(exchange: RunningExchange, tmp_path: Path) -> AsyncIterator[Served]:
    """Without a session of its own."""
    config = config_for(exchange.url, "door", unit={}, ringing={"call": "user:ana"})
    async with serving(config, tmp_path / "phone.sock") as made:
        await up(made)
        yield made


@pytest.fixture
async def other(exchange: RunningExchange, tmp_path: Path) -> AsyncIterator[Served]:
    config = config_for(exchange.url, "ana", unit={})
    async with serving(config, tmp_path / "other.sock") as made:
        await up(made)
        yield made


async def up(unit: Served) -> None:
    await until(lambda: unit.unit.phone.state.is_line_up)


async def rings(unit: Served) -> None:
    await until(lambda: unit.unit.phone.state.phase is Phase.RINGING)


async def test_a_call_from_the_command_line_to_its_end(phone: Served, other: Served) -> None:
    called = await phone.callbox("call", "ana", "--audio")
    assert "calling" in called.stdout, called
    assert "Ana (audio)" in called.stdout
    await rings(other)
    shown = await other.callbox("status")
    assert "it rings" in shown.stdout
    assert "Door (audio)" in shown.stdout
    answered = await other.callbox("answer", "--json")
    assert json.loads(answered.stdout)["phase"] == "in_call"
    await until(lambda: phone.unit.calls.active is not None)
    told = json.loads((await phone.callbox("status", "--json")).stdout)
    assert told["phone"]["call"]["uid"] == "ana"
    assert told["call"]["is_audio_only"]
    ended = await phone.callbox("end")
    assert (ended.returncode, ended.stdout) == (0, "The call is over.\n")
    await until(lambda: other.unit.phone.state.phase is Phase.IDLE)


async def test_who_is_not_named_is_whom_the_button_calls(phone: Served, other: Served) -> None:
    assert (await phone.ask(messages.Call)).call.uid == "ana"
    await rings(other)
    assert (await other.ask(messages.RejectCall)).phase is Phase.IDLE
    await until(lambda: phone.unit.phone.state.call is None)
    with pytest.raises(ControlError, match="under"):
        await other.ask(messages.Call)


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        (messages.AnswerCall, {}, "not_available"),
        (messages.RejectCall, {}, "not_available"),
        (messages.End, {}, "not_in_session"),
        (messages.Call, {"whom": Whom("nobody")}, "callee_unknown"),
        (messages.Call, {"whom": Whom("ana")}, "callee_not_reachable"),
        (messages.Call, {"whom": Whom("door")}, "own_call"),
        (messages.Join, {}, "session_id_empty"),
    ],
)
async def test_what_cannot_be_is_refused(
    phone: Served, command: type[messages.Ask], fields: dict[str, Whom], code: str
) -> None:
    with pytest.raises(ControlError) as caught:
        await phone.ask(command, **fields)
    assert caught.value.code == code


async def test_end_cancels_what_rings(phone: Served, other: Served) -> None:
    await phone.ask(messages.Call, whom=Whom("ana"))
    await rings(other)
    await phone.ask(messages.End)
    await until(lambda: other.unit.phone.state.phase is Phase.IDLE)


async def test_do_not_disturb_is_shown(phone: Served) -> None:
    assert "not to be disturbed" in (await phone.callbox("dnd", "on")).stdout
    assert (await phone.ask(messages.Status)).phone.do_not_disturb
    assert "disturb" not in (await phone.callbox("dnd", "off")).stdout


async def test_events_tell_who_rings_and_how_it_ended(phone: Served, other: Served) -> None:
    def follow() -> list[str]:
        with other.client() as client, phone.client() as caller:
            news = client.follow(messages.Follow)
            caller.ask(messages.Call)
            incoming = next(news)
            caller.ask(messages.End)
            stopped = next(news)
            assert incoming.details["call"]["name"] == "Door"
            assert stopped.details["how"] == "cancelled"
            return [incoming.event, stopped.event]

    assert await asyncio.to_thread(follow) == ["incoming_call", "ringing_stopped"]
