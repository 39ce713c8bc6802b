"""The support bundle has what helps, and nothing that is secret."""

import errno
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from device.doctor.bundle import write
from device.doctor.redaction import HIDDEN, redacted, secrets_of, shown, without_secrets
from tests.cli.terminal import callbox

PASSWORD = 'tulip-garden "77\\'
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkb29yIn0.c2lnbmF0dXJl"

PLANTED = """\
RTCIceServer(urls=['turn:turn.example'], username='1767225600:door', credential='dHVybi1wYXNz')
candidate:1 1 udp 2113937151 8.8.4.4 50000 typ srflx raddr 192.168.1.20 rport 50000
candidate:2 1 udp 2113937151 2a00:1450:4001::99 50000 typ host
Trying to associate with SSID='Villa Tulip'
the pairing code is 739-552
ana.lopez@mail.example signed in
"""
SECRETS = (
    "tulip-garden", TOKEN, "dHVybi1wYXNz", "8.8.4.4", "2a00:1450", "Villa Tulip", "739-552",
    "ana.lopez", "ben@mail.example", "8.8.8.8",
)  # fmt: skip
"""Of the log, and of the configuration."""

SECRET = "Xy#9-secret-Xy#9"
TEXT = st.text(min_size=1).filter(lambda text: text not in SECRET)
TABLES = st.recursive(
    st.dictionaries(st.sampled_from(["url", "uid", "name"]), TEXT),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b"]), inner),
)
KEYS = ["password", "wifi_passphrase", "auth_token", "api_key", "Secret"]
MISSPELT = ["pasword", "passwd", "pass", "pwd", "Password ", "exchangepw"]


@given(TABLES, st.sampled_from(KEYS))
def test_a_secret_is_hidden_at_any_depth(table: dict[str, object], key: str) -> None:
    whole = {"deep": {"deeper": [{**table, key: SECRET}]}, key: SECRET}
    assert SECRET not in json.dumps(redacted(whole))


@given(
    st.sampled_from([*KEYS, *MISSPELT]),
    st.sampled_from(["exchange", "exchagne", "unit", "hardware", "listener"]),
    st.sampled_from([SECRET, [SECRET], {"a": SECRET}, [{"uid": SECRET}]]),
)
def test_what_no_setting_has_for_certain_is_a_secret(key: str, table: str, value: object) -> None:
    whole = {"unit": {"session": "hall"}, table: {key: value}, key: value}
    assert SECRET not in json.dumps(shown(whole))
    assert SECRET in secrets_of(whole)


@pytest.mark.parametrize(
    "table",
    [
        {"exchange": SECRET},
        {"exchange": {"uid": {"x": SECRET}}},
        {"unit": {"session": [{"password": SECRET}]}},
        {"hardware": {"alsa": {"speaker": SECRET}}},
        {"call": {"listener": SECRET}},
    ],
)
def test_what_stands_in_the_wrong_place_is_a_secret(table: dict[str, object]) -> None:
    assert SECRET not in json.dumps(shown(table))
    assert SECRET in secrets_of(table)


def test_a_secret_need_be_neither_text_nor_ascii() -> None:
    assert "12345678" in secrets_of({"exchange": {"password": 12345678}})
    written = json.dumps('tür"schloss', ensure_ascii=False)[1:-1]
    assert written in secrets_of({"exchange": {"password": 'tür"schloss'}})


def test_the_settings_that_there_are_stay() -> None:
    table = {
        "unit": {"session": "hall", "rejoin": False},
        "exchange": {"url": "https://10.0.0.2:8443", "uid": "door", "certificate": "exchange.pem"},
        "hardware": {"facings": ["front"], "picamera": {"front": {"id": "imx708"}}},
        "metrics": {"listen": "127.0.0.1:9100"},
    }
    assert shown(table) == table
    assert secrets_of(table) == ()


