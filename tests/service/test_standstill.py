"""When the watchdog believes that media stands still, and when it does not."""

import pytest
from hypothesis import given, strategies as st

from device.service.standstill import (
    LONGEST_LOOK_S,
    STANDSTILL_S,
    Flow,
    Part,
    Progress,
    StandstillWatch,
)

CAMERA = Flow(Part.CAMERA)
SENDER = Flow(Part.SENDER, "ana", 1)
DECODER = Flow(Part.DECODER, "ana", 1)
LOOK_S = 2.0
LOOKS = int(STANDSTILL_S / LOOK_S)


def test_a_camera_that_hangs_is_told_after_its_time() -> None:
    watch = StandstillWatch()
    reading = {CAMERA: Progress(100)}
    for look in range(LOOKS):
        assert watch.look(reading, look * LOOK_S) is None
    standstill = watch.look(reading, STANDSTILL_S)
    assert standstill is not None
    assert str(standstill) == "The camera has given no picture for 10 s"
    assert watch.look({CAMERA: Progress(101)}, STANDSTILL_S + LOOK_S) is None


def test_what_is_not_to_move_may_stand_still() -> None:
    watch = StandstillWatch()
    for look in range(LOOKS):
        assert watch.look({CAMERA: Progress(100)}, look * LOOK_S) is None
    assert watch.look({}, STANDSTILL_S) is None  # paused
    assert watch.look({CAMERA: Progress(100)}, STANDSTILL_S + LOOK_S) is None


def test_a_decoder_that_is_given_nothing_owes_nothing() -> None:
    watch = StandstillWatch()
    for look in range(10 * LOOKS):
        assert watch.look({DECODER: Progress(7, fed=9)}, look * LOOK_S) is None


def test_a_decoder_that_is_given_pictures_and_takes_none_hangs() -> None:
    watch = StandstillWatch()
    found = [watch.look({DECODER: Progress(7, fed=look)}, look * LOOK_S) for look in range(99)]
    assert found[LOOKS] is not None
    assert "decoder has been at one picture of ana" in str(found[LOOKS])


def test_a_peer_that_never_took_a_picture_is_owed_none() -> None:
    watch = StandstillWatch()

    def look(at: int, done: int) -> object:
        return watch.look({SENDER: Progress(done, fed=at, needs_start=True)}, at * LOOK_S)

    assert not any(look(at, 0) for at in range(100))
    assert look(100, 1) is None
    assert not any(look(at, 1) for at in range(101, 100 + LOOKS))
    assert look(100 + LOOKS, 1) is not None


def test_a_new_link_begins_anew() -> None:
    watch = StandstillWatch()
    for at in range(100):
        progress = Progress(5, fed=at, needs_start=True)
        assert watch.look({Flow(Part.SENDER, "ana", at): progress}, at * LOOK_S) is None


def test_a_loop_that_was_held_up_proves_little() -> None:
    watch = StandstillWatch()
    assert watch.look({CAMERA: Progress(1)}, 0.0) is None
    assert watch.look({CAMERA: Progress(1)}, 60.0) is None
    assert watch.look({CAMERA: Progress(2)}, 62.0) is None


@given(
    done=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60),
    pause_s=st.floats(0.1, LONGEST_LOOK_S),
    flow=st.sampled_from([CAMERA, SENDER, DECODER]),
)
def test_it_is_told_exactly_while_fed_and_unmoved(
    done: list[tuple[int, int]], pause_s: float, flow: Flow
) -> None:
    """Against the definition, told the other way round: the last looks in a row in which something
    came in and nothing went out."""
    watch = StandstillWatch()
    is_fed = flow.part is not Part.CAMERA
    went, came, still = 0, 0, 0
    for look, (moved, fed) in enumerate(done):
        went, came = went + moved, came + fed
        found = watch.look({flow: Progress(went, came if is_fed else None)}, look * pause_s)
        owes = look > 0 and not moved and (bool(fed) or not is_fed)
        still = still + 1 if owes else 0
        if still * pause_s >= STANDSTILL_S + 0.01:
            assert found is not None
            assert found.lasted_s == pytest.approx(still * pause_s)
        elif still * pause_s < STANDSTILL_S - 0.01:
            assert found is None
