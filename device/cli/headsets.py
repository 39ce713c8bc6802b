"""``callbox audio pair``, ``headsets`` and ``forget``: Bluetooth headsets.

They speak to BlueZ, not to the unit, which notices by itself when a headset connects.
"""

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from device.cli.arguments import seconds
from device.cli.printing import print_json, printable
from device.cli.remote import with_json

if TYPE_CHECKING:
    from hal.audio.bluez import Bluetooth, BluetoothDevice

WITHIN_S = 60.0
HINT_AFTER_S = 15.0
LOOK_EVERY_S = 0.2
"""At most so often: a scan where many devices are tells of each of them several times a second."""
WITH_MICROPHONE = frozenset({"HFP", "HSP"})

INTERRUPTED, MISUSED = 130, 2
_ASK = "Put the headset into pairing mode. Type its number, then Enter; Ctrl-C gives up."
_HINT = "Nothing yet. Is it in pairing mode, near, and not connected to a telephone?"
_NO_TERMINAL = (
    "Choosing needs a terminal (over ssh: ssh -t). Without one: `callbox audio headsets --scan 10` "
    "shows what is there, and `callbox audio pair ADDRESS` takes it."
)


def add_to(actions: Any) -> None:
    """Add the commands to those of ``callbox audio``."""
    words = "pair a Bluetooth headset that is in pairing mode, and connect it"
    pair = _add(actions, "pair", _pair, words)
    pair.add_argument(
        "address", nargs="?", type=_address, metavar="ADDRESS", help="(choose from a list)"
    )
    pair.add_argument(
        "--within",
        type=seconds(0.2, 600),
        default=WITHIN_S,
        metavar="SECONDS",
        help="how long to look for ADDRESS (%(default)s)",
    )
    with_json(pair)
    known = _add(actions, "headsets", _headsets, "the Bluetooth headsets that are paired")
    known.add_argument(
        "--scan",
        type=seconds(0.2, 600),
        metavar="SECONDS",
        help="look for new ones first, and show them",
    )
    with_json(known)
    forget = _add(actions, "forget", _forget, "undo the pairing of a headset")
    forget.add_argument("address", type=_address, metavar="ADDRESS")


def _add(
    actions: Any, name: str, command: Callable[[argparse.Namespace], int], words: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=words, description=f"{words.capitalize()}."
    )
    parser.set_defaults(command=command)
    return parser


def _address(text: str) -> str:
    if not re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as AA:BB:CC:DD:EE:FF")
    return text.upper()


def _pair(options: argparse.Namespace) -> int:
    if options.address is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        print(f"callbox: {_NO_TERMINAL}", file=sys.stderr)
        return MISUSED
    device = asyncio.run(_paired(options.address, options.within))
    if device is None:
        return INTERRUPTED
    if options.json:
        print_json(_as_json(device))
        return 0
    name = printable(device.name)
    print(f"{name} is paired and connected. From now on it connects when it is switched on.")
    if not device.profiles & WITH_MICROPHONE:
        print("It has no microphone: the unit goes on with the one that it has.")
    return 0


async def _paired(address: str | None, within_s: float) -> "BluetoothDevice | None":
    """None: nobody chose."""
    from hal.audio.bluez import Bluetooth

    async with Bluetooth() as bluetooth:
        if address is None:
            address = await _chosen(bluetooth)
            if address is None:
                return None
        else:
            await bluetooth.find(address, within_s)
        _say(f"Pairing with {address} ...")
        await bluetooth.pair(address)
        (device,) = [each for each in await bluetooth.devices() if each.address == address]
        return device


async def _chosen(bluetooth: "Bluetooth") -> str | None:
    """The address whose number a person types into a list that grows; None at the end of input."""
    _say(_ASK)
    woken = asyncio.Event()
    shown: dict[str, str] = {}

    def encourage() -> None:
        if not shown:
            _say(_HINT)

    hint = asyncio.get_running_loop().call_later(HINT_AFTER_S, encourage)
    try:
        with _typed(woken.set) as lines:
            async with bluetooth.scanning(woken.set):
                while True:
                    woken.clear()
                    _show(await bluetooth.devices(), shown)
                    while lines:
                        line = lines.pop(0)
                        if not line:
                            return None
                        if (address := _numbered(line, list(shown))) is not None:
                            return address
                    await woken.wait()
                    await asyncio.sleep(LOOK_EVERY_S)
    finally:
        hint.cancel()


def _show(devices: Iterable["BluetoothDevice"], shown: dict[str, str]) -> None:
    """Print what is new, or has another name by now. A number stays that of its headset."""
    for device in devices:
        row = _row(device)
        if device.is_audio and shown.get(device.address) != row:
            shown[device.address] = row
            _say(f"{list(shown).index(device.address) + 1:>3}  {row}")


def _numbered(line: str, addresses: Sequence[str]) -> str | None:
    text = line.strip()
    if text.isdecimal() and 1 <= int(text) <= len(addresses):
        return addresses[int(text) - 1]
    if text:
        _say(f"{text!r} is no number of the list.")
    return None


@contextmanager
def _typed(on_line: Callable[[], None]) -> Iterator[list[str]]:
    """Lines that are typed, each with its end; an empty one is the end of input."""
    lines: list[str] = []
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        lines.append(os.read(terminal, 4096).decode(errors="replace"))  # a terminal gives a line
        on_line()

    loop.add_reader(terminal, read)
    try:
        yield lines
    finally:
        loop.remove_reader(terminal)


def _headsets(options: argparse.Namespace) -> int:
    devices = asyncio.run(_known(options.scan))
    if options.json:
        print_json([_as_json(device) for device in devices])
        return 0
    for device in devices:
        print(_row(device))
    if not devices and options.scan:
        print("None is paired, and none was found. Is it in pairing mode, and near?")
    elif not devices:
        print("None is paired. To pair one: callbox audio pair")
    return 0


async def _known(scan_s: float | None) -> list["BluetoothDevice"]:
    from hal.audio.bluez import Bluetooth

    async with Bluetooth() as bluetooth:
        if scan_s is not None:
            async with bluetooth.scanning(lambda: None):
                await asyncio.sleep(scan_s)
                devices = await bluetooth.devices()
        else:
            devices = await bluetooth.devices()
    is_wanted = scan_s is not None
    return [device for device in devices if device.is_audio and (is_wanted or device.is_paired)]


def _forget(options: argparse.Namespace) -> int:
    async def forget() -> None:
        from hal.audio.bluez import Bluetooth

        async with Bluetooth() as bluetooth:
            await bluetooth.forget(options.address)

    asyncio.run(forget())
    print(f"{options.address} is forgotten.")
    return 0


def _row(device: "BluetoothDevice") -> str:
    words = {"connected": device.is_connected, "paired": device.is_paired}
    state = ", ".join(word for word, is_so in words.items() if is_so) or "not paired"
    profiles = " ".join(sorted(device.profiles))
    return f"{device.address}  {printable(device.name)}  ({state})  {profiles}".rstrip()


def _as_json(device: "BluetoothDevice") -> dict[str, Any]:
    return {
        "address": device.address,
        "name": device.name,
        "is_paired": device.is_paired,
        "is_trusted": device.is_trusted,
        "is_connected": device.is_connected,
        "profiles": sorted(device.profiles),
    }


def _say(words: str) -> None:
    """To the person, not into the data."""
    print(words, file=sys.stderr, flush=True)
