"""What udev and jacks tell, as datagrams and events of the kernel's own form."""

import os
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal import AudioDevice, AudioMode
from hal.audio.hotplug import Hotplug, udev_events
from hal.audio.jack import find_jack, is_plugged
from hal.audio.routes import AlsaConfig, AlsaRoute, Preset
from hal.audio.watch import RouteWatch
from tests.hal.listening import Heard
from tests.hal.test_presence import write_card, write_text

HEADER = b"libudev\0" + struct.pack(">I", 0xFEEDCAFE) + b"\xff" * 28
JACK_NAME = "wm8960 Headphone Jack"
SWITCH_MOVED = struct.pack("llHHi", 0, 0, 5, 2, 1) + struct.pack("llHHi", 0, 0, 0, 0, 0)
KEY_PRESSED = struct.pack("llHHi", 0, 0, 1, 30, 1)


def event(subsystem: str) -> bytes:
    return HEADER + f"SUBSYSTEM={subsystem}\0ACTION=add\0DEVNAME=/dev/x\0".encode()


class Udev:
    """The far end of what stands for udev's socket."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._near.setblocking(False)

    def connect(self) -> socket.socket:
        return self._near

    def tell(self, subsystem: str) -> None:
        self._far.send(event(subsystem))

    def close(self) -> None:
        self._far.close()


@pytest.fixture
def udev() -> Iterator[Udev]:
    udev = Udev()
    yield udev
    udev.close()


def write_jack(root: Path, name: str = JACK_NAME) -> Path:
    """The device file is a FIFO here, into which the test writes events."""
    write_text(root / "sys/class/input/event3/device/name", f"{name}\n")
    (root / "dev/input").mkdir(parents=True, exist_ok=True)
    path = root / "dev/input/event3"
    os.mkfifo(path)
    return path


def test_the_kernel_takes_the_real_socket() -> None:
    with udev_events() as events:
        assert events.getsockname()[1] == 2


@pytest.mark.spec("3.on_audio_mode_changed")
def test_a_card_that_comes_and_goes_is_told(tmp_path: Path, udev: Udev) -> None:
    config = AlsaConfig(speaker=AlsaRoute(Preset.USB))
    watch = RouteWatch(config.routes, [Hotplug((), tmp_path, udev.connect)], root=tmp_path)
    told: Heard[tuple[AudioDevice, ...]] = Heard()
    stop = watch.watch(told)
    write_card(tmp_path, 1, "PowerConf", "Anker PowerConf", ["pcmC1D0p", "pcmC1D0c"], usb=True)
    udev.tell("sound")
    assert told.wait_count(1) == [(AudioDevice(AudioMode.SPEAKER, "Anker PowerConf", True),)]
    shutil.rmtree(tmp_path / "proc")
    udev.tell("sound")
    assert told.wait_count(2)[1] == ()
    stop()
    stop()


def test_only_events_of_sound_and_input_matter(tmp_path: Path, udev: Udev) -> None:
    changes: Heard[int] = Heard()
    hotplug = Hotplug((), tmp_path, udev.connect)
    hotplug.start(lambda: changes(1))
    changes.wait_count(1)  # the look at the start
    udev.tell("net")
    udev.tell("soundwire")
    udev.tell("sound")
    changes.wait_count(2)
    udev.tell("input")
    changes.wait_count(3)
    hotplug.stop()
    hotplug.stop()
    assert len(changes.items) == 3


def test_the_dozen_events_of_a_card_are_one_change(tmp_path: Path, udev: Udev) -> None:
    changes: Heard[int] = Heard()
    hotplug = Hotplug((), tmp_path, udev.connect)
    hotplug.start(lambda: changes(1))
    changes.wait_count(1)
    for _ in range(6):
        udev.tell("sound")
        udev.tell("usb")
    changes.wait_count(2)
    udev.tell("sound")
    changes.wait_count(3)
    hotplug.stop()
    assert len(changes.items) == 3


def test_a_plug_that_goes_in_is_told(tmp_path: Path, udev: Udev) -> None:
    path = write_jack(tmp_path)
    changes: Heard[int] = Heard()
    hotplug = Hotplug([JACK_NAME], tmp_path, udev.connect)
    hotplug.start(lambda: changes(1))
    changes.wait_count(1)
    with path.open("wb", buffering=0) as jack:
        jack.write(KEY_PRESSED)
        jack.write(SWITCH_MOVED)
        changes.wait_count(2)
    hotplug.stop()


def test_a_jack_that_comes_with_its_card_is_watched(tmp_path: Path, udev: Udev) -> None:
    changes: Heard[int] = Heard()
    hotplug = Hotplug([JACK_NAME], tmp_path, udev.connect)
    hotplug.start(lambda: changes(1))
    changes.wait_count(1)
    path = write_jack(tmp_path)
    udev.tell("input")
    changes.wait_count(2)
    with path.open("wb", buffering=0) as jack:
        jack.write(SWITCH_MOVED)
        changes.wait_count(3)
    hotplug.stop()


@pytest.mark.parametrize(("switches", "plugged"), [(0, False), (1 << 2, True), (1 << 4, False)])
def test_a_jack_says_whether_a_plug_is_in(tmp_path: Path, switches: int, plugged: bool) -> None:
    path = write_jack(tmp_path)
    assert find_jack(JACK_NAME, tmp_path) == path
    assert is_plugged(JACK_NAME, tmp_path, lambda fd: switches) is plugged
    assert not is_plugged("another", tmp_path, lambda fd: switches)


def test_what_is_no_input_device_has_no_plug_in(tmp_path: Path) -> None:
    write_jack(tmp_path)
    assert not is_plugged(JACK_NAME, tmp_path)


def test_where_netlink_is_forbidden_it_says_so(caplog: pytest.LogCaptureFixture) -> None:
    def forbidden() -> socket.socket:
        raise PermissionError("no")

    hotplug = Hotplug(connect=forbidden)
    hotplug.start(lambda: None)
    hotplug.stop()
    assert "AF_NETLINK" in caplog.text
