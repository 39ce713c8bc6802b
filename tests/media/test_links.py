"""Links: made, refused, lost, made anew."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from device.errors import MediaError
from device.media import mesh, peer
from device.media.rtc import ice, liveness
from device.media.rtc.datagrams import STUN_END
from device.media.rtc.liveness import DEAD_AFTER_S
from device.session.facts import PeerLinkLost, PeerLinkUp, SignalReady
from device.session.values import Signal, SignalKind
from hal import AudioMode
from tests.media.conftest import MakeStation
from tests.media.world import SMALL, Station, connect, introduce, until


def signals(station: Station, kind: SignalKind) -> list[Signal]:
    told = [fact.signal for fact in station.told(SignalReady) if isinstance(fact, SignalReady)]
    return [signal for signal in told if signal.kind is kind]


def without(sdp: str, *starts: str) -> str:
    lines = sdp.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(starts))


async def deliver(station: Station, given: list[Signal]) -> None:
    for signal in given:
        await station.engine.deliver_signal(signal)


MALFORMED: dict[str, Callable[[str], str]] = {
    "empty": lambda sdp: "",
    "prose": lambda sdp: "hello, is this the door?",
    "cut short": lambda sdp: sdp[: len(sdp) // 3],
    "binary": lambda sdp: "\0\x01\x02" * 50,
    "no media": lambda sdp: sdp[: sdp.index("m=")],
    "no ICE password": lambda sdp: without(sdp, "a=ice-pwd"),
    "no fingerprint": lambda sdp: without(sdp, "a=fingerprint"),
    "unknown fingerprint": lambda sdp: sdp.replace("sha-", "md-"),
    "no setup": lambda sdp: without(sdp, "a=setup"),
    "no RTCP mux": lambda sdp: without(sdp, "a=rtcp-mux"),
    "no codecs": lambda sdp: without(sdp, "a=rtpmap"),
    "letters for a port": lambda sdp: sdp.replace("m=audio ", "m=audio x"),
    "bad candidate": lambda sdp: sdp.replace("a=candidate:", "a=candidate:? ? ? "),
    "a thousand media": lambda sdp: sdp + sdp[sdp.index("m=audio") : sdp.index("m=video")] * 1000,
}


@pytest.mark.parametrize("how", MALFORMED)
async def test_malformed_offer_hurts_nobody(
    how: str,
    pair: tuple[Station, Station],
    caplog: pytest.LogCaptureFixture,
) -> None:
    door, hall = pair
    await door.engine.connect_peer("mallory", offer=False)
    sdp = MALFORMED[how](signals(hall, SignalKind.OFFER)[0].body)
    with pytest.raises(MediaError, match="mallory"):
        await door.engine.deliver_signal(Signal("mallory", "m1", SignalKind.OFFER, sdp))
    await door.sees("hall")
    await hall.sees("door")
    assert not door.told(PeerLinkLost) + hall.told(PeerLinkLost)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("how", MALFORMED)
async def test_malformed_offer_keeps_the_link_of_its_sender(
    how: str, pair: tuple[Station, Station]
) -> None:
    door, hall = pair

    def hall_takes() -> float | None:
        return door.engine.statistics().peers["hall"].takes_bps

    await until(lambda: hall_takes() is not None)
    (link,) = door.engine._mesh._links
    reported: list[float] = []
    link.bandwidth.on_loss_reported = reported.append  # type: ignore[method-assign]
    sdp = MALFORMED[how](signals(hall, SignalKind.OFFER)[0].body)
    with pytest.raises(MediaError):
        await door.engine.deliver_signal(Signal("hall", "m1", SignalKind.OFFER, sdp))
    governor = door.engine._governor
    assert link.bandwidth in governor._links, "it goes on to be counted"
    assert hall_takes() is not None
    assert door.engine.statistics().peers["hall"].links == 1
    await until(lambda: bool(reported))
    await door.sees("hall")
    assert not door.told(PeerLinkLost)


@pytest.mark.parametrize("how", MALFORMED)
async def test_malformed_answer(how: str, new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await door.engine.connect_peer("hall", offer=False)
    await hall.engine.connect_peer("door", offer=True)
    (offer,) = signals(hall, SignalKind.OFFER)
    await door.engine.deliver_signal(Signal("hall", offer.link, offer.kind, offer.body))
    (answer,) = signals(door, SignalKind.ANSWER)
    bad = Signal("door", offer.link, SignalKind.ANSWER, MALFORMED[how](answer.body))
    with pytest.raises(MediaError, match="door"):
        await hall.engine.deliver_signal(bad)


async def test_candidates_are_checked(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    link = signals(hall, SignalKind.OFFER)[0].link
    for line in ("nonsense", "candidate:", "candidate:1 x udp 1 127.0.0.1 9 typ host"):
        with pytest.raises(MediaError, match="malformed"):
            await door.engine.deliver_signal(Signal("hall", link, SignalKind.CANDIDATE, line))
    many = [
        Signal("hall", link, SignalKind.CANDIDATE, f"candidate:1 1 udp 1 127.0.0.1 {port} typ host")
        for port in range(1, 200)
    ]
    with pytest.raises(MediaError, match="more than"):
        await deliver(door, many)
    await door.sees("hall")


async def test_candidates_that_trickle(new_station: MakeStation) -> None:
    """As a browser sends them: after the description, or overtaking it, and last an empty one."""
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await door.engine.connect_peer("hall", offer=False)
    await hall.engine.connect_peer("door", offer=True)
    (offer,) = signals(hall, SignalKind.OFFER)
    lines = [line[2:] for line in offer.body.splitlines() if line.startswith("a=candidate")]
    bare = without(offer.body, "a=candidate", "a=end-of-candidates")
    for line in (*dict.fromkeys(lines), "candidate:1 1 udp 1 nobody.local 9 typ host", ""):
        early = Signal("hall", offer.link, SignalKind.CANDIDATE, line)
        await door.engine.deliver_signal(early)
    await door.engine.deliver_signal(Signal("hall", offer.link, SignalKind.OFFER, bare))
    (answer,) = signals(door, SignalKind.ANSWER)
    lines = [line[2:] for line in answer.body.splitlines() if line.startswith("a=candidate")]
    bare = without(answer.body, "a=candidate", "a=end-of-candidates")
    await hall.engine.deliver_signal(Signal("door", offer.link, SignalKind.ANSWER, bare))
    for line in (*dict.fromkeys(lines), ""):
        late = Signal("door", offer.link, SignalKind.CANDIDATE, line)
        await hall.engine.deliver_signal(late)
    await door.wait_up("hall")
    await hall.wait_up("door")


async def test_who_offers_is_fixed(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    offer = signals(hall, SignalKind.OFFER)[0].body
    with pytest.raises(MediaError, match="this unit's turn"):
        await hall.engine.deliver_signal(Signal("door", "other", SignalKind.OFFER, offer))
    with pytest.raises(MediaError, match="their turn"):
        await door.engine.deliver_signal(Signal("hall", "-", SignalKind.RESTART, ""))
    with pytest.raises(MediaError, match="not offered"):
        await hall.engine.deliver_signal(Signal("door", "other", SignalKind.ANSWER, offer))
    with pytest.raises(MediaError, match="no link to them is wanted"):
        await hall.engine.deliver_signal(Signal("stranger", "x", SignalKind.OFFER, offer))
    await door.sees("hall")


async def test_signals_of_an_old_link_are_dropped(pair: tuple[Station, Station]) -> None:
    door, hall = pair
    (old,) = signals(hall, SignalKind.OFFER)
    (answer,) = signals(door, SignalKind.ANSWER)
    await hall.connect("door", offer=True)  # the peer came anew
    await door.wait_up("hall", count=2)
    await hall.wait_up("door", count=2)
    for kind in (SignalKind.OFFER, SignalKind.CANDIDATE):
        await door.engine.deliver_signal(Signal("hall", old.link, kind, old.body))
    for kind in (SignalKind.ANSWER, SignalKind.RESTART):
        await hall.engine.deliver_signal(Signal("door", old.link, kind, answer.body))
    await door.sees("hall")
    await hall.sees("door")
    assert len(signals(hall, SignalKind.OFFER)) == 2
    assert len(signals(door, SignalKind.ANSWER)) == 2


def protocols(station: Station) -> list[Any]:
    """The sockets of the station's present links, as aioice has them."""
    return [
        protocol
        for link in station.engine._mesh._links
        for transceiver in link._pc.getTransceivers()[:1]  # bundled: all have the same
        for protocol in transceiver.receiver.transport.transport._connection._protocols
    ]


