"""What [ringing] may say."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from device.config import parse
from device.errors import ConfigError
from device.phone.settings import Hours, RingingTable
from device.phone.values import Whom
from hal import AudioMode


@given(st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_a_minute_is_in_the_hours_or_in_the_rest_of_the_day(a: int, b: int, at: int) -> None:
    if a != b:
        assert Hours(a, b).has(at) != Hours(b, a).has(at)


def test_hours_may_go_over_midnight() -> None:
    night = Hours.parse("22:00-07:00")
    assert [night.has(60 * hour) for hour in (21, 22, 0, 6, 7)] == [False, True, True, True, False]
    assert all(Hours.parse("00:00-24:00").has(minute) for minute in range(1440))


def test_it_is_read_from_the_file() -> None:
    table = {
        "route": "earpiece",
        "loudness": 0.2,
        "auto_answer": True,
        "do_not_disturb": "22:00-07:00",
        "call": "group:family",
    }
    ringing = parse({"ringing": table}).ringing
    assert (ringing.route, ringing.loudness) == (AudioMode.EARPIECE, 0.2)
    assert ringing.hours == Hours(22 * 60, 7 * 60)
    assert ringing.whom == Whom("family", is_group=True)
    assert RingingTable().whom is None


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"loudness": 1.5}, "ringing.loudness must be from 0 to 1"),
        ({"ring_for_s": 0}, "ringing.ring_for_s must be from 1 to 600"),
        ({"auto_answer_after_s": -1}, "ringing.auto_answer_after_s must be from 0"),
        ({"auto_answer": True, "auto_answer_after_s": 45}, "to under ring_for_s"),
        ({"do_not_disturb": "ten"}, "ringing.do_not_disturb must be like '22:00-07:00'"),
        ({"do_not_disturb": "25:00-07:00"}, "ringing.do_not_disturb has a time"),
        ({"do_not_disturb": "07:00-07:00"}, "00:00-24:00"),
        ({"call": "ana"}, "ringing.call must be 'user:UID' or 'group:ID'"),
        ({"call": "group:"}, "ringing.call must be"),
        ({"route": "roof"}, "roof"),
        ({"volume": 1}, "there is no setting ringing.volume"),
    ],
)
def test_what_cannot_be_is_said(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")):
        parse({"ringing": table})
