"""`callbox config check` says of a configuration what `callbox run` would."""

import json
import sys
from pathlib import Path

import pytest

from device.cli.main import main

GOOD: dict[str, dict[str, object]] = {
    "unit": {"session": "hall"},
    "exchange": {"url": "https://127.0.0.1:1", "uid": "door", "password": "a long password"},
    "media": {"echo_canceller": "off"},
    "hardware": {
        "camera": "simulated",
        "audio": "simulated",
        "buttons": "simulated",
        "outputs": "simulated",
        "board": "simulated",
    },
}


def written(folder: Path, table: str = "unit", **settings: object) -> Path:
    tables = {**GOOD, table: {**GOOD.get(table, {}), **settings}}
    path = folder / "callbox.toml"
    rows = [
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in of.items())
        for name, of in tables.items()
    ]
    path.write_text("".join(rows))
    return path


def checked(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    code = main(["config", "check", "--config", str(path), "--json"])
    told = capsys.readouterr()
    assert told.err == ""
    check: dict[str, str] = json.loads(told.out)
    assert check["part"] == "configuration"
    return code, check


def test_what_is_right_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, check = checked(written(tmp_path), capsys)
    assert (code, check["verdict"]) == (0, "ok")


@pytest.mark.parametrize(
    ("table", "settings", "words"),
    [
        ("unit", {"session": "x" * 200}, "session under [unit]"),
        ("metrics", {"listen": "nonsense"}, "listen under [metrics]"),
        ("exchange", {"certificate": "none.pem"}, "[exchange] certificate: "),
        ("exchange", {"certificate": "callbox.toml"}, "[exchange] certificate: "),
        ("exchange", {"url": "https://a..b:8443"}, "[exchange] url: "),
        ("exchange", {"url": f"https://{'x' * 64}.org"}, "[exchange] url: "),
        ("exchange", {"url": "http://192.0.2.1"}, "[exchange] url: "),
    ],
)
def test_what_run_refuses_is_wrong(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    table: str,
    settings: dict[str, object],
    words: str,
) -> None:
    path = written(tmp_path, table, **settings)
    code, check = checked(path, capsys)
    assert (code, check["verdict"]) == (2, "failed")
    assert words in check["seen"]
    assert main(["run", "--config", str(path), "--socket", str(tmp_path / "control.sock")]) == 2
    assert words in capsys.readouterr().err


def test_what_is_not_on_this_machine_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, check = checked(written(tmp_path, "hardware", microphone="none.wav"), capsys)
    assert (code, "none.wav" in check["seen"]) == (2, True)
    monkeypatch.delitem(sys.modules, "hal.camera.picamera", raising=False)
    monkeypatch.setitem(sys.modules, "picamera2", None)
    code, check = checked(written(tmp_path, "hardware", camera="picamera"), capsys)
    assert (code, "picamera2" in check["seen"]) == (2, True)


def test_a_file_that_is_not_there_cannot_be_corrected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, check = checked(tmp_path / "callbox.toml", capsys)
    assert (code, "There is no" in check["seen"]) == (2, True)
    assert "add-unit" in check["remedy"]
    assert "Correct it" not in check["remedy"]