def pull_cable(station: Station) -> None:
    """From now on nothing of the station's present links reaches the wire."""
    for protocol in protocols(station):
        protocol.transport.sendto = lambda data, addr: None
    for link in station.engine._mesh._links:
        for sender in (link._voice_sender, link._video_sender):
            sender._wire.send = lambda packet: None  # type: ignore[method-assign]


@pytest.mark.spec("3.on_connection_lost", "3.on_connection_restored")
async def test_a_dead_link_is_noticed_and_made_anew(
    pair: tuple[Station, Station], caplog: pytest.LogCaptureFixture
) -> None:
    door, hall = pair
    await door.sees("hall")
    began_s = time.monotonic()
    pull_cable(hall)
    await until(lambda: bool(door.told(PeerLinkLost) + hall.told(PeerLinkLost)))
    noticed_s = time.monotonic() - began_s
    assert 2 < noticed_s < 5, "a few seconds of silence are a dead link, less is a bad moment"
    await door.wait_up("hall", count=2)
    await hall.wait_up("door", count=2)
    await door.sees("hall")
    await hall.sees("door")
    await door.hears(1000)
    assert door.engine.statistics().peers["hall"].links == 2
    assert not door.failures + hall.failures
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_answers_from_far_away_are_consent(
    pair: tuple[Station, Station], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 0.7 s: longer than a check waits before it asks once more."""
    monkeypatch.setattr(liveness, "CONSENT_S", 1.5)
    monkeypatch.setattr(liveness, "CONSENT_EVERY_S", 0.3)
    door, hall = pair
    loop = asyncio.get_running_loop()
    for station in pair:
        for protocol in protocols(station):
            stock = protocol.transport.sendto
            late = partial(loop.call_later, 0.35, _unless_closed, protocol.transport, stock)
            protocol.transport.sendto = partial(_stun_by, late, stock)
    seen = hall.pictures("door")
    await until(lambda: hall.pictures("door") > seen + SMALL.frame_rate_hz * 2.5)
    assert not door.told(PeerLinkLost) + hall.told(PeerLinkLost)


def _unless_closed(
    transport: asyncio.DatagramTransport,
    send: Callable[[bytes, object], None],
    data: bytes,
    address: object,
) -> None:
    if not transport.is_closing():
        send(data, address)


def _stun_by(
    way: Callable[[bytes, object], object],
    stock: Callable[[bytes, object], None],
    data: bytes,
    address: object = None,
) -> None:
    (stock if data[0] >= STUN_END else way)(data, address)


async def test_pictures_are_a_sign_of_life(pair: tuple[Station, Station]) -> None:
    """A network that loses every question and every answer, but not what matters."""
    door, hall = pair
    for station in pair:
        for protocol in protocols(station):
            stock = protocol.transport.sendto
            protocol.transport.sendto = partial(_stun_by, lambda data, address: None, stock)
    seen = hall.pictures("door")
    frames = int(SMALL.frame_rate_hz * 1.5 * DEAD_AFTER_S)
    await until(lambda: hall.pictures("door") > seen + frames)
    assert not door.told(PeerLinkLost) + hall.told(PeerLinkLost)


async def test_the_answerer_asks_for_a_new_offer(pair: tuple[Station, Station]) -> None:
    """Only its end broke: the offerer has noticed nothing yet."""
    door, hall = pair
    (first,) = signals(hall, SignalKind.OFFER)
    (link,) = door.engine._mesh._links
    link._down()
    await door.wait_up("hall", count=2)
    await hall.wait_up("door", count=2)
    assert signals(door, SignalKind.RESTART) == [Signal("hall", first.link, SignalKind.RESTART, "")]
    assert len(signals(hall, SignalKind.OFFER)) == 2
    await door.sees("hall")


async def test_an_offer_that_never_comes(
    new_station: MakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mesh, "UP_WITHIN_S", 0.05)
    door = await new_station("door", 440)
    await door.connect("hall", offer=False)
    await door.wait_fact(lambda fact: fact == PeerLinkLost("hall"))
    await door.wait_fact(lambda fact: isinstance(fact, SignalReady))
    assert signals(door, SignalKind.RESTART)[0] == Signal("hall", "-", SignalKind.RESTART, "")


async def test_an_answer_that_never_comes(
    new_station: MakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "UP_WITHIN_S", 0.05)
    hall = await new_station("hall", 1000)
    await hall.connect("door", offer=True)
    await hall.wait_fact(lambda fact: fact == PeerLinkLost("door"))
    await until(lambda: len(signals(hall, SignalKind.OFFER)) >= 2)
    names = [signal.link for signal in signals(hall, SignalKind.OFFER)]
    assert len(set(names)) == len(names)


async def test_a_peer_who_left(pair: tuple[Station, Station]) -> None:
    door, _hall = pair
    await door.engine.disconnect_peer("hall")
    await door.engine.disconnect_peer("hall")
    assert door.engine.latest_frame("hall") is None
    assert not door.engine.statistics().peers
    assert not door.told(PeerLinkLost)


async def test_both_connect_without_any_network(
    new_station: MakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "_addresses_of_host", lambda use_ipv4, use_ipv6: [])
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    for station in (door, hall):
        station.engine._mesh._loopback_only = False
    await connect(door, hall)
    assert " 127.0.0.1 " in signals(hall, SignalKind.OFFER)[0].body


def test_where_candidates_are_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "_addresses_of_host", lambda use_ipv4, use_ipv6: ["192.0.2.7"])
    assert ice.addresses(True, True) == ["192.0.2.7"]
    with ice.gathering(ice.Gathering(loopback_only=True)):
        assert ice.addresses(True, True) == ["127.0.0.1"]
    assert ice.addresses(True, True) == ["192.0.2.7"]


async def test_the_offer_names_what_we_take(pair: tuple[Station, Station]) -> None:
    _, hall = pair
    sdp = signals(hall, SignalKind.OFFER)[0].body
    video = sdp[sdp.index("m=video") :]
    first = video.split()[3]
    assert f"a=rtpmap:{first} H264/90000" in video
    assert "VP8/90000" in video
    assert "rtx/90000" in video
    audio = sdp[sdp.index("m=audio") : sdp.index("m=video")]
    assert "useinbandfec=1" in audio
    assert "minptime=10" in audio
    assert "PCMU" not in audio
    assert sdp.count("a=sendrecv") == 2
    assert "a=group:BUNDLE" in sdp


async def test_a_peer_without_h264_gets_sound_and_no_picture(
    new_station: MakeStation, caplog: pytest.LogCaptureFixture
) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    await door.engine.connect_peer("hall", offer=False)
    await hall.engine.connect_peer("door", offer=True)
    (offer,) = signals(hall, SignalKind.OFFER)
    sdp = offer.body.replace("H264/90000", "H265/90000")
    door.others = {"hall": hall}
    await door.engine.deliver_signal(Signal("hall", offer.link, SignalKind.OFFER, sdp))
    await door.wait_up("hall")
    await hall.hears(440)
    assert hall.engine.latest_frame("door") is None
    assert any("no video/H264" in record.message for record in caplog.records)


async def test_nothing_but_media_errors_after_the_end(new_station: MakeStation) -> None:
    door = await new_station("door", 440)
    await door.engine.connect_peer("hall", offer=True)
    await door.engine.aclose()
    with pytest.raises(MediaError, match="over"):
        await door.engine.connect_peer("hall", offer=True)
    with pytest.raises(MediaError):
        await door.engine.deliver_signal(Signal("hall", "x", SignalKind.OFFER, ""))
    with pytest.raises(MediaError, match="over"):
        await door.engine.select_route(AudioMode.SPEAKER)
    await door.engine.disconnect_peer("hall")


async def test_the_end_while_links_are_being_made(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    introduce(door, hall)
    await door.engine.connect_peer("hall", offer=False)
    offering = asyncio.create_task(hall.engine.connect_peer("door", offer=True))
    await asyncio.gather(hall.engine.aclose(), offering, return_exceptions=True)
    assert offering.exception() is None or isinstance(offering.exception(), MediaError)
    assert PeerLinkUp("door") not in hall.facts
