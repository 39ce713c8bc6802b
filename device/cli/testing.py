"""``callbox audio`` and ``callbox buttons``: for who stands before the unit."""

import argparse
import sys
import time
from collections.abc import Iterable
from typing import Any

from device.cli import headsets
from device.cli.printing import Colour, painted, print_json, printable
from device.cli.remote import add_socket, unit_of
from device.control import messages
from device.control.readings import ButtonReading, SoundLevel, SoundNews, SoundResult

METER_WIDTH = 30
QUIETEST_DBFS = -60.0


def add_to(commands: Any) -> None:
    audio = commands.add_parser("audio", help="the sound of the unit, and its Bluetooth headsets")
    actions = audio.add_subparsers(required=True, metavar="ACTION")
    _add_test(actions, _audio, "a tone on each route, the microphone's level, and the echo")
    headsets.add_to(actions)
    buttons = commands.add_parser("buttons", help="the buttons of the unit")
    actions = buttons.add_subparsers(required=True, metavar="ACTION")
    _add_test(actions, _buttons, "tell each press, until interrupted; they do what they always do")


def _add_test(actions: Any, command: Any, words: str) -> None:
    test = actions.add_parser("test", help=words, description=f"{words.capitalize()}.")
    add_socket(test)
    test.add_argument("--json", action="store_true", help="a JSON object a line")
    test.set_defaults(command=command)


def _audio(options: argparse.Namespace) -> int:
    """1 where a tone could not be played."""
    with unit_of(options) as unit:
        news: Iterable[SoundNews] = unit.follow(messages.PlayTones)
        results = [_show(one, options.json) for one in news]
    told = [result for result in results if result is not None]
    return 0 if told and not any(result.failure for result in told) else 1


def _show(one: SoundNews, as_json: bool) -> SoundResult | None:
    if as_json:
        print_json(one, indent=None)
        return one if isinstance(one, SoundResult) else None
    is_terminal = sys.stdout.isatty()
    if isinstance(one, SoundLevel):
        if is_terminal:
            print(f"\r\x1b[2K{one.mode.value:<12}{_meter(one.level_dbfs)}", end="", flush=True)
        return None
    print(("\r\x1b[2K" if is_terminal else "") + _result(one), flush=True)
    return one


def _meter(level_dbfs: float | None) -> str:
    if level_dbfs is None:
        return "no microphone"
    share = min(1.0, max(0.0, 1 - level_dbfs / QUIETEST_DBFS))
    return f"{'#' * round(share * METER_WIDTH):-<{METER_WIDTH}} {level_dbfs:4.0f} dBFS"


def _result(one: SoundResult) -> str:
    head = f"{one.mode.value:<12}"
    if one.failure:
        return f"{head}{painted('FAIL', Colour.RED)} {one.failure}"
    played = f"{head}{printable(one.name)}: a tone of {one.tone_hz} Hz was played; "
    if not one.has_microphone:
        return played + "it has no microphone"
    if one.rest_dbfs is None:
        return played + painted("its microphone gave no sound", Colour.RED)
    rest = f"at rest the microphone is at {one.rest_dbfs:.0f} dBFS; "
    if one.echo_db is None or one.delay_s is None:
        return played + rest + "the microphone does not hear the tone"
    return f"{played}{rest}echo {one.echo_db:.0f} dB, after {one.delay_s * 1000:.0f} ms"


def _buttons(options: argparse.Namespace) -> int:
    with unit_of(options) as unit:
        news: Iterable[ButtonReading] = unit.follow(messages.FollowButtons)
        print("Press each button; Ctrl-C ends it.", file=sys.stderr, flush=True)
        try:
            for one in news:
                if options.json:
                    print_json(one, indent=None)
                else:
                    at = time.strftime("%H:%M:%S", time.localtime(one.at_s))
                    print(f"{at} {one.button.value:<16}{one.edge.value}", flush=True)
        except KeyboardInterrupt:
            return 0
    return 0
