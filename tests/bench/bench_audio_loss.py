"""A voice over bad networks, as this engine, stock aiortc and Chromium give it to the loudspeaker.

One unit talks to all three at once, each behind a relay of its own that loses the same packets. What the
page hears it hears through WebAudio, which costs a buffer or two that a loudspeaker would also have.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.async_api import Browser, async_playwright

from device.media.engine import MediaEngine
from device.session.facts import MediaFact, PeerLinkUp, SignalReady
from device.session.values import Signal
from hal import BLOCK_BYTES, BLOCK_S, AudioMode
from hal.audio.simulated import SimulatedAudioRouter
from hal.camera.simulated import SimulatedCamera
from tests.bench.echo_path import FAR_DB, FAR_TEXT, NEAR_TEXT, speech
from tests.bench.hearing import Recording, delays, quality, stalls_s, without_pauses
from tests.bench.impairment import Path
from tests.bench.listener_page import PageListener
from tests.bench.listener_process import Heard, ProcessListener
from tests.bench.relay import Relay
from tests.calls.world import launch

OURS, STOCK, CHROMIUM = "ours", "stock", "chromium"
SETTLE_S, LISTEN_S = 4.0, 24.5
OUTAGE_S, BEFORE_S, BACK_S = 0.3, 10.0, 2.0
"""The outage comes BEFORE_S after settling; BACK_S after its end the delay is to be the old one."""
LOOK_S = 2.0
DELAY_S = 0.02
UNDISTURBED_S, TRIES = 0.04, 3
"""A trial in which the machine kept even the microphone's thread waiting for longer says nothing of
networks, and is done again."""


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    path: Path
    bar_stalls: str | None = None
    has_outage: bool = False


TRIALS = (
    Trial("0 % lost", Path(delay_s=DELAY_S), "<= 0"),
    Trial("0.5 % lost", Path(0.005, delay_s=DELAY_S), "<= 0"),
    Trial("2 % lost", Path(0.02, delay_s=DELAY_S), "<= 0"),
    Trial("5 % lost", Path(0.05, delay_s=DELAY_S), "<= 0"),
    Trial("10 % lost", Path(0.1, delay_s=DELAY_S)),
    Trial("5 % lost in bursts of 2", Path(0.05, burst=2, delay_s=DELAY_S), "<= 0"),
    Trial("100 ms of jitter, out of order", Path(delay_s=DELAY_S, jitter_s=0.1)),
    Trial("an outage of 300 ms", Path(delay_s=DELAY_S), has_outage=True),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one listener got. ``delays``: see hearing.delays."""

    delays: np.ndarray
    stalls: int
    longest_stall_ms: float
    concealed: float | None
    mos: float | None

    def delay_ms(self, start_s: float = 0.0, end_s: float = np.inf) -> float:
        """The median of what was heard between two times."""
        when = self.delays[:, 0]
        chosen = self.delays[(when >= start_s) & (when < end_s), 1]
        return round(1000 * float(np.median(chosen)), 1) if len(chosen) else float("nan")


class Voice:
    """A microphone that hears somebody who never pauses, and when each block came."""

    def __init__(self) -> None:
        text = f"{FAR_TEXT} {NEAR_TEXT}"
        voice = without_pauses(speech(text, "en-gb", FAR_DB))
        self._sound = np.asarray(np.rint(voice * 32_767), "<i2").tobytes()
        self._at = 0
        self._blocks: list[bytes] = []
        self._times_s: list[float] = []

    def next_block(self) -> bytes:
        if self._at + BLOCK_BYTES > len(self._sound):
            self._at = 0
        block = self._sound[self._at : self._at + BLOCK_BYTES]
        self._at += BLOCK_BYTES
        self._times_s.append(time.monotonic())
        self._blocks.append(block)
        return block

    def recording(self) -> Recording:
        """A block's first sample was spoken when the one before it came."""
        sound = np.frombuffer(b"".join(self._blocks), "<i2") / 32_768
        return Recording(sound, np.array(self._times_s) - BLOCK_S)


class Talker:
    """A unit without a camera, and its listeners."""

    def __init__(self, voice: Voice) -> None:
        self._engine = MediaEngine(
            SimulatedCamera(), SimulatedAudioRouter(voice), loopback_only=True
        )
        self._listeners: dict[str, ProcessListener | PageListener] = {}
        self._up: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_signal = asyncio.Lock()
        self._engine.attach(self._on_fact)

    async def open(self) -> None:
        await self._engine.open(AudioMode.SPEAKER, muted=False)

    async def call(self, uid: str, listener: ProcessListener | PageListener) -> None:
        self._listeners[uid], self._up[uid] = listener, asyncio.Event()
        await self._engine.connect_peer(uid, offer=True)

    async def wait_up(self) -> None:
        async with asyncio.timeout(20):
            await asyncio.gather(*(up.wait() for up in self._up.values()))

    def take(self, signal: Signal) -> None:
        """From a listener."""
        self._do(self._deliver(signal))

    async def aclose(self) -> None:
        await self._engine.aclose()
        await asyncio.gather(*self._tasks)

    async def _deliver(self, signal: Signal) -> None:
        async with self._one_signal:
            await self._engine.deliver_signal(signal)

    def _on_fact(self, fact: MediaFact) -> None:
        if isinstance(fact, SignalReady):
            self._do(self._listeners[fact.signal.peer].deliver(fact.signal))
        elif isinstance(fact, PeerLinkUp):
            self._up[fact.uid].set()

    def _do(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)


