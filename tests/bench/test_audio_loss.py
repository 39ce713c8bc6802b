"""Lines are printed whatever could not be measured."""

from dataclasses import replace

import numpy as np
import pytest

from tests.bench.bench_audio_loss import CHROMIUM, OURS, STOCK, TRIALS, Figures, _lines

GOOD = Figures(np.array([[1.0, 0.1]]), stalls=0, longest_stall_ms=0.0, concealed=0.5, mos=4.0)


@pytest.mark.parametrize(
    ("deaf", "bars"),
    [(OURS, []), (STOCK, [">= 3.80"]), (CHROMIUM, [None]), (None, [">= 3.80"])],
)
def test_a_listener_that_pesq_makes_nothing_of(deaf: str | None, bars: list[str | None]) -> None:
    found = {
        uid: replace(GOOD, mos=None) if uid == deaf else GOOD for uid in (OURS, STOCK, CHROMIUM)
    }
    lines = list(_lines(TRIALS[0], found, found))
    assert [line["bar"] for line in lines if "PESQ" in line["metric"]] == bars
