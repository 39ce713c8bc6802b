"""Buttons, lamps and the relay: callbox's drivers on gpio-sim, a real session between them.

Run in the guest by callbox's own Python. Prints what was measured, as JSON. Only the session's network
and media are stand-ins, the ones of its tests.
"""

import asyncio
import json
import time
from contextlib import closing
from typing import Any

from device.control.lamps import LampPanel
from device.control.panel import ButtonPanel
from device.session.call import Calls
from device.session.facts import ButtonReported
from hal import Button, Edge, Lamp
from hal.buttons.gpio import ButtonTiming, GpioButtons
from hal.outputs.gpio import GpioOutputs, OutputPins
from tests.rig.guest.inside.lines import level, press, release
from tests.session.fakes import World

BUTTONS = {Button.END_CALL: 17, Button.MUTE: 27, Button.CAMERA_SWITCH: 22}
LAMPS = {Lamp.IN_CALL: 5, Lamp.MUTED: 6, Lamp.RECORDING: 13, Lamp.ERROR: 19}
DOOR = 26
MUTE = BUTTONS[Button.MUTE]
# Emulated, five bounces take longer than contacts chatter.
TIMING = ButtonTiming(debounce_s=0.2)
PRESSES = 40
BOUNCES = 5
PATIENCE_S = 30


class Bench:
    """A call, and the board that it is wired to."""

    def __init__(self) -> None:
        self.outputs = GpioOutputs(OutputPins(LAMPS, DOOR, 10.0))
        self.outputs.open()
        self.world = World()
        lamps = LampPanel(self.outputs)
        self.world.calls = Calls(
            lambda: self.world.media,
            lambda: self.world.exchange,
            self.world.clock,
            on_change=lamps.show_call,
        )
        self.edges: list[Edge] = []
        self._came = asyncio.Event()
        self.panel = ButtonPanel(GpioButtons(BUTTONS, timing=TIMING), self.on_button)

    def on_button(self, fact: ButtonReported) -> None:
        self.edges.append(fact.edge)
        self._came.set()
        call = self.world.calls.active
        assert call is not None
        call.report_button(fact)

    async def released(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.edges.count(Edge.RELEASED) < count:
                self._came.clear()
                await self._came.wait()


async def pressed(bench: Bench) -> list[float]:
    """From each press to the session's event, in ms; the lamp is as the event says."""
    took_ms = []
    for number in range(1, PRESSES + 1):
        begun_s = time.monotonic()
        press(MUTE)
        await bench.world.ear.wait_for("user_muted", number)
        took_ms.append((time.monotonic() - begun_s) * 1000)
        assert level(LAMPS[Lamp.MUTED]) is (number % 2 == 1), f"the lamp after press {number}"
        release(MUTE)
        await bench.released(number)
    return took_ms


async def bounced(bench: Bench) -> int:
    """How many presses the session takes five bounces for."""
    before = bench.edges.count(Edge.PRESSED)
    for _ in range(BOUNCES):
        press(MUTE)
        release(MUTE)
    press(MUTE)
    release(MUTE)
    await bench.released(PRESSES + 1)
    return bench.edges.count(Edge.PRESSED) - before


def opened(bench: Bench) -> float:
    """How long the door was open that was to be for one second."""
    begun_s = time.monotonic()
    bench.outputs.open_door(1.0)
    assert level(DOOR), "the relay is on when the driver says so"
    while level(DOOR):
        assert time.monotonic() - begun_s < PATIENCE_S, "the door shuts"
        time.sleep(0.005)
    return time.monotonic() - begun_s


async def main() -> dict[str, Any]:
    bench = Bench()
    with closing(bench.outputs):
        bench.panel.open()
        with closing(bench.panel):
            async with bench.world.calls:
                await bench.world.start()
                assert level(LAMPS[Lamp.IN_CALL]), "the lamp of the call"
                took_ms = sorted(await pressed(bench))
                bounces = await bounced(bench)
                open_s = opened(bench)
                press(BUTTONS[Button.END_CALL])
                await bench.world.ear.wait_for("session_ended")
                release(BUTTONS[Button.END_CALL])
                lit = [lamp.value for lamp, line in LAMPS.items() if level(line)]
    return {
        "median_ms": took_ms[len(took_ms) // 2],
        "p95_ms": took_ms[int(len(took_ms) * 0.95)],
        "bounces": bounces,
        "open_s": open_s,
        "lit_at_the_end": lit,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main())))