def run() -> Iterator[dict[str, Any]]:
    yield from asyncio.run(_run())


async def _run() -> list[dict[str, Any]]:
    lines = []
    calm: dict[str, Figures] | None = None
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for trial in TRIALS:
            for _ in range(TRIES):
                found, outage_s, waited_s = await _try(trial, browser)
                if waited_s < UNDISTURBED_S:
                    break
            else:
                print(f"{trial.name}: the machine was too busy to tell", file=sys.stderr)
            calm = calm or found
            lines += _lines(trial, found, calm)
            if trial.has_outage:
                lines.append(_recovery(found, outage_s))
        await browser.close()
    if calm is not None and calm[OURS].mos is None:
        print("No quality figures: pip install -e '.[bench]' (needs a C compiler)", file=sys.stderr)
    return lines


async def _try(trial: Trial, browser: Browser) -> tuple[dict[str, Figures], float, float]:
    """The listeners' figures, when the outage was over, and the longest that the microphone's thread
    was kept waiting."""
    voice = Voice()
    async with AsyncExitStack() as stack:
        talker = Talker(voice)
        stack.push_async_callback(talker.aclose)
        relays = {uid: stack.enter_context(Relay(trial.path)) for uid in (OURS, STOCK, CHROMIUM)}
        listeners: dict[str, ProcessListener | PageListener] = {}
        for uid, relay in relays.items():
            listener = (
                PageListener(uid, browser, relay, talker.take)
                if uid == CHROMIUM
                else ProcessListener(uid, uid == OURS, relay, talker.take)
            )
            listeners[uid] = await stack.enter_async_context(listener)
        await talker.open()
        for uid, listener in listeners.items():
            await talker.call(uid, listener)
        await talker.wait_up()
        await asyncio.sleep(SETTLE_S)
        start_s = time.monotonic()
        outage_s = await _outage(list(relays.values())) if trial.has_outage else start_s
        await asyncio.sleep(start_s + LISTEN_S - time.monotonic())
        end_s = time.monotonic()
        heard = {uid: await listener.heard() for uid, listener in listeners.items()}
    spoken = voice.recording()
    waited_s = float(np.diff(spoken.between(start_s, end_s).times_s).max()) - BLOCK_S
    spoken = spoken.punctual()
    found = {uid: _figures(spoken, each, start_s, end_s) for uid, each in heard.items()}
    return found, outage_s, waited_s


async def _outage(relays: list[Relay]) -> float:
    await asyncio.sleep(BEFORE_S)
    for is_cut in (True, False):
        for relay in relays:
            relay.cut(is_cut)
        await asyncio.sleep(OUTAGE_S if is_cut else 0)
    return time.monotonic()


def _figures(spoken: Recording, heard: Heard, start_s: float, end_s: float) -> Figures:
    recording = heard.recording.punctual().between(start_s, end_s)
    rows = delays(spoken, recording)
    stalls = stalls_s(recording.sound)
    delay_s = float(np.median(rows[:, 1])) if len(rows) else 0.0
    return Figures(
        rows,
        len(stalls),
        round(1000 * float(max(stalls, default=0.0))),
        None if heard.concealed is None else round(100 * heard.concealed, 2),
        quality(spoken, recording, delay_s),
    )


def _lines(
    trial: Trial, found: dict[str, Figures], calm: dict[str, Figures]
) -> Iterator[dict[str, Any]]:
    delay = {uid: each.delay_ms() for uid, each in found.items()}
    bar = f"<= {calm[OURS].delay_ms() + 40:.0f}" if trial.path.loss == 0.05 else None
    yield _line(trial, "mouth to ear, median", "ms", delay, bar)
    stalls = {uid: each.stalls for uid, each in found.items()}
    longest = {uid: each.longest_stall_ms for uid, each in found.items()}
    line = _line(trial, f"silences over 60 ms in {LISTEN_S} s", "count", stalls, trial.bar_stalls)
    yield line | {"longest_ms": longest}
    concealed = {uid: each.concealed for uid, each in found.items()}
    yield _line(trial, "concealed", "%", concealed, None)
    mos = {uid: each.mos for uid, each in found.items()}
    if mos[OURS] is not None:
        theirs = mos[CHROMIUM]
        bar = None if theirs is None else f">= {theirs - 0.2:.2f}"
        yield _line(trial, "wideband PESQ", "MOS-LQO", mos, bar)


def _recovery(found: dict[str, Figures], outage_s: float) -> dict[str, Any]:
    later = {}
    for uid, each in found.items():
        before_ms = each.delay_ms(outage_s - OUTAGE_S - LOOK_S, outage_s - OUTAGE_S)
        after_ms = each.delay_ms(outage_s + BACK_S, outage_s + BACK_S + LOOK_S)
        later[uid] = round(after_ms - before_ms, 1)
    trial = next(trial for trial in TRIALS if trial.has_outage)
    return _line(trial, f"later than before, {BACK_S:.0f} s after it", "ms", later, "<= 20")


def _line(
    trial: Trial, what: str, unit: str, values: dict[str, Any], bar: str | None
) -> dict[str, Any]:
    ours, theirs = values[OURS], values[CHROMIUM]
    return {
        "metric": f"{trial.name}: {what}",
        "unit": unit,
        "ours": ours,
        "rival": "Chromium",
        "theirs": theirs,
        "ratio": round(ours / theirs, 2) if theirs else None,
        "bar": bar,
        "stock aiortc": values[STOCK],
    }
