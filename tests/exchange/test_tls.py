"""The exchange's own certificate, pinned by units."""

import socket
import stat
from pathlib import Path

import pytest

from device.errors import ConfigError, ExchangeUnreachable
from device.exchange.client import ExchangeAccount, ExchangeAddress
from device.exchange.server import certificate
from device.exchange.server.config import ExchangeConfig
from tests.exchange.conftest import PASSWORD, RunningExchange, Wall, running
from tests.exchange.members import enter


async def test_the_pinned_certificate_is_accepted_and_no_other(tmp_path: Path) -> None:
    wall = Wall()
    other, _ = certificate.ensure(tmp_path / "other")
    config = ExchangeConfig(tmp_path / "own", port=0, tls=True, wall_s=wall)
    async with running(config, wall) as exchange:
        account = ExchangeAccount(exchange.address("door"))
        member = await enter(account)
        await member.call.leave()
        await account.aclose()
        wrong = ExchangeAccount(ExchangeAddress(exchange.url, "door", PASSWORD, other))
        with pytest.raises(ExchangeUnreachable, match="another certificate"):
            await wrong.sign_in()
        await wrong.aclose()


def test_the_key_is_for_its_owner_only_and_made_once(tmp_path: Path) -> None:
    public, key = certificate.ensure(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = certificate.fingerprint(public)
    assert certificate.fingerprint(certificate.ensure(tmp_path)[0]) == before
    assert len(before.split(":")) == 32


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "callbox.example"])
def test_plain_http_is_for_loopback_only(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="Plain HTTP"):
        ExchangeConfig(tmp_path, host=host, tls=False)


async def test_a_missing_certificate_says_what_to_do(tmp_path: Path) -> None:
    address = ExchangeAddress("https://127.0.0.1:1", "door", PASSWORD, tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"exchange\.pem"):
        ExchangeAccount(address)


async def test_a_taken_port_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = ExchangeConfig(tmp_path, port=taken.getsockname()[1], tls=False)
        with pytest.raises(ConfigError, match="--port"):
            await RunningExchange(config, Wall()).start()


async def test_an_unusable_data_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = ExchangeConfig(tmp_path / "file" / "data", port=0, tls=False)
    with pytest.raises(ConfigError, match="--data"):
        await RunningExchange(config, Wall()).start()


async def test_nobody_there_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    account = ExchangeAccount(ExchangeAddress(f"http://127.0.0.1:{port}", "door", PASSWORD))
    with pytest.raises(ExchangeUnreachable, match="cannot be reached"):
        await account.sign_in()
    await account.aclose()
