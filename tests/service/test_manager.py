"""sd_notify's protocol, over real sockets, from real processes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from device.service.manager import ServiceManager
from tests.service.listening import Datagrams

CALLBOX = [sys.executable, "-m", "device.cli.main"]


def test_each_word_is_a_datagram(systemd: Datagrams) -> None:
    manager = ServiceManager(systemd.address)
    manager.ready()
    manager.status("In a session,\nalone.")
    manager.alive()
    manager.stopping()
    manager.close()
    manager.close()
    assert systemd.take() == ["READY=1", "STATUS=In a session, alone.", "WATCHDOG=1", "STOPPING=1"]


def test_an_abstract_socket() -> None:
    systemd = Datagrams(f"@callbox-test-{os.getpid()}")
    manager = ServiceManager(systemd.address)
    manager.ready()
    assert systemd.take() == ["READY=1"]
    manager.close()
    systemd.close()


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_whose_watchdog_it_is(environment: dict[str, str], watchdog_s: float | None) -> None:
    assert ServiceManager.of(environment).watchdog_s == watchdog_s


def test_nobody_there_is_no_trouble(caplog: pytest.LogCaptureFixture) -> None:
    manager = ServiceManager.of({})
    assert not manager.is_there
    manager.ready()
    gone = ServiceManager("/nonexistent/notify")
    gone.alive()
    gone.close()
    assert "cannot be told WATCHDOG" in caplog.text


def test_an_exchange_says_when_it_listens_and_that_it_lives(
    tmp_path: Path, systemd: Datagrams
) -> None:
    watched = {"NOTIFY_SOCKET": systemd.address, "WATCHDOG_USEC": "400000"}
    arguments = ["--data", str(tmp_path / "data"), "--host", "127.0.0.1", "--port", "0"]
    serving = subprocess.Popen(
        [*CALLBOX, "exchange", *arguments],
        env=os.environ | watched,
        stdout=subprocess.DEVNULL,
    )
    try:
        assert systemd.wait() == "READY=1"
        assert systemd.wait() == "WATCHDOG=1"
        assert systemd.wait().startswith("STATUS=Listening on https://")
        assert systemd.wait() == "WATCHDOG=1"
        serving.send_signal(signal.SIGTERM)
        while (said := systemd.wait()) != "STOPPING=1":
            assert said == "WATCHDOG=1"
        assert serving.wait(10) == 0
    finally:
        serving.kill()
        serving.wait()


def test_a_unit_with_a_wrong_configuration_is_never_ready(systemd: Datagrams) -> None:
    done = subprocess.run(
        [*CALLBOX, "run", "--config", "/dev/null"],
        env=os.environ | {"NOTIFY_SOCKET": systemd.address},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert systemd.take() == []
