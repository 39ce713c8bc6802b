"""A UDP relay of the benchmarks' own, in a process of its own, between the two ends of a link.

Each end is told that the other one lives at the relay: ``to_far`` and ``to_near`` rewrite the candidates
in what the ends tell each other. Where an end really is, the relay learns from what it sends.
"""

import asyncio
import multiprocessing
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from tests.bench.impairment import Network, Path

LOOPBACK = "127.0.0.1"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """One direction. ``waits``: (time.monotonic(), seconds before the bottleneck) of each packet."""

    passed: int
    lost: int
    overflowed: int
    waits: list[tuple[float, float]]


class Relay:
    """Start and stop with ``with``; near and far are the two ends."""

    def __init__(self, to_far: Path | None = None, to_near: Path | None = None) -> None:
        self._paths = to_far or Path(), to_near or Path()
        self.near_port = self.far_port = 0

    def __enter__(self) -> Self:
        spawn = multiprocessing.get_context("spawn")
        self._line, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, *self._paths), daemon=True)
        self._process.start()
        theirs.close()
        self.near_port, self.far_port = self._line.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._line.close()
        self._process.join()

    def to_far(self, text: str) -> str:
        """What the near end tells the far one, an SDP or a candidate, with the relay's address."""
        return rewrite(text, self.far_port)

    def to_near(self, text: str) -> str:
        """What the far end tells the near one."""
        return rewrite(text, self.near_port)

    def change(self, to_far: Path, to_near: Path) -> None:
        """The network is like this from now on."""
        self._ask("change", to_far, to_near)

    def cut(self, is_cut: bool) -> None:
        """Whether nothing at all comes through."""
        self._ask("cut", is_cut)

    def report(self) -> tuple[Report, Report]:
        """Towards far and towards near, since the start or the last change."""
        to_far, to_near = self._ask("report")
        return Report(*to_far), Report(*to_near)

    def _ask(self, *what: Any) -> Any:
        self._line.send(what)
        return self._line.recv()


def rewrite(text: str, port: int) -> str:
    """All UDP candidates of the host become one at the relay; others go."""
    kept = []
    for line in text.splitlines(keepends=True):
        found = re.match(r"((?:a=)?candidate:\S+ \d+ (?:udp|UDP) \d+) \S+ \d+ typ host(.*)", line)
        if found:
            kept.append(f"{found[1]} {LOOPBACK} {port} typ host{found[2]}{line[found.end() :]}")
        elif "candidate:" not in line:
            kept.append(line)
    return "".join(kept)


class _Side(asyncio.DatagramProtocol):
    """The socket that one end talks to."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._transport: Any = None
        self._address: Address | None = None
        self._is_settled = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Address) -> None:
        is_stun = data[:1] < b"\x04"
        if not is_stun or not self._is_settled:  # checks on spare pairs come from elsewhere
            self._address = address
        self._is_settled = self._is_settled or not is_stun
        self._take(data)

    def forget(self) -> None:
        """The end may have made a new link, from another socket."""
        self._is_settled = False

    def send(self, data: bytes) -> None:
        """To the end, once it is known where that is."""
        if self._address is not None:
            self._transport.sendto(data, self._address)

    @property
    def port(self) -> int:
        port: int = self._transport.get_extra_info("sockname")[1]
        return port


class _Direction:
    """From one side to the other, through the network."""

    def __init__(self, path: Path) -> None:
        self.network = Network(path)
        self.is_cut = False
        self.out: _Side | None = None

    def take(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        arrival_s = None if self.is_cut else self.network.arrival_s(data, time.monotonic())
        if arrival_s is not None and self.out is not None:
            loop.call_at(arrival_s, self.out.send, data)

    def change(self, path: Path) -> None:
        self.network.change(path)

    def report(self) -> tuple[Any, ...]:
        network = self.network
        return network.passed, network.lost, network.overflowed, network.waits


def _serve(line: Connection, to_far: Path, to_near: Path) -> None:
    asyncio.run(_relay(line, _Direction(to_far), _Direction(to_near)))


async def _relay(line: Connection, to_far: _Direction, to_near: _Direction) -> None:
    loop = asyncio.get_running_loop()
    local = (LOOPBACK, 0)
    _, near = await loop.create_datagram_endpoint(lambda: _Side(to_far.take), local)
    _, far = await loop.create_datagram_endpoint(lambda: _Side(to_near.take), local)
    to_far.out, to_near.out = far, near
    line.send((near.port, far.port))
    both = to_far, to_near
    over = asyncio.Event()

    def obey() -> None:
        try:
            what, *rest = line.recv()
        except EOFError:
            loop.remove_reader(line.fileno())
            over.set()
            return
        if what == "change":
            for direction, path in zip(both, rest, strict=True):
                direction.change(path)
        elif what == "cut":
            for direction in both:
                direction.is_cut = rest[0]
            near.forget()
            far.forget()
        line.send([direction.report() for direction in both] if what == "report" else None)

    loop.add_reader(line.fileno(), obey)
    await over.wait()
