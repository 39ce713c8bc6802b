"""The command, as a person uses it: real processes, a real terminal."""

import signal
import subprocess
from pathlib import Path

import pytest

from device.config import load
from tests.cli.terminal import CALLBOX, callbox, terminal


def test_the_demo_shows_a_unit_whose_buttons_are_keys() -> None:
    with terminal("demo", "--port", "0") as demo:
        demo.until(r"Open +http://127\.0\.0\.1:\d+")
        demo.until(r"Password +\S+")
        demo.until(r"in the session · alone · microphone on · camera front · speaker")
        demo.press("m")
        demo.until("microphone muted")
        demo.press("c")
        demo.until("camera rear")
        demo.press("e")
        demo.until("not in a call")
        demo.press("j")
        demo.until("in the session")
        demo.press("q")
        assert demo.process.wait(10) == 0


def test_a_signal_ends_the_demo_in_order() -> None:
    with terminal("demo", "--port", "0") as demo:
        demo.until("in the session")
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(10) == 0
        assert "Traceback" not in demo.text


def test_the_self_test_passes() -> None:
    done = callbox("selftest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert "ok   door hears: " in done.stdout, "the report itself says within what it is well"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "--config", "/nonexistent/callbox.toml"], 2, "add-unit"),
        (["exchange", "--host", "0.0.0.0", "--plain-http", "--data", "/tmp"], 2, "Plain HTTP"),
        (["exchange", "--data", "/proc/none", "add-user", "ana"], 2, "--data"),
        (["nonsense"], 2, "invalid choice"),
        (["record"], 2, "invalid choice: 'record' (choose from"),
        (["camera", "sideways"], 2, "invalid choice: 'sideways' (choose from"),
        ([], 2, "COMMAND"),
        (["exchange", "--data", "/tmp", "--ice-server", "turn:a,b"], 2, "USER,SECRET"),
        (["run", "--config", "/dev/null"], 2, "url under [exchange]"),
        (["run", "--config", "/dev/null", "--session", "hall"], 2, "url under [exchange]"),
        (["demo", "--host", "203.0.113.1"], 2, "cannot listen on 203.0.113.1"),
    ],
)
def test_a_mistake_is_one_line_and_a_code(arguments: list[str], code: int, words: str) -> None:
    done = callbox(*arguments, given="a long password\n")
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_unit_is_added_and_runs(tmp_path: Path) -> None:
    data = ["exchange", "--data", str(tmp_path / "data")]
    weak = callbox(*data, "add-user", "ana", given="short\n")
    assert (weak.returncode, "8 to 1024 characters" in weak.stderr) == (2, True)
    assert callbox(*data, "add-user", "ana", given="a long password\n").returncode == 0
    again = callbox(*data, "add-user", "ana", given="another password\n")
    assert (again.returncode, "--replace" in again.stderr) == (2, True)
    for address in ("https://", "https://bad host:xx", "http://192.168.1.1"):
        wrong = [
            "add-unit",
            "x",
            "--address",
            address,
            "--session",
            "s",
            "--out",
            str(tmp_path / "x"),
        ]
        assert callbox(*data, *wrong).returncode == 2
    assert not (tmp_path / "x").exists()
    serving = subprocess.Popen(
        [*CALLBOX, *data, "--host", "127.0.0.1", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert serving.stdout is not None
    try:
        url = serving.stdout.readline().removeprefix("Listening on ").strip()
        assert url.startswith("https://")
        out = tmp_path / "unit"
        unit = ["add-unit", "door", "--simulated", "--address", url, "--session", "hall"]
        unit += ["--out", str(out)]
        assert callbox(*data, *unit).returncode == 0
        config = out / "callbox.toml"
        assert config.stat().st_mode & 0o077 == 0
        (out / "exchange.pem").write_text("no certificate")
        refused = callbox("run", "--config", str(config))
        assert (refused.returncode, "exchange.pem" in refused.stderr) == (2, True)
        assert callbox(*data, *unit).returncode == 2, "the account is there"
        assert callbox(*data, *unit, "--replace").returncode == 0
        own = ["--config", str(config), "--socket", str(tmp_path / "control.sock")]
        with terminal("-v", "run", *own) as running:
            running.until("POST .*/join .*200")
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(10) == 0
    finally:
        serving.terminate()
        assert serving.wait(10) == 0
        serving.stdout.close()


def test_a_unit_is_a_board_unless_it_is_added_as_simulated(tmp_path: Path) -> None:
    data = ["exchange", "--data", str(tmp_path / "data")]
    place = ["--address", "https://192.168.1.10:8443", "--session", "hall"]
    kinds = {"door": ("picamera", "alsa", "gpio"), "desk": ("simulated", "simulated", "disabled")}
    for uid, named in kinds.items():
        out, how = tmp_path / uid, ["--simulated"] if uid == "desk" else []
        assert callbox(*data, "add-unit", uid, *place, "--out", str(out), *how).returncode == 0
        hardware = load(out / "callbox.toml").hardware
        assert (hardware.camera.value, hardware.audio.value, hardware.buttons.value) == named


def test_a_unit_without_a_place_for_its_configuration_keeps_its_password(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    data = ["exchange", "--data", str(tmp_path / "data")]
    unit = ["add-unit", "door", "--address", "https://192.168.1.10:8443", "--session", "hall"]
    refused = callbox(*data, *unit, "--out", str(tmp_path / "file" / "door"))
    assert (refused.returncode, "Nothing was changed" in refused.stderr) == (2, True)
    aimless = callbox(*data, *unit[:-2], "--out", str(tmp_path / "door"))
    assert (aimless.returncode, "give --session" in aimless.stderr) == (2, True)
    assert callbox(*data, *unit, "--out", str(tmp_path / "door")).returncode == 0, "no account yet"
    taken = callbox(*data, *unit)
    assert (taken.returncode, "--replace" in taken.stderr) == (2, True)
    assert callbox(*data, *unit, "--replace").stdout.startswith("door enrols with this code")


def test_a_mistyped_turn_server_does_not_show_its_secret(tmp_path: Path) -> None:
    server = "turn:example:3478,user,S3cr3t,more"
    refused = callbox("exchange", "--data", str(tmp_path), "--ice-server", server)
    assert refused.returncode == 2
    assert "turn:example:3478" in refused.stderr
    assert "S3cr3t" not in refused.stderr + refused.stdout
