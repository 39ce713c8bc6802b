from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.conftest import new_station, pair
from tests.service.listening import Datagrams

__all__ = ["new_station", "pair"]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Datagrams]:
    """What a service tells it."""
    made = Datagrams(str(tmp_path / "notify"))
    yield made
    made.close()
