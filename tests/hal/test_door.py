"""The door shuts in time, whoever dies or hangs: real processes, with a file for the relay."""

import errno
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from hal import OutputsUnavailable
from hal.outputs import relay
from hal.outputs.keeper import HELD, READY, keep
from hal.outputs.relay import DoorRelay, ProcessKeeper
from tests.hal.listening import PATIENCE_S

KEEPER = """
import sys
from pathlib import Path
from hal.outputs.keeper import keep_for_unit

class FileLine:
    def on(self): file.write_text("on")
    def off(self): file.write_text("off")

file = Path(sys.argv[1])
keep_for_unit(FileLine(), float(sys.argv[2]))
"""
UNIT = """
import sys
from hal.outputs.relay import DoorRelay, ProcessKeeper
relay = DoorRelay(lambda: ProcessKeeper(sys.argv[1:]))
relay.hold(60.0)
print("open", flush=True)
sys.stdin.read()
"""


class Line:
    """A relay whose changes are kept, with their time."""

    def __init__(self) -> None:
        self.levels: list[tuple[bool, float]] = []

    def on(self) -> None:
        self.levels.append((True, time.monotonic()))

    def off(self) -> None:
        self.levels.append((False, time.monotonic()))


def command(file: Path, maximum_s: float = 60.0) -> list[str]:
    return [sys.executable, "-c", KEEPER, str(file), str(maximum_s)]


def until(is_so: Callable[[], bool]) -> None:
    """Looked at again and again: what happens, happens in other processes."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"still not so after {PATIENCE_S:.0f} s"
        select.select([], [], [], 0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "relay"


@contextmanager
def opened(file: Path, for_s: float) -> Iterator["subprocess.Popen[str]"]:
    """A process that has just opened the door for so long."""
    with subprocess.Popen(
        [sys.executable, "-c", UNIT.replace("60.0", str(for_s)), *command(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


@pytest.fixture
def unit(file: Path) -> Iterator["subprocess.Popen[str]"]:
    with opened(file, 60.0) as process:
        assert file.read_text() == "on"
        yield process


@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGTERM, signal.SIGABRT])
def test_the_door_shuts_when_the_unit_is_killed(
    unit: "subprocess.Popen[str]", file: Path, name: signal.Signals
) -> None:
    unit.send_signal(name)
    until(lambda: file.read_text() == "off")


def test_the_door_shuts_in_time_when_the_unit_hangs(file: Path) -> None:
    with opened(file, 0.3) as process:
        process.send_signal(signal.SIGSTOP)
        until(lambda: file.read_text() == "off")


def kept(file: Path) -> tuple[list[ProcessKeeper], DoorRelay]:
    """A relay, and the keepers that it starts."""
    keepers: list[ProcessKeeper] = []

    def start() -> ProcessKeeper:
        keepers.append(ProcessKeeper(command(file)))
        return keepers[-1]

    return keepers, DoorRelay(start)


def test_a_keeper_that_is_killed_has_a_successor_that_shuts_the_door(file: Path) -> None:
    keepers, door = kept(file)
    try:
        door.hold(60.0)
        keepers[0].kill()
        until(lambda: file.read_text() == "off")

        def is_held() -> bool:
            with suppress(OutputsUnavailable):
                door.hold(60.0)
                return True
            return False

        until(is_held)
        assert len(keepers) == 2
    finally:
        door.close()
    assert file.read_text() == "off"


def test_an_orderly_stop_of_all_processes_shuts_the_door_and_starts_no_other_keeper(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """systemd sends SIGTERM to the keeper as well, and then the unit closes its outputs."""
    keepers, door = kept(file)
    door.hold(60.0)
    os.kill(keepers[0].pid, signal.SIGTERM)
    until(lambda: file.read_text() == "off")
    door.hold(60.0)
    assert file.read_text() == "on"
    door.close()
    assert file.read_text() == "off"
    assert len(keepers) == 1
    assert not caplog.records


def test_a_keeper_that_hangs_is_replaced(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "ANSWER_WITHIN_S", 0.05)
    keepers, door = kept(file)
    try:
        os.kill(keepers[0].pid, signal.SIGSTOP)
        with pytest.raises(OutputsUnavailable, match="no answer"):
            door.hold(1.0)
        until(lambda: len(keepers) == 2)
    finally:
        door.close()


def test_a_keeper_that_cannot_start_says_why() -> None:
    lament = [sys.executable, "-c", "print('GPIO busy')"]
    with pytest.raises(OutputsUnavailable, match="GPIO busy"):
        DoorRelay(lambda: ProcessKeeper(lament))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 0.02)


@pytest.mark.usefixtures("quick")
def test_a_keeper_that_dies_again_and_again_is_never_given_up(file: Path) -> None:
    """The last one leaves the door open: only one more can shut it."""
    dying = [sys.executable, "-c", "print('ready')"]
    commands = iter([dying] * 6)
    door = DoorRelay(lambda: ProcessKeeper(next(commands, command(file))))
    try:
        file.write_text("on")
        until(lambda: file.read_text() == "off")
    finally:
        door.close()


@pytest.mark.usefixtures("quick")
def test_a_successor_that_cannot_be_started_is_tried_again(file: Path) -> None:
    """With no memory, no file descriptors, or the line still claimed."""
    keepers: list[ProcessKeeper] = []
    troubles = iter(
        [OSError(errno.ENOMEM, "Cannot allocate memory"), OutputsUnavailable("GPIO busy")]
    )

    def start() -> ProcessKeeper:
        if keepers and (trouble := next(troubles, None)) is not None:
            raise trouble
        keepers.append(ProcessKeeper(command(file)))
        return keepers[-1]

    door = DoorRelay(start)
    try:
        door.hold(60.0)
        keepers[0].kill()
        until(lambda: file.read_text() == "off")
    finally:
        door.close()
    assert len(keepers) == 2


def test_a_door_left_open_is_shut_at_the_close(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "FIRST_PAUSE_S", 600.0)
    monkeypatch.setattr(relay, "LONGEST_PAUSE_S", 600.0)
    attempts: list[list[str]] = []
    commands = iter([command(file), ["/nothing/there"]])

    def start() -> ProcessKeeper:
        attempts.append(next(commands, command(file)))
        return ProcessKeeper(attempts[-1])

    door = DoorRelay(start)
    door.hold(60.0)
    keeper = door._keeper
    assert keeper is not None
    keeper.kill()
    until(lambda: len(attempts) == 2)
    with pytest.raises(OutputsUnavailable, match="Try again"):
        until(lambda: door.hold(60.0) is not None)
    door.close()
    assert file.read_text() == "off"


def test_the_pauses_grow_up_to_a_limit() -> None:
    pauses = relay._Pauses()
    seen = [pauses.next_s() for _ in range(9)]
    assert seen[:4] == [0.0, 1.0, 2.0, 4.0]
    assert seen[-1] == seen[-2] == relay.LONGEST_PAUSE_S


def test_the_longest_time_holds_whatever_is_asked() -> None:
    commands, ask = os.pipe()
    told, replies = os.pipe()
    os.write(ask, b"1000\n")

    class Ending(Line):
        """Shuts the pipe when the door has shut by itself."""

        def off(self) -> None:
            super().off()
            if any(level for level, _ in self.levels):
                with suppress(OSError):
                    os.close(ask)

    line = Ending()
    keep(line, commands, replies, maximum_s=0.05)
    assert [level for level, _ in line.levels] == [False, True, False, False]
    assert line.levels[2][1] - line.levels[1][1] >= 0.05
    assert os.read(told, 100) == READY + HELD
    for descriptor in (commands, told, replies):
        os.close(descriptor)
