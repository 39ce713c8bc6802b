"""Packets that leave together, on real sockets of this machine."""

import errno
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from device.media.rtc.datagrams import COMPONENT
from device.media.rtc.wire import MOST_IN_TRAIN, Wire, trains


@given(st.lists(st.integers(1, 4), max_size=150))
def test_a_train_is_of_one_size_but_for_a_smaller_end(sizes: list[int]) -> None:
    packets = [bytes([number]) * size for number, size in enumerate(sizes)]
    made = list(trains(packets))
    assert [packet for train in made for packet in train] == packets
    for train in made:
        first, *middle, last = [len(packet) for packet in train] + [len(train[-1])]
        assert all(size == first for size in middle[:-1])
        assert last <= first
        assert len(train) <= MOST_IN_TRAIN


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiving:
        receiving.bind(("127.0.0.1", 0))
        receiving.settimeout(10)
        yield receiving


@pytest.fixture
def wire(far: socket.socket) -> Iterator[Wire]:
    """On a link that is up and encrypts by putting an S in front."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        transport = SimpleNamespace(get_extra_info={"socket": sending}.get)
        pair = SimpleNamespace(
            protocol=SimpleNamespace(transport=transport), remote_addr=far.getsockname()
        )
        connection = SimpleNamespace(_nominated={COMPONENT: pair})
        wire = Wire(
            SimpleNamespace(
                state="connected",
                transport=SimpleNamespace(_connection=connection),
                _tx_srtp=SimpleNamespace(protect=lambda packet: b"S" + packet),
            )
        )
        yield wire
        wire.close()


PACKETS = [bytes([number]) * size for number, size in enumerate([900] * 7 + [899] * 3 + [12, 1200])]


def heard(far: socket.socket) -> list[bytes]:
    return [far.recv(2000) for _ in PACKETS]


def test_each_packet_arrives_as_a_datagram_of_its_own(wire: Wire, far: socket.socket) -> None:
    wire.send(PACKETS)
    assert heard(far) == [b"S" + packet for packet in PACKETS]
    assert wire.refused == 0


class Interface:
    """A socket on an interface that gives an error for trains; the rest is real."""

    def __init__(self, real: socket.socket, number: int) -> None:
        self._real = real
        self._number = number
        self.asked = 0

    def sendmsg(self, *_: Any) -> int:
        self.asked += 1
        raise OSError(self._number, "no")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def on_interface(wire: Wire, number: int) -> Interface:
    wire.send([])
    assert wire._socket is not None
    wire._socket = interface = Interface(wire._socket, number)  # type: ignore[assignment]
    return interface  # type: ignore[return-value]


def test_an_interface_that_takes_no_trains_is_asked_once(wire: Wire, far: socket.socket) -> None:
    interface = on_interface(wire, errno.EIO)
    wire.send(PACKETS)
    assert heard(far) == [b"S" + packet for packet in PACKETS]
    wire.send(PACKETS)
    assert heard(far) == [b"S" + packet for packet in PACKETS]
    assert interface.asked == 1


@pytest.mark.parametrize("why", ["no socket", "no descriptor"])
def test_packets_go_through_the_transport_where_its_socket_is_not_to_be_had(
    why: str, wire: Wire, far: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    transport = wire._pair().protocol.transport
    sending = transport.get_extra_info("socket")
    transport.sendto = sending.sendto
    if why == "no socket":
        transport.get_extra_info = {}.get
        wire.send(PACKETS)
    else:
        with no_descriptor_left():
            wire.send(PACKETS)
    assert heard(far) == [b"S" + packet for packet in PACKETS]
    wire.send(PACKETS)
    assert heard(far) == [b"S" + packet for packet in PACKETS]
    assert len(caplog.records) == 1, "it is said once"


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """As of now: what this process has open already stays open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_without_a_pair_nothing_is_sent(wire: Wire) -> None:
    wire._dtls.transport._connection._nominated.clear()
    wire.send(PACKETS)
    assert not wire.is_up


def test_what_a_full_socket_refuses_is_lost_and_counted(wire: Wire) -> None:
    on_interface(wire, errno.ENOBUFS)
    wire.send(PACKETS)
    assert wire.refused == 11, "all but the one that is alone in its train"
