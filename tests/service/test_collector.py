"""What lives long is not walked again and again; what has become garbage goes all the same."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from device.service import collector
from device.service.collector import in_short_pauses


class Node:
    """Of a cycle, which only the collector can free."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def only_when_told() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def test_what_survives_is_set_aside() -> None:
    with in_short_pauses():
        aside = gc.get_freeze_count()
        assert aside > 10_000
        kept = [[] for _ in range(1000)]
        assert len(gc.get_objects(generation=2)) < 1000
        gc.collect()
        assert gc.get_freeze_count() >= aside + len(kept)
    assert gc.get_freeze_count() == 0


def test_what_has_not_been_set_aside_is_collected() -> None:
    with in_short_pauses():
        node = weakref.ref(Node())
        gc.collect()
        assert node() is None


def test_what_was_set_aside_goes_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "WHOLE_EVERY", 5)
    with in_short_pauses():
        node = Node()
        gc.collect()
        gone = weakref.ref(node)
        del node
        gc.collect()
        assert gone() is not None, "it is not looked at"
        for _ in range(5):
            gc.collect()
        assert gone() is None


def test_young_garbage_is_collected_as_ever() -> None:
    with in_short_pauses():
        node = weakref.ref(Node())
        gc.collect(0)
        assert node() is None
