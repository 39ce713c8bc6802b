"""The estimator of a link behind simulated networks: narrow, lossy, jittery, shared, and changing."""

import statistics

import pytest

from device.media.bandwidth.estimator import SILENCE_S, LinkEstimator
from device.media.bandwidth.sent import KEPT, OVERHEAD_BYTES, Fate, SentPackets
from tests.media.bottleneck import Call, Sample, Way

START_BPS, MOST_BPS = 1e6, 2.6e6
NEEDED_BPS = 2.2e6
SIZE = 100 + OVERHEAD_BYTES


def call(way: Way | None = None, seed: int = 1, most_bps: float = NEEDED_BPS) -> Call:
    return Call(LinkEstimator(START_BPS, MOST_BPS), way or Way(), most_bps, seed)


def estimates(samples: list[Sample]) -> list[float]:
    return [sample.estimate_bps for sample in samples]


def waits(samples: list[Sample]) -> list[float]:
    return sorted(sample.wait_s for sample in samples)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("jitter_s", [0.0, 0.01])
def test_down_to_a_narrow_bottleneck_and_up_again(seed: int, jitter_s: float) -> None:
    one = call(Way(jitter_s=jitter_s), seed)
    one.run(10)
    assert one.estimator.estimate_bps > NEEDED_BPS
    one.way.rate_bps = 600_000
    one.run(2)
    settled = one.run(28)
    assert max(estimates(settled)) < 1.15 * 600_000
    assert statistics.mean(estimates(settled)) > 0.75 * 600_000, "and it is used"
    assert waits(settled)[len(settled) * 95 // 100] < 0.08
    assert waits(settled)[-1] < 0.15
    lost = settled[0].voice_lost
    assert lost <= 20, "0.4 s of voice, while the queue ran over"
    one.way.rate_bps = 5e6
    back = one.run(15)
    assert back[-1].voice_lost == lost
    assert back[200].estimate_bps > 0.9 * NEEDED_BPS, "after 10 s"


@pytest.mark.parametrize("loss", [0.02, 0.05])
def test_loss_without_a_queue_is_no_congestion(loss: float) -> None:
    one = call(Way(loss=loss, jitter_s=0.005))
    one.run(20)
    assert min(estimates(one.run(20))) > NEEDED_BPS


def test_much_loss_lowers_the_rate_without_starving_it() -> None:
    one = call(Way(loss=0.2))
    assert 30_000 < min(estimates(one.run(20))) < 0.5 * START_BPS


def test_a_still_picture_is_not_taken_for_a_small_network() -> None:
    one = call(most_bps=170_000)
    assert set(estimates(one.run(30))) == {START_BPS}
    one.most_bps = NEEDED_BPS
    one.run(8)
    assert one.estimator.estimate_bps > NEEDED_BPS


def test_a_network_that_is_narrow_from_the_start() -> None:
    one = call(Way(rate_bps=300_000))
    one.run(2)
    settled = one.run(30)
    assert max(estimates(settled)) < 1.15 * 300_000
    assert waits(settled)[len(settled) // 2] < 0.05


def test_other_traffic_is_given_way() -> None:
    one = call(Way(rate_bps=2.6e6))
    one.run(15)
    one.way.foreign_bps = 1.6e6
    one.run(2)
    settled = one.run(20)
    assert max(estimates(settled)) < 1.1e6
    assert waits(settled)[-1] < 0.15


def test_a_longer_way_is_no_queue_for_ever() -> None:
    one = call()
    one.run(15)
    one.way.delay_s = 0.2
    one.run(30)
    assert one.estimator.estimate_bps > 0.8 * NEEDED_BPS


def test_without_reports_less_and_less_is_sent() -> None:
    one = call()
    one.run(10)
    before_bps = one.estimator.estimate_bps
    one.way.loss = 1.0
    one.run(2.5 * SILENCE_S)
    assert one.estimator.estimate_bps == pytest.approx(before_bps / 4)


def test_jitter_that_lets_packets_overtake_each_other_is_no_loss() -> None:
    one = call(Way(jitter_s=0.06))
    one.run(10)
    assert min(estimates(one.run(20))) > 0.8 * NEEDED_BPS


def test_nothing_is_settled_twice_and_memory_is_bounded() -> None:
    sent = SentPackets()
    for number in range(2 * KEPT):
        sent.add((65_000 + number) % 2**16, [100], number / 100)
    first = (65_000 + 2 * KEPT - 2) % 2**16
    newest = [Fate(SIZE, (2 * KEPT - 2 + at) / 100, 1.0 + at) for at in range(2)]
    assert sent.settle(first, [1.0, 2.0]) == newest
    assert sent.settle(first, [1.0, 2.0, 3.0]) == []
    assert sent.settle(65_000, [1.0] * 100) == [], "too old"


def test_a_packet_that_comes_late_is_not_lost() -> None:
    sent = SentPackets()
    for number in range(4):
        sent.add(number, [100], number * 0.1)
    assert sent.settle(0, [1.0, None, 1.2]) == [Fate(SIZE, 0.0, 1.0), Fate(SIZE, 0.2, 1.2)]
    assert sent.settle(1, [1.25, 1.2]) == [Fate(SIZE, 0.1, 1.25)]
    sent.add(4, [100], 0.4)
    sent.add(5, [100], 0.6)
    assert sent.settle(3, [None, 1.4]) == [Fate(SIZE, 0.4, 1.4)]
    assert sent.settle(5, [1.6]) == [Fate(SIZE, 0.6, 1.6), Fate(SIZE, 0.1 * 3, None)]
    assert sent.settle(3, [1.7]) == [], "it was given up"
