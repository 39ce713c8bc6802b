"""Holds the door relay for a time, in a process of its own: python -m hal.outputs.keeper PIN MAXIMUM_S

A line of a Raspberry Pi keeps its level when the process that drove it ends (docs/adr/0013), so the one
that ends the opening must be another than the one that may be killed, or hang. Standard input brings
durations in seconds, one a line; its end, which comes with the death of the unit, shuts the door and
ends this process. SIGTERM only shuts the door: systemd sends it to both, and the unit is still to close
its outputs. Standard output has READY or an explanation, and then HELD for each duration, once the relay
is on.
"""

import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Protocol

import gpiozero

from hal.buttons.gpio import board_factory

READY = b"ready\n"
HELD = b"held\n"


class Line(Protocol):
    """What drives the relay."""

    def on(self) -> None: ...

    def off(self) -> None: ...


def keep(line: Line, commands: int, replies: int, maximum_s: float) -> None:
    """Until the other end of ``commands`` closes. Whatever ends this, the relay is off after it."""
    shut_at_s: float | None = None
    try:
        line.off()
        os.write(replies, READY)
        while True:
            left_s = None if shut_at_s is None else max(0.0, shut_at_s - time.monotonic())
            if not select.select([commands], [], [], left_s)[0]:
                line.off()
                shut_at_s = None
                continue
            given = os.read(commands, select.PIPE_BUF)  # whole lines: shorter writes are atomic
            if not given:
                return
            for duration in given.split():
                line.on()
                shut_at_s = time.monotonic() + min(float(duration), maximum_s)
                os.write(replies, HELD)
    finally:
        line.off()


def main(pin: int, maximum_s: float) -> int:
    # A terminal's Ctrl-C is meant for the unit, whose end is this one's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # until there is a line
    try:
        factory = board_factory()
        line = gpiozero.OutputDevice(pin, pin_factory=factory)
    except Exception as error:  # gpiozero has several errors, lgpio its own
        print(" ".join(str(error).split()), flush=True)
        return 1
    try:
        keep_for_unit(line, maximum_s)
    finally:
        line.close()
        factory.close()
    return 0


def keep_for_unit(line: Line, maximum_s: float) -> None:
    """``keep``, for who is at the other end of standard input and output. In the main thread."""
    signal.signal(signal.SIGTERM, lambda *_: line.off())
    try:
        with suppress(BrokenPipeError):  # the unit died between a command and its answer
            keep(line, sys.stdin.fileno(), sys.stdout.fileno(), maximum_s)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the line is about to be closed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
