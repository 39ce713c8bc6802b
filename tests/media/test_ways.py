"""Ways to a peer that are not straight: a TURN relay, servers out of reach, ends of another make."""

import asyncio
import contextlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aioice import stun
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCCertificate, generate_certificate
from cryptography.hazmat.primitives.asymmetric import rsa

from device.media.description import H264_FORMAT, completed
from device.media.rtc.ice import STUN_AT_ONCE_S
from device.session.facts import PeerLinkLost, SignalReady
from device.session.ports import IceServer
from device.session.values import Signal, SignalKind
from hal import Facing
from tests.media.conftest import MakeStation
from tests.media.test_release import sockets
from tests.media.world import WITHIN_S, Station, connect, introduce, until

USER, PASSWORD = "callbox", "secret"
ENDED_WITHIN_S = 1.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def coturn(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Debian's TURN server on loopback: its port and its process."""
    port = free_port()
    command = [
        *(
            shutil.which("turnserver") or "turnserver",
            "-n",
            "--lt-cred-mech",
            "--no-cli",
            "--no-tls",
        ),
        *("--no-dtls", "-u", f"{USER}:{PASSWORD}", "-r", "callbox", "--allow-loopback-peers"),
        *("--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", str(port)),
        *("--userdb", str(folder / "turn.db"), "--pidfile", str(folder / "turn.pid")),
        *("--log-file", "stdout", "--verbose"),
    ]
    with (folder / "turn.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield port, server
    finally:
        server.send_signal(signal.SIGCONT)
        server.terminate()
        server.wait()


@asynccontextmanager
async def answering(port: int) -> AsyncIterator[None]:
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            break
    yield


class Relayed(Station):
    """Hears of no candidates but those at a relay."""

    def receive(self, signal: Signal) -> None:
        assert "typ relay" in signal.body
        lines = signal.body.splitlines(keepends=True)
        kept = [line for line in lines if "candidate:" not in line or "typ relay" in line]
        super().receive(Signal(signal.peer, signal.link, signal.kind, "".join(kept)))


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_over_a_relay(transport: str, tmp_path: Path) -> None:
    with coturn(tmp_path) as (port, _):
        server = IceServer((f"turn:127.0.0.1:{port}?transport={transport}",), USER, PASSWORD)
        async with answering(port):
            door, hall = Relayed("door", 440), Relayed("hall", 1000)
            for station in (door, hall):
                station.engine.use_ice_servers((server,))
                await station.open()
            try:
                await connect(door, hall)
                await door.sees("hall")
                await hall.sees("door")
                await door.hears(1000)
                await hall.hears(440)
            finally:
                await door.close()
                await hall.close()
    log = (tmp_path / "turn.log").read_text()
    assert len(re.findall("ALLOCATE processed, success", log)) >= 2, "one at each end"
    assert "CHANNEL_BIND processed, success" in log, "what was sent went through it"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_cut_network_is_noticed_as_soon_over_a_relay(
    transport: str, tmp_path: Path
) -> None:
    """Nothing gets through to the relay any more, nor what gives the allocation up; and TCP keeps what
    is still to go."""
    before = asyncio.all_tasks(), sockets()
    with coturn(tmp_path) as (port, process):
        server = IceServer((f"turn:127.0.0.1:{port}?transport={transport}",), USER, PASSWORD)
        async with answering(port):
            door, hall = Relayed("door", 440), Relayed("hall", 1000)
            for station in (door, hall):
                station.engine.use_ice_servers((server,))
                await station.open()
            await connect(door, hall)
            await door.sees("hall")
            door.offers.clear()
            hall.offers.clear()
            process.send_signal(signal.SIGSTOP)
            if transport == "tcp":
                relay = ice_connection(door)._protocols[-1].transport
                relay._TurnTransport__inner_protocol.transport.write(bytes(10_000_000))
            began_s = time.monotonic()
            await door.wait_fact(lambda fact: fact == PeerLinkLost("hall"))
            assert 2 < time.monotonic() - began_s < 5
            began_s = time.monotonic()
            await door.close()
            await hall.close()
            assert time.monotonic() - began_s < 2 * ENDED_WITHIN_S
            assert (asyncio.all_tasks(), sockets()) == before


def ice_connection(station: Station) -> Any:
    """aioice's, of the station's only link."""
    (link,) = station.engine._mesh._links
    return link._video.sender.transport.transport._connection


async def test_a_link_that_is_cut_off_gives_its_relay_back(tmp_path: Path) -> None:
    """One of its sockets is stuck, so it does not close by itself."""
    with coturn(tmp_path) as (port, _):
        server = IceServer((f"turn:127.0.0.1:{port}",), USER, PASSWORD)
        async with answering(port):
            before = asyncio.all_tasks()
            door, hall = Relayed("door", 440), Relayed("hall", 1000)
            for station in (door, hall):
                station.engine.use_ice_servers((server,))
                await station.open()
            await connect(door, hall)
            door.offers.clear()
            hall.offers.clear()  # who is left alone makes no new link
            for station in (door, hall):
                stuck = ice_connection(station)._protocols[0].transport
                stuck._buffer.append((b"stuck", ("127.0.0.1", 9)))
            await door.close()
            await hall.close()
            assert asyncio.all_tasks() == before
            log = tmp_path / "turn.log"
            await until(lambda: len(re.findall("lifetime=0", log.read_text())) == 2)


class SilentServer:
    """It never answers, and counts how often it was asked the same by when a description came."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked
        asked.bind(("127.0.0.1", 0))
        asked.setblocking(False)
        self.address = IceServer((f"stun:127.0.0.1:{asked.getsockname()[1]}",))
        self._tries: Counter[bytes] = Counter()
        self.tries: dict[SignalKind, int] = {}

    def watch(self, station: Station) -> None:
        """What comes to it."""
        receive = station.receive

        def counted(signal: Signal) -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._tries[stun.parse_message(self._asked.recv(2048)).transaction_id] += 1
            self.tries.setdefault(signal.kind, max(self._tries.values(), default=0))
            self._tries.clear()
            receive(signal)

        station.receive = counted  # type: ignore[method-assign]


async def test_a_server_out_of_reach_holds_up_no_offer(new_station: MakeStation) -> None:
    """The host's own candidates leave long before aioice gives the server up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        server = SilentServer(asked)
        door, hall = await new_station("door", 440), await new_station("hall", 1000)
        for station in (door, hall):
            station.engine.use_ice_servers((server.address,))
            server.watch(station)
        await connect(door, hall)
    # It is asked again after half a second by the same clock; a busy machine may once be as late.
    assert min(server.tries[kind] for kind in (SignalKind.OFFER, SignalKind.ANSWER)) == 1


async def test_names_that_are_not_answered_hold_up_nothing(
    new_station: MakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where there is a network, but no way out of it."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1, "asyncio_"))
    real, over, asked = socket.getaddrinfo, threading.Event(), []

    def getaddrinfo(host: str, *more: Any, **named: Any) -> Any:
        if host != "nowhere.example":
            return real(host, *more, **named)
        asked.append(host)
        over.wait(WITHIN_S)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "gethostbyname", getaddrinfo)
    servers = ("stun:nowhere.example", "turn:nowhere.example?transport=tcp")
    try:
        door, hall = await new_station("door", 440), await new_station("hall", 1000)
        for station in (door, hall):
            station.engine.use_ice_servers((IceServer(servers, USER, PASSWORD),))
        async with asyncio.timeout(WITHIN_S / 2):
            await connect(door, hall)
            await door.engine.close_camera()
            await door.engine.open_camera(Facing.REAR)
            await hall.sees("door")
            await door.close()
            await hall.close()
        assert len(asked) == 1, "for all links together"
    finally:
        over.set()


class SlowStun(asyncio.DatagramProtocol):
    """A server a long way off."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        answer = stun.Message(asked.message_method, stun.Class.RESPONSE, asked.transaction_id)
        answer.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.1", address[1])
        asyncio.get_running_loop().call_later(
            3 * STUN_AT_ONCE_S, self._transport.sendto, bytes(answer), address
        )


async def test_what_a_server_answers_late_comes_after_the_offer(new_station: MakeStation) -> None:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        SlowStun, local_addr=("127.0.0.1", 0)
    )
    try:
        port = transport.get_extra_info("sockname")[1]
        door, hall = await new_station("door", 440), await new_station("hall", 1000)
        for station in (door, hall):
            station.engine.use_ice_servers((IceServer((f"stun:127.0.0.1:{port}",)),))
        await connect(door, hall)

        def told(fact: object) -> bool:
            return isinstance(fact, SignalReady) and fact.signal.kind is SignalKind.CANDIDATE

        for station in (door, hall):
            await station.wait_fact(lambda fact: told(fact) and fact.signal.body == "")
            *lines, last = [fact.signal for fact in station.facts if told(fact)]
            assert lines, "one at least"
            assert all("typ srflx" in line.body for line in lines)
            assert last.body == ""
        await door.sees("hall")
        assert not door.failures + hall.failures
        described = next(fact.signal for fact in hall.facts if isinstance(fact, SignalReady))
        assert "end-of-candidates" not in described.body
    finally:
        transport.close()


async def test_an_offer_of_h264_without_format(new_station: MakeStation) -> None:
    door, hall = await new_station("door", 440), await new_station("hall", 1000)
    introduce(door, hall)
    plain = door.receive

    def stripped(signal: Signal) -> None:
        payloads = "|".join(re.findall(r"a=rtpmap:(\d+) H264/90000", signal.body))
        body = re.sub(rf"a=fmtp:({payloads}) .*\r\n", "", signal.body)
        assert body != signal.body
        plain(Signal(signal.peer, signal.link, signal.kind, body))

    door.receive = stripped  # type: ignore[method-assign]
    await door.connect("hall", offer=False)
    await hall.connect("door", offer=True)
    await door.wait_up("hall")
    await door.sees("hall")
    await hall.sees("door")


def test_a_description_that_is_complete_stays_as_it_is() -> None:
    sdp = f"a=rtpmap:96 H264/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:96 {H264_FORMAT}\r\n"
    assert completed(sdp) == sdp
    assert completed("a=rtpmap:96 H264/90000\r\n") == (
        f"a=rtpmap:96 H264/90000\r\na=fmtp:96 {H264_FORMAT}\r\n"
    )


async def test_a_peer_with_an_rsa_certificate(new_station: MakeStation) -> None:
    """It is the server of DTLS, so that its certificate decides the cipher."""
    door = await new_station("door", 440)
    key = rsa.generate_private_key(65537, 2048)
    certificate = RTCCertificate(key=key, cert=generate_certificate(key))  # type: ignore[arg-type]
    other = RTCPeerConnection()
    other._RTCPeerConnection__certificates = [certificate]  # type: ignore[attr-defined]
    try:
        for kind in ("audio", "video"):
            other.addTransceiver(kind, "recvonly")
        await other.setLocalDescription(await other.createOffer())
        sdp = other.localDescription.sdp
        await door.connect("other", offer=False)
        offer = sdp.replace("a=setup:actpass", "a=setup:passive")
        await door.engine.deliver_signal(Signal("other", "o1", SignalKind.OFFER, offer))
        (answer,) = [fact.signal for fact in door.facts if isinstance(fact, SignalReady)]
        await other.setRemoteDescription(RTCSessionDescription(answer.body, "answer"))
        await door.wait_up("other")
    finally:
        await other.close()
