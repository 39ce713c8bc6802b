"""Rings between random idle units, at a rate; and a ledger of who was told what."""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.lean_units import Heard, Talk, Unit

HEARD_WITHIN_S = 30.0


@dataclass
class Ring:
    """One press on a button. Times of time.monotonic."""

    caller: str
    receiver: str
    pressed_s: float
    is_answered: bool
    call: str | None = None
    """None: nobody was told by the exchange that there is one."""
    rang_s: float | None = None
    last: str = "initiated"
    """The last status that the exchange has answered a request with."""
    trouble: str | None = None


@dataclass
class Ledger:
    """``counts``: how often each unit was told each news of a call."""

    rings: list[Ring] = field(default_factory=list)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    waiting: dict[tuple[str, str, str], asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    times_s: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def hear(self, heard: Heard) -> None:
        key = heard.uid, heard.name, heard.call
        self.counts[key] += 1
        self.times_s.setdefault(key, heard.at_s)
        self.waiting[key].set()

    async def told(self, uid: str, name: str, call: str) -> float:
        """When a unit was told. Raises TimeoutError."""
        key = uid, name, call
        async with asyncio.timeout(HEARD_WITHIN_S):
            await self.waiting[key].wait()
        return self.times_s[key]

    @property
    def twice(self) -> int:
        """News that came more than once."""
        return sum(count - 1 for count in self.counts.values())


class Load:
    """Half of the calls are answered and ended, half are cancelled."""

    def __init__(
        self, units: Sequence[Unit], ledger: Ledger, seed: int = 1, rest_s: float = 0.0
    ) -> None:
        """``rest_s``: how long two whose call has failed do nothing."""
        self._rest_s = rest_s
        self._idle = list(units)
        self._ledger = ledger
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()

    async def ring(self, per_s: float, for_s: float) -> None:
        """At this rate, whatever becomes of the rings; returns when all are over."""
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        for number in range(round(per_s * for_s)):
            await asyncio.sleep(begun_s + number / per_s - loop.time())
            while len(self._idle) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            caller, receiver = self._random.sample(self._idle, 2)
            self._idle.remove(caller)
            self._idle.remove(receiver)
            task = asyncio.create_task(self._run(caller, receiver, number % 2 == 0))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await asyncio.gather(*self._tasks)

    async def _run(self, caller: Unit, receiver: Unit, is_answered: bool) -> None:
        ring = Ring(caller.uid, receiver.uid, time.monotonic(), is_answered)
        self._ledger.rings.append(ring)
        calling, answering = caller.talk(), receiver.talk()
        try:
            await self._call(ring, calling, answering)
        except (OSError, EOFError, Refused) as error:
            ring.trouble = f"{type(error).__name__}: {error}"
        finally:
            calling.close()
            answering.close()
        if ring.trouble:
            await asyncio.sleep(self._rest_s)
        self._idle += (caller, receiver)

    async def _call(self, ring: Ring, calling: Talk, answering: Talk) -> None:
        wanted = {"receiver": ring.receiver, "device_id": "one"}
        call = (await _do(ring, calling, "/calls", wanted))["session_id"]
        ring.call = call
        ring.rang_s = await self._ledger.told(ring.receiver, "incoming", call)
        await asyncio.sleep(self._random.uniform(0.1, 1.0))
        if not ring.is_answered:
            await _do(ring, calling, f"/calls/{call}/cancel")
            await self._ledger.told(ring.receiver, "cancelled", call)
            return
        await _do(ring, answering, f"/calls/{call}/accept", {"device_id": "one"})
        await self._ledger.told(ring.caller, "accepted", call)
        await asyncio.sleep(self._random.uniform(0.1, 1.0))
        await _do(ring, calling, f"/calls/{call}/end")
        await self._ledger.told(ring.receiver, "ended", call)


class Refused(Exception):
    """The exchange would not."""


async def _do(ring: Ring, talk: Talk, path: str, body: Any = None) -> Any:
    status, answer = await talk.ask("POST", path, body)
    if status != 200:
        raise Refused(f"{path} was answered {status}: {answer}")
    ring.last = answer["status"]
    return answer