@pytest.mark.parametrize(
    "line",
    [
        f"token {TOKEN} refused",
        "Authorization: Bearer abc.def-123",
        'password="hunter22", next',
        "resume_secret: hunter22",
        "turn://user:hunter22@192.0.2.1",
        "{'credential': 'hunter22'}",
    ],
)
def test_what_looks_like_a_secret_goes_from_a_log(line: str) -> None:
    told = without_secrets(line)
    for secret in (TOKEN, "abc.def-123", "hunter22"):
        assert secret not in told
    assert HIDDEN in told


def test_the_rest_of_a_log_stays() -> None:
    line = "2026-01-01 door: joined hall, 3 peers, passwords are fine, https://10.0.0.2:8443"
    assert without_secrets(line) == line


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that has said what it should not have."""
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\ncat <<'END'\nlog of callbox\nit said {TOKEN}\n{PASSWORD}\n{PLANTED}\nEND\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


@pytest.mark.usefixtures("journal")
def test_the_file_has_everything_but_the_secrets(tmp_path: Path) -> None:
    config = tmp_path / "callbox.toml"
    config.write_text(
        '[unit]\nsession = "hall"\n[exchange]\nurl = "https://127.0.0.1:1"\nuid = "ben@mail.example"\n'
        f"password = {json.dumps(PASSWORD)}\n[hardware]\n"
        'camera = "simulated"\naudio = "simulated"\nbuttons = "disabled"\n'
        '[metrics]\nlisten = "8.8.8.8:9100"\n'
    )
    out = tmp_path / "help.tar.gz"
    arguments = ["--config", str(config), "--socket", str(tmp_path / "none.sock")]
    done = callbox("support-bundle", str(out), *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with tarfile.open(out) as tar:
        texts = {
            Path(member.name).name: (tar.extractfile(member) or config.open("rb")).read().decode()
            for member in tar.getmembers()
        }
    assert set(texts) == {
        "configuration.json",
        "doctor.json",
        "status.json",
        "versions.json",
        "callbox.log",
        "callbox-exchange.log",
        "callbox-first-boot.log",
        "callbox-last-resort.log",
    }
    assert "log of callbox" in texts["callbox.log"]
    assert "192.168.1.20" in texts["callbox.log"], "an address at home helps, and tells nobody"
    assert json.loads(texts["configuration.json"])["exchange"]["url"] == "https://127.0.0.1:1"
    assert json.loads(texts["configuration.json"])["exchange"]["password"] == HIDDEN
    assert {check["part"] for check in json.loads(texts["doctor.json"])} >= {"disk", "exchange"}
    assert "callbox" in json.loads(texts["versions.json"])
    whole = "".join(texts.values())
    assert [secret for secret in SECRETS if secret in whole] == []
    again = callbox("support-bundle", str(out), *arguments)
    assert (again.returncode, "there already" in again.stderr) == (1, True)


def test_a_file_that_cannot_be_finished_does_not_stay(tmp_path: Path) -> None:
    def fail() -> float:
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "help.tar.gz"
    with pytest.raises(OSError, match="No space"):
        write(out, {"a.log": "x"}, now_s=fail)
    assert not out.exists()
    write(out, {"a.log": "x"})
    assert out.exists()


def test_nobody_else_may_read_it_from_the_first_moment_on(tmp_path: Path) -> None:
    modes: list[int] = []
    out = tmp_path / "help.tar.gz"

    def look() -> float:
        modes.append(stat.S_IMODE(out.stat().st_mode))
        return 0.0

    before = os.umask(0)
    try:
        write(out, {"a.log": "x"}, now_s=look)
    finally:
        os.umask(before)
    assert modes == [0o600]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_with_sudo_it_belongs_to_who_used_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")
    monkeypatch.setenv("SUDO_GID", "12346")
    write(tmp_path / "help.tar.gz", {"a.log": "x"})
    made = (tmp_path / "help.tar.gz").stat()
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (12345, 12346, 0o600)
