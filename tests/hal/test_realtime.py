"""Real time where it is allowed, a nice value where it is not, and a word about it."""

import os
import threading
from collections.abc import Callable
from typing import NoReturn

import pytest

from hal.audio import realtime
from hal.audio.realtime import ask_for_realtime


@pytest.fixture(autouse=True)
def nothing_said_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(realtime, "_said", threading.Event())


def in_a_thread(work: Callable[[], object]) -> object:
    """What ``work`` gives there: this thread's own priority stays as it is."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


def refused(*arguments: object) -> NoReturn:
    raise PermissionError(1, "Operation not permitted")


def policy_after(priority: int) -> int:
    ask_for_realtime(priority)
    return os.sched_getscheduler(0)


def test_a_thread_of_sound_asks_for_real_time_that_no_child_inherits(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(os, "sched_setscheduler", lambda *arguments: asked.append(arguments))
    in_a_thread(lambda: ask_for_realtime(5))
    assert asked == [(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(5))]
    assert not caplog.text


def test_where_it_is_refused_it_runs_with_a_nice_value_and_says_what_to_set(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    nice: list[object] = []
    monkeypatch.setattr(os, "sched_setscheduler", refused)
    monkeypatch.setattr(os, "setpriority", lambda *arguments: nice.append(arguments[2]))
    in_a_thread(lambda: ask_for_realtime(5))
    assert nice == [-11]
    assert "with nice -11" in caplog.text
    assert "LimitRTPRIO=5" in caplog.text


def test_what_is_refused_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_setscheduler", refused)
    monkeypatch.setattr(os, "setpriority", refused)
    assert in_a_thread(lambda: policy_after(5)) == os.SCHED_OTHER
    assert in_a_thread(lambda: policy_after(5)) == os.SCHED_OTHER
    assert caplog.text.count("like any other thread") == 1


def test_priority_0_asks_for_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_setscheduler", refused)
    assert in_a_thread(lambda: policy_after(0)) == os.SCHED_OTHER
    assert not caplog.text
