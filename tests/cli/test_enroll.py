"""Enrolling a unit, as a person does it: an exchange, the command, and the network between them."""

import re
import select
import signal
import socket
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from device.config import load
from device.enrolment import merged, new_config
from device.errors import ConfigError
from tests.cli.terminal import CALLBOX, callbox, terminal

OWN = """\
# Ours.
[unit]  # the door
session = 'yard'
rejoin = false

[exchange]
url = "https://old.example"  # gone
certificate = "old.pem"

[hardware]
camera = "simulated"
audio = "simulated"
buttons = "disabled"
"""


class Exchange:
    """One that runs, as a process."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]", url: str) -> None:
        self.data = data
        self.process = process
        self.url = url

    def code(self, *more: str, address: str = "") -> str:
        """A pairing link."""
        done = callbox(
            "exchange", "--data", str(self.data), "add-unit", "door", "--replace", "--session",
            "hall", "--address", address or self.url, *more,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = re.search(r"callbox://\S+", done.stdout)
        assert found is not None, done.stdout
        return found[0]


@contextmanager
def exchange(data: Path, *how: str) -> Iterator[Exchange]:
    command = [
        *CALLBOX,
        "exchange",
        "--data",
        str(data),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        *how,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("Listening on ").strip()
        try:
            yield Exchange(data, process, url)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("exchange")) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "etc" / "callbox.toml"


def enroll(config: Path, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return callbox("enroll", "--config", str(config), *arguments, given=given)


def names(config: Path) -> set[str]:
    return {path.name for path in config.parent.iterdir()} if config.parent.exists() else set()


def test_a_link_is_all_that_a_new_unit_needs(home: Exchange, config: Path) -> None:
    done = enroll(config, home.code(), "--simulated")
    assert done.returncode == 0, done.stderr
    assert f"is enrolled at {home.url}" in done.stdout
    assert "Next: " in done.stdout
    settings = load(config)
    assert (settings.unit.session, settings.exchange.uid) == ("hall", "door")
    assert settings.hardware.camera.value == "simulated"
    assert config.stat().st_mode & 0o777 in (0o600, 0o640)
    assert (config.parent / "exchange.pem").read_bytes() == (
        home.data / "exchange.pem"
    ).read_bytes()
    assert names(config) == {"callbox.toml", "exchange.pem"}
    with terminal("-v", "run", "--config", str(config), "--socket", str(config) + ".sock") as unit:
        unit.until("POST .*/join .*200")
        unit.process.send_signal(signal.SIGTERM)
        assert unit.process.wait(10) == 0


def test_the_link_may_be_asked_for_and_the_settings_of_a_person_stay(
    home: Exchange, config: Path
) -> None:
    config.parent.mkdir()
    config.write_bytes(OWN.replace("\n", "\r\n").encode())
    assert enroll(config, given=f"  {home.code().upper()}\n").returncode == 0
    text = config.read_bytes().decode()
    assert "# Ours.\r\n[unit]  # the door\r\n" in text
    assert "rejoin = false\r\n" in text
    settings = load(config)
    assert (settings.unit.session, settings.unit.rejoin) == ("hall", False)
    assert settings.exchange.certificate == config.parent / "exchange.pem"
    assert settings.exchange.url == home.url


def test_a_qr_code_is_drawn_on_a_terminal(home: Exchange) -> None:
    unit = ["add-unit", "gate", "--address", home.url]
    with terminal("exchange", "--data", str(home.data), *unit) as shown:
        shown.until("enrols with this code, once, until")
        shown.until("[▀▄█]{20}")
        shown.rest()
        assert shown.process.wait(10) == 0


def code_of(link: str) -> str:
    return link.split("/")[3]


def test_a_certificate_is_compared_by_a_person(home: Exchange, config: Path) -> None:
    link = home.code()
    where = ["--exchange", home.url, code_of(link)]
    silent = enroll(config, *where)
    assert (silent.returncode, "--fingerprint" in silent.stderr) == (2, True)
    arguments = ["enroll", "--config", str(config), *where]
    for answer, code in (("n", 2), ("y", 0)):
        with terminal(*arguments) as asking:
            shown = asking.until(r"SHA-256:\s+(([0-9A-F]{2}:){31}[0-9A-F]{2})")[1]
            assert shown.replace(":", "").lower() == link.split("/")[4]
            asking.until(r"\[y/N\]")
            asking.press(answer + "\n")
            asking.rest()
            assert asking.process.wait(20) == code
        assert config.exists() is (code == 0)


def test_a_fingerprint_may_be_given(home: Exchange, config: Path) -> None:
    link = home.code()
    where = ["--exchange", home.url, code_of(link).lower()]
    wrong = enroll(config, *where, "--fingerprint", "00:" * 31 + "00")
    assert (wrong.returncode, "another certificate" in wrong.stderr) == (1, True)
    assert not config.exists()
    assert enroll(config, *where, "--fingerprint", link.split("/")[4].upper()).returncode == 0


def test_a_code_that_is_used_or_wrong_is_told(home: Exchange, tmp_path: Path) -> None:
    link = home.code()
    first, second = tmp_path / "1" / "callbox.toml", tmp_path / "2" / "callbox.toml"
    assert enroll(first, link).returncode == 0
    used = enroll(second, link)
    assert (used.returncode, "has been used" in used.stderr) == (1, True)
    wrong = enroll(second, link.replace(code_of(link), "22222-22222"))
    assert (wrong.returncode, "no such pairing code" in wrong.stderr) == (1, True)
    assert not second.exists()
    load(first)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["callbox://127.0.0.1:1/22222-22222/" + "0" * 64], 1, "cannot be reached"),
        (["callbox://192.168.1.1:80/22222-22222"], 2, "plain HTTP"),
        (["callbox://127.0.0.1:8443/22222-2222/" + "0" * 64], 2, "10 letters and digits"),
        (["https://127.0.0.1:8443"], 2, "no pairing link"),
        (["22222-22222"], 2, "no pairing link"),
        (["22222-22222", "--exchange", "127.0.0.1"], 2, "no address"),
        (["22222-22222", "--exchange", "https://127.0.0.1:1/path"], 1, "cannot be reached"),
        (["0000-0000", "--exchange", "https://127.0.0.1:1"], 2, "10 letters and digits"),
        (["22222-22222", "--exchange", "https://[::1", "--fingerprint", "0" * 64], 2, "no address"),
        (["22222-22222", "--exchange", "https://127.0.0.1:1", "--fingerprint", "0"], 2, "64 hexa"),
        (["--simulated"], 2, "no answer"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    config: Path, arguments: list[str], code: int, words: str
) -> None:
    done = enroll(config, *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert not config.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[unit", "is not TOML"),
        ("[unit]\nsesion = 'x'\n", "no setting unit.sesion"),
        ("exchange.url = 'x'\n", "cannot be added to"),
        ("exchange = {url = 'x'}\n", "cannot be added to"),
    ],
)
def test_a_file_that_cannot_be_added_to_is_told_before_the_code_is_used(
    home: Exchange, config: Path, text: str, words: str
) -> None:
    config.parent.mkdir()
    config.write_text(text)
    link = home.code()
    refused = enroll(config, link)
    assert (refused.returncode, words in refused.stderr) == (2, True)
    assert config.read_text() == text
    config.unlink()
    assert enroll(config, link).returncode == 0


def test_a_folder_that_cannot_be_written_is_told_before_the_code_is_used(
    home: Exchange, tmp_path: Path, config: Path
) -> None:
    (tmp_path / "file").touch()
    link = home.code()
    for folder in (tmp_path / "file", Path("/proc/none")):
        refused = enroll(folder / "callbox.toml", link)
        assert (refused.returncode, "can still be used" in refused.stderr) == (2, True)
    assert enroll(config, link).returncode == 0


class Wire:
    """Between a unit and its exchange; while it is cut, no answer comes back."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.is_cut = False
        self.answered = threading.Event()
        self._is_closing = False
        self._carrying = threading.Thread(target=self._accept, daemon=True)
        self._carrying.start()

    def _accept(self) -> None:
        with self._listening:
            while True:
                near, _ = self._listening.accept()
                if self._is_closing:
                    near.close()
                    return
                self._carry(near)

    def _carry(self, near: socket.socket) -> None:
        """One connection: a request and its answer, one after the other."""
        with near, socket.create_connection(("127.0.0.1", self._port)) as far:
            ends = {near: far, far: near}
            while True:
                for source in select.select(list(ends), [], [])[0]:
                    data = _received(source)
                    if not data:
                        return
                    if source is far and self.is_cut:
                        self.answered.set()
                    else:
                        ends[source].sendall(data)

    def close(self) -> None:
        self._is_closing = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._carrying.join()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except ConnectionError:
        return b""


