"""An exchange as it is run, with many units' accounts, in a process that can be killed.

python -m tests.bench.exchange_process DATA PORT: one whose calls ring for seconds, over plain HTTP.
"""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from device.exchange.server import certificate
from device.exchange.server.administration import opened
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.run import serve
from device.exchange.server.store import Account, digest
from device.exchange.wire import User
from tests.bench.lean_units import Where

UP_WITHIN_S = 120.0
HASTY_S = 3.0


@dataclass(frozen=True)
class Login:
    uid: str
    token: str


async def add_units(data_dir: Path, count: int) -> list[Login]:
    """Accounts that are signed in; passwords, which take their time, fit none of them."""
    logins = [Login(f"unit{number}", secrets.token_urlsafe(32)) for number in range(count)]
    now = int(time.time())
    async with opened(data_dir) as store, store.transaction():
        for each in logins:
            user = User(each.uid, f"Unit {each.uid[4:]}", kind="unit")
            await store.accounts.put(Account(user, "none"))
            await store.accounts.add_auth_token(digest(each.token), each.uid, now + 86400, now)
    return logins


class ExchangeProcess:
    """``callbox exchange`` on a folder and a port of its own, for use in ``with``."""

    def __init__(
        self, data_dir: Path, tls: bool = True, cores: Sequence[int] = (), is_hasty: bool = False
    ) -> None:
        """``is_hasty``: with deadlines of HASTY_S."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._data_dir = data_dir
        self._tls = tls
        self._cores = cores
        self._is_hasty = is_hasty
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    @property
    def proc(self) -> Path:
        assert self._process is not None
        return Path("/proc") / str(self._process.pid)

    @property
    def where(self) -> Where:
        public = certificate.ensure(self._data_dir)[0] if self._tls else None
        return Where.of(self._port, public)

    def start(self) -> None:
        """Returns when it listens. Raises TimeoutError."""
        self._process = subprocess.Popen(self._command(), stdout=subprocess.DEVNULL)
        if self._cores:
            os.sched_setaffinity(self._process.pid, self._cores)
        until_s = time.monotonic() + UP_WITHIN_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise TimeoutError("the exchange does not start")
            time.sleep(0.02)

    def _command(self) -> list[str]:
        data_dir, port = str(self._data_dir), str(self._port)
        if self._is_hasty:
            return [sys.executable, "-m", "tests.bench.exchange_process", data_dir, port]
        command = [sys.executable, "-m", "device.cli.entry", "exchange", "--data", data_dir]
        command += ["--host", "127.0.0.1", "--port", port]
        return command if self._tls else [*command, "--plain-http"]

    def kill(self) -> None:
        """With SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True


def main() -> None:
    config = ExchangeConfig(
        Path(sys.argv[1]), port=int(sys.argv[2]), tls=False, ring_for_s=HASTY_S,
        rejoin_within_s=HASTY_S,
    )  # fmt: skip
    asyncio.run(serve(config, lambda url, mark: None))


if __name__ == "__main__":
    main()
