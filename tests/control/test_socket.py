"""A running unit over its real socket: what is asked is done, what is nonsense hurts nobody."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from device.control import client, messages, server
from device.control.client import ControlClient
from device.control.messages import CameraWish
from device.control.readings import UnitReading, Verdict
from device.errors import ControlError, UnitSilent, UnitUnreachable
from device.session.table import Phase
from device.unit_port import served
from hal import AudioMode, Button, Facing
from hal.buttons.simulated import SimulatedButtons
from tests.control.conftest import Served, config_for, serving
from tests.exchange.conftest import RunningExchange
from tests.media.world import until


async def exchanged(unit: Served, sent: bytes, end: bool = True) -> list[dict[str, Any]]:
    """What the unit says to these bytes, until it hangs up."""
    reader, writer = await asyncio.open_unix_connection(unit.socket)
    try:
        writer.write(sent)
        if end:
            writer.write_eof()
        said = await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
    return [json.loads(line) for line in said.splitlines()]


async def test_the_status_has_everything(door: Served, ana: Served) -> None:
    reading: UnitReading = await door.ask(messages.Status)
    assert reading.call is not None
    assert reading.call.phase is Phase.ACTIVE
    assert reading.call.session == reading.session == "hall"
    assert reading.call.camera is Facing.FRONT
    assert [peer.uid for peer in reading.call.peers] == ["ana"]
    assert reading.media is not None
    assert [peer.uid for peer in reading.media.peers] == ["ana"]
    assert reading.board.temperature_c == 45
    assert reading.process.pid == os.getpid()
    assert reading.process.memory_bytes > 1_000_000


async def test_a_call_is_steered(door: Served) -> None:
    assert (await door.ask(messages.Mute, muted=True)).is_muted
    assert not (await door.ask(messages.Mute)).is_muted
    assert (await door.ask(messages.Camera, wish=CameraWish.SWITCH)).camera is Facing.REAR
    assert (await door.ask(messages.Camera, wish=CameraWish.OFF)).camera is None
    assert (await door.ask(messages.Camera, wish=CameraWish.FRONT)).camera is Facing.FRONT
    assert (await door.ask(messages.Camera, wish=CameraWish.FRONT)).camera is Facing.FRONT
    assert (await door.ask(messages.Route, mode=AudioMode.EARPIECE)).route is AudioMode.EARPIECE
    assert (await door.ask(messages.Pip)).is_pip
    assert not (await door.ask(messages.Pip, shown=False)).is_pip


async def test_a_refusal_has_the_units_words(door: Served) -> None:
    with pytest.raises(ControlError, match=r"(?i)bluetooth") as caught:
        await door.ask(messages.Route, mode=AudioMode.BLUETOOTH)
    assert caught.value.code == "audio_mode_unavailable"
    with pytest.raises(ControlError, match="callbox end") as caught:
        await door.ask(messages.Join, session="attic")
    assert caught.value.code == "call_in_progress"


async def test_an_ended_unit_waits_and_is_called_again(door: Served) -> None:
    same = door.unit.calls.active
    assert (await door.ask(messages.Join)).session == "hall"
    assert door.unit.calls.active is same, "it was there already"
    await door.ask(messages.End)
    assert door.unit.calls.active is None
    assert not door.unit.hardware.camera.is_open
    with pytest.raises(ControlError, match="callbox join") as caught:
        await door.ask(messages.Mute)
    assert caught.value.code == "not_in_session"
    await until(lambda: "Waiting" in door.told[-1])
    assert (await door.ask(messages.Join, session="attic")).session == "attic"
    await door.ask(messages.End)
    assert (await door.ask(messages.Join)).session == "hall"


async def test_after_a_call_elsewhere_the_button_leads_home(
    exchange: RunningExchange, tmp_path: Path
) -> None:
    config = config_for(exchange.url, "door", hardware={"pins": {"call": 5}})
    async with serving(config, tmp_path / "door.sock") as door:

        def waits() -> int:
            return sum("Waiting" in words for words in door.told)

        await door.in_call()
        await door.ask(messages.End)
        await until(lambda: waits() == 1)
        assert (await door.ask(messages.Join, session="attic")).session == "attic"
        await door.ask(messages.End)
        await until(lambda: waits() == 2)
        assert (await door.ask(messages.Status)).session == "hall"
        buttons = door.unit.hardware.buttons
        assert isinstance(buttons, SimulatedButtons)
        buttons.tap(Button.CALL)
        await door.in_call()
        call = door.unit.calls.active
        assert call is not None
        assert call.session_id == "hall"


async def test_a_unit_that_tries_in_vain_gives_up_when_told(
    exchange: RunningExchange, tmp_path: Path
) -> None:
    await exchange.stop()
    async with serving(config_for(exchange.url, "door"), tmp_path / "door.sock") as door:
        await until(lambda: any("Trying again" in words for words in door.told))
        await door.ask(messages.End)
        await until(lambda: "Waiting" in door.told[-1])
        with pytest.raises(ControlError, match="callbox join"):
            await door.ask(messages.End)
        with pytest.raises(ControlError) as caught:
            await door.ask(messages.Join)
        assert caught.value.code == "exchange_unreachable"
        await exchange.start()
        assert (await door.ask(messages.Join)).session == "hall"


async def test_events_reach_who_follows(door: Served) -> None:
    def follow() -> list[str]:
        with door.client() as client, door.client() as other:
            news = client.follow(messages.Follow)
            other.ask(messages.Mute, muted=True)
            muted = next(news)
            other.ask(messages.End)
            ended = next(one for one in news if one.event == "session_ended")
            other.ask(messages.Join)
            joined = next(news)
            assert muted.details["participant"]["uid"] == "door"
            assert muted.details["muted"] is True
            assert ended.details == {"reason": "local_end"}
            return [muted.event, ended.event, joined.event]

    heard = await asyncio.to_thread(follow)
    assert heard[:2] == ["user_muted", "session_ended"]
    assert heard[2] in ("user_list_changed", "audio_mode_changed"), "the first of the next call"


async def test_presses_reach_who_follows(door: Served) -> None:
    buttons = door.unit.hardware.buttons
    assert isinstance(buttons, SimulatedButtons)

    def follow() -> tuple[str, str]:
        with door.client() as client:
            news = client.follow(messages.FollowButtons)
            buttons.tap(Button.MUTE)
            first, second = next(news), next(news)
            return first.edge.value, second.edge.value

    assert await asyncio.to_thread(follow) == ("pressed", "released")


async def test_nonsense_gets_an_error_and_the_next_request_its_answer(door: Served) -> None:
    lines = [b"\xff\xfe", b"{", b'{"do":"mute","id":7,"muted":1}', b'{"do":"status","id":8}']
    *refused, answered = await spoken(door, lines)
    assert [one["code"] for one in refused] == ["request_malformed"] * 3
    assert [one["id"] for one in refused] == [None, None, 7]
    assert (answered["kind"], answered["id"]) == ("answer", 8)


async def spoken(unit: Served, lines: list[bytes]) -> list[dict[str, Any]]:
    """One reply to each line, on one connection."""
    reader, writer = await asyncio.open_unix_connection(unit.socket)
    try:
        writer.write(b"\n".join(lines) + b"\n")
        return [json.loads(await asyncio.wait_for(reader.readline(), 10)) for _ in lines]
    finally:
        writer.close()


async def test_a_line_without_end_or_measure_is_refused(door: Served) -> None:
    (cut,) = await exchanged(door, b'{"do":"mute","id":1')
    assert cut["code"] == "request_cut_off"
    (long,) = await exchanged(door, b"x" * (4 * messages.MAX_LINE_BYTES), end=False)
    assert long["code"] == "request_too_long"
    call = door.unit.calls.active
    assert call is not None
    assert call.snapshot.phase is Phase.ACTIVE
    assert not call.snapshot.muted


async def test_there_are_bounds(door: Served) -> None:
    follows = [
        messages.line_of(messages.Follow(id=number)).rstrip()
        for number in range(server.MOST_REQUESTS + 1)
    ]
    replies = await spoken(door, follows)
    assert [one["id"] for one in replies if one["kind"] == "refusal"] == [server.MOST_REQUESTS]
    await until(lambda: "control-connection" not in {one.get_name() for one in asyncio.all_tasks()})
    clients = [door.client() for _ in range(server.MOST_CONNECTIONS)]
    try:
        for client in clients:
            await asyncio.to_thread(client.ask, messages.Status)
        with pytest.raises(ControlError, match="connections"):
            await door.ask(messages.Status)
    finally:
        for client in clients:
            client.__exit__(None, None, None)


async def test_of_a_burst_only_what_is_too_much_is_refused(door: Served) -> None:
    more = 8
    # All are in the queue before the unit's loop, which is this one, takes the first.
    clients = [door.client() for _ in range(server.MOST_CONNECTIONS + more)]

    def answers(one: ControlClient) -> bool:
        try:
            return bool(one.ask(messages.Status))
        except ControlError as error:
            if error.code != "too_many":
                raise
            return False

    try:
        told = [await asyncio.to_thread(answers, one) for one in clients]
    finally:
        for one in clients:
            one.__exit__(None, None, None)
    assert told == [True] * server.MOST_CONNECTIONS + [False] * more


async def test_who_asks_nothing_is_hung_up_on_and_who_follows_is_not(
    door: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "IDLE_S", 0.2)
    reader, follower = await asyncio.open_unix_connection(door.socket)
    follower.write(messages.line_of(messages.Follow(id=1)))
    assert json.loads(await asyncio.wait_for(reader.readline(), 10))["kind"] == "answer"
    assert await exchanged(door, b"", end=False) == []
    assert await exchanged(door, b'{"do":"sta', end=False) == []
    (answer,) = await exchanged(door, messages.line_of(messages.Status(id=2)), end=False)
    assert answer["id"] == 2
    await door.ask(messages.Mute, muted=True)
    async with asyncio.timeout(10):
        while json.loads(await reader.readline())["body"]["event"] != "user_muted":
            pass
    follower.close()


async def test_a_unit_that_is_silent_is_given_up_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.STATUS_WITHIN_S <= 5
    monkeypatch.setattr(client, "STATUS_WITHIN_S", 0.2)
    with socket.socket(socket.AF_UNIX) as stopped:
        stopped.bind(str(tmp_path / "stopped.sock"))
        stopped.listen(0)
        with ControlClient(tmp_path / "stopped.sock") as unit:
            with pytest.raises(UnitSilent, match=r"did not answer within .* journalctl"):
                unit.ask(messages.Status)
            with pytest.raises(UnitSilent, match="did not answer"):  # its queue is full
                ControlClient(tmp_path / "stopped.sock")


async def test_the_socket_is_for_owner_and_group(door: Served) -> None:
    assert stat.S_IMODE(door.socket.stat().st_mode) == 0o660


async def test_a_second_unit_does_not_take_the_socket(door: Served) -> None:
    with pytest.raises(ControlError, match="runs here already"):
        async with served(door.unit, door.socket):
            pass
    assert (await door.ask(messages.Status)).version


async def test_what_a_killed_unit_left_is_replaced(door: Served, tmp_path: Path) -> None:
    stale = tmp_path / "stale.sock"
    server._bound(stale).close()
    assert stale.is_socket()
    async with served(door.unit, stale):
        assert (await Served(door.unit, stale, []).ask(messages.Status)).version
    assert not stale.exists()


async def test_without_a_folder_the_unit_goes_on_and_says_so(door: Served, tmp_path: Path) -> None:
    async with served(door.unit, tmp_path / "none" / "control.sock"):
        assert "--socket" in door.told[-1]


async def test_who_finds_no_unit_is_told_what_to_do(door: Served, tmp_path: Path) -> None:
    with pytest.raises(UnitUnreachable, match="systemctl start callbox"):
        ControlClient(tmp_path / "nobody.sock")


async def test_the_doctor_leaves_a_call_alone(door: Served) -> None:
    call = door.unit.calls.active
    found = {check.part: check for check in await door.ask(messages.CheckHardware)}
    assert door.unit.calls.active is call
    assert found["camera"].verdict is Verdict.OK
    assert "in use by the call" in found["sound"].seen
    assert found["buttons"].verdict is found["outputs"].verdict is Verdict.OK


async def test_the_doctor_opens_everything_without_a_call(door: Served) -> None:
    await door.ask(messages.End)
    found = {check.part: check for check in await door.ask(messages.CheckHardware)}
    assert found.pop("storage").verdict is Verdict.SKIPPED
    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert {"camera front", "camera rear", "sound speaker", "microphone speaker"} <= set(found)
    assert not door.unit.hardware.camera.is_open