def test_after_a_power_cut_the_same_code_works_again(tmp_path: Path, config: Path) -> None:
    config.parent.mkdir()
    config.write_text(OWN)
    with exchange(tmp_path / "exchange", "--plain-http") as home:
        wire = Wire(int(home.url.rsplit(":", 1)[1]))
        link = home.code(address=f"http://127.0.0.1:{wire.port}")
        wire.is_cut = True
        unit = subprocess.Popen([*CALLBOX, "enroll", "--config", str(config), link])
        assert wire.answered.wait(30), "the exchange has redeemed the code"
        unit.kill()
        unit.wait()
        assert config.read_text() == OWN
        wire.is_cut = False
        other = enroll(tmp_path / "other" / "callbox.toml", link)
        assert (other.returncode, "has been used" in other.stderr) == (1, True)
        done = enroll(config, link)
        wire.close()
        assert done.returncode == 0, done.stderr
    settings = load(config)
    assert (settings.exchange.uid, settings.exchange.certificate) == ("door", None)
    assert names(config) == {"callbox.toml"}


WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
WANTED: dict[str, Any] = {
    "unit": {"session": "hall"},
    "exchange": {"url": "u", "certificate": None},
}


@given(WORDS, WORDS)
def test_whatever_an_account_is_called_it_is_read_back(session: str, uid: str) -> None:
    wanted: dict[str, dict[str, str | None]] = {
        "unit": {"session": session},
        "exchange": {"uid": uid, "certificate": None},
    }
    read = tomllib.loads(merged(new_config(True), wanted, "x"))
    assert (read["unit"]["session"], read["exchange"]["uid"]) == (session, uid)


LINES = st.lists(
    st.sampled_from(
        [
            *(
                "[unit]",
                "[exchange]",
                "[hardware.pins]",
                "session = 'a'",
                "url='b' # c",
                '"url" = 1',
            ),
            *("", "certificate = 'd'", "x = [", "[1]", "]", "y = '''", "'''", "# [exchange]"),
        ]
    ),
    max_size=12,
)


@given(LINES)
def test_no_setting_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        before = tomllib.loads(text)
        after = tomllib.loads(merged(text, WANTED, "x"))
    except (tomllib.TOMLDecodeError, ConfigError):
        return
    assert after["unit"].pop("session") == "hall"
    assert after["exchange"].pop("url") == "u"
    for table in ("unit", "exchange"):
        for key in ("session",) if table == "unit" else ("url", "certificate"):
            before.get(table, {}).pop(key, None)
        before.setdefault(table, {})
    assert after == before
