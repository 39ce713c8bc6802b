import pytest

from tests.bench.bars import is_met


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ({"ours": 3.0, "bar": "<= 3"}, True),
        ({"ours": 3.01, "bar": "<= 3"}, False),
        ({"ours": 40, "bar": ">= 40"}, True),
        ({"ours": 90.0, "ratio": 0.4, "bar": "<= 0.5", "bar_of": "ratio"}, True),
        ({"ours": 0.1, "ratio": 0.6, "bar": "<= 0.5", "bar_of": "ratio"}, False),
        ({"ours": None, "bar": "<= 3"}, False),
        ({"ours": 3.0, "bar": None}, None),
        ({"ours": 3.0}, None),
    ],
)
def test_a_bar_is_met_or_not(line: dict[str, object], met: bool | None) -> None:
    assert is_met(line) is met


def test_a_sign_that_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError):
        is_met({"ours": 1.0, "bar": "about 1"})
