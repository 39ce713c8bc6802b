"""The numbers of each stage."""

from hypothesis import given, strategies as st

from device.media.stages import KEPT, Stage, StageTimes


@given(st.lists(st.floats(0, 10), min_size=1, max_size=2 * KEPT))
def test_the_numbers_lie_as_they_must(times: list[float]) -> None:
    stages = StageTimes()
    for seconds in times:
        stages.add(Stage.DECODE, seconds)
    timing = stages.summary()[Stage.DECODE]
    kept = times[-KEPT:]
    assert timing.count == len(times)
    assert timing.max_s == max(times)
    assert min(kept) <= timing.p50_s <= timing.p95_s <= max(kept)
    assert sum(seconds <= timing.p50_s for seconds in kept) >= len(kept) / 2
    assert sum(seconds <= timing.p95_s for seconds in kept) >= 0.95 * len(kept) - 1


def test_a_stage_that_nothing_went_through_is_not_listed() -> None:
    stages = StageTimes()
    assert stages.summary() == {}
    stages.add(Stage.SEND, 0.001)
    assert list(stages.summary()) == [Stage.SEND]
