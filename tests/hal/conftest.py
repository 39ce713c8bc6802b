"""Every test of this room must end the threads that it started; the sound cards that some need."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hal.alsa_cards import TestCards, build, record


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not left, f"still running: {left}"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("testcard")
    record(folder)
    return build(folder)


@pytest.fixture
def cards(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestCards:
    cards = TestCards(tmp_path, library)
    cards.write()
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(cards.config))
    return cards
