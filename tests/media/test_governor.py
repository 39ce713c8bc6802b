"""One encoder for several peers: who decides, who is paced, what it does to the frame rate."""

import pytest
from hypothesis import given, strategies as st

from device.media.bandwidth.encoder import EncoderControl
from device.media.bandwidth.frame_rate import FrameRate
from device.media.bandwidth.governor import (
    FLOOR_BPS,
    HYSTERESIS,
    START_BPS,
    BitrateGovernor,
    LinkState,
)
from device.media.bandwidth.link import LinkBandwidth
from device.media.bandwidth.reported import ReportedEstimator
from device.media.bandwidth.share import VOICE_BPS, link_bps, video_bps
from hal import VideoFormat
from hal.camera.simulated import SimulatedCamera

CEILING_BPS = 2_000_000


class Encoder:
    def __init__(self, ceiling_bps: int = CEILING_BPS) -> None:
        self.told: list[int] = []
        self.governor = BitrateGovernor(self.told.append, ceiling_bps)

    def takes(self, **video_bps: float) -> None:
        """So much of the encoder, each."""
        for uid, bps in video_bps.items():
            self.governor.estimate(uid, link_bps(bps))

    @property
    def target_bps(self) -> int:
        return self.governor.target_bps


def test_the_slowest_of_two_decides() -> None:
    encoder = Encoder()
    encoder.takes(a=1_500_000)
    encoder.takes(b=300_000)
    assert encoder.target_bps == pytest.approx(300_000, abs=1)
    encoder.governor.forget("b")
    assert encoder.target_bps == pytest.approx(1_500_000, abs=1)
    encoder.governor.forget("a")
    assert encoder.told[-1] == CEILING_BPS


def test_voice_comes_off_first() -> None:
    encoder = Encoder()
    encoder.governor.estimate("a", VOICE_BPS + 500_000)
    assert encoder.target_bps < 500_000
    assert video_bps(VOICE_BPS) == 0
    assert video_bps(link_bps(123_456)) == pytest.approx(123_456)


def test_one_straggler_of_three_does_not_take_the_picture_from_all() -> None:
    encoder = Encoder()
    encoder.takes(a=1_500_000, b=1_200_000, c=300_000)
    assert encoder.target_bps == pytest.approx(1_200_000, abs=1)
    assert encoder.governor.pacing_bps("c") == pytest.approx(300_000), "no more than it takes"
    encoder.takes(c=500_000)
    assert encoder.target_bps == pytest.approx(1_200_000, abs=1), "still one"
    encoder.takes(c=700_000)
    assert encoder.target_bps == pytest.approx(700_000, abs=1), "it counts again"
    encoder.takes(c=500_000)
    assert encoder.target_bps == pytest.approx(500_000, abs=1), "and goes on to do so"


def test_two_slow_ones_of_three_are_no_stragglers() -> None:
    encoder = Encoder()
    encoder.takes(a=1_500_000, b=300_000, c=200_000)
    assert encoder.target_bps == pytest.approx(200_000, abs=1)


def test_the_target_stays_within_its_bounds() -> None:
    encoder = Encoder()
    encoder.takes(a=20_000)
    assert encoder.told == [FLOOR_BPS]
    assert encoder.governor.pacing_bps("a") < FLOOR_BPS, "its voice comes first"
    encoder.takes(a=50_000_000)
    assert encoder.told == [FLOOR_BPS, CEILING_BPS]
    small = Encoder(ceiling_bps=100_000)
    small.takes(a=20_000)
    assert small.told == []


def test_small_changes_do_not_reach_the_encoder() -> None:
    encoder = Encoder()
    encoder.takes(a=1_000_000)
    for bps in (1_010_000, 1_030_000, 980_000, 1_049_000):
        encoder.takes(a=bps)
    assert len(encoder.told) == 1


def test_a_link_begins_with_a_megabit_or_with_what_the_others_are_sent() -> None:
    encoder = Encoder()
    assert encoder.governor.begin("a") == START_BPS
    assert encoder.target_bps == int(video_bps(START_BPS))
    encoder.takes(a=CEILING_BPS)
    assert video_bps(encoder.governor.begin("b")) >= CEILING_BPS
    assert encoder.target_bps == CEILING_BPS, "the others' picture stays as it is"
    assert Encoder(ceiling_bps=300_000).governor.begin("a") < START_BPS


def test_pacing_is_slower_while_a_queue_stands() -> None:
    encoder = Encoder()
    encoder.governor.begin("a")
    assert encoder.governor.pacing_bps("a") > 2 * encoder.target_bps, "the first keyframe is quick"
    encoder.takes(a=1_000_000)
    assert encoder.governor.pacing_bps("a") == pytest.approx(1_500_000)
    encoder.governor.estimate("a", link_bps(1_000_000), LinkState.CONGESTED)
    assert encoder.governor.pacing_bps("a") == pytest.approx(1_000_000)


def test_a_silent_link_does_not_take_the_picture_from_the_others() -> None:
    encoder = Encoder()
    encoder.takes(a=1_500_000, b=1_500_000)
    encoder.governor.estimate("b", link_bps(700_000), LinkState.SILENT)
    assert encoder.target_bps == pytest.approx(1_500_000, abs=1)
    assert encoder.governor.pacing_bps("b") == pytest.approx(700_000), "it may only be slow"
    encoder.governor.estimate("a", link_bps(750_000), LinkState.SILENT)
    assert encoder.target_bps == pytest.approx(700_000, abs=1), (
        "all are silent: this end's network?"
    )
    encoder.takes(b=350_000)
    assert encoder.target_bps == pytest.approx(350_000, abs=1)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.floats(0, 1e7)), max_size=50))
def test_whatever_the_links_say_the_target_is_one_that_most_can_take(
    said: list[tuple[str, float | None]],
) -> None:
    encoder = Encoder()
    links: dict[str, float] = {}
    for uid, bps in said:
        if bps is None:
            links.pop(uid, None)
            encoder.governor.forget(uid)
        else:
            links[uid] = bps
            encoder.governor.estimate(uid, bps)
        assert FLOOR_BPS <= encoder.target_bps <= CEILING_BPS
        served = [
            bps for bps in links.values() if video_bps(bps) * (1 + 2 * HYSTERESIS) >= FLOOR_BPS
        ]
        above = [
            bps for bps in served if video_bps(bps) < encoder.target_bps * (1 - 2 * HYSTERESIS)
        ]
        assert len(above) <= (1 if len(links) > 2 else 0) or encoder.target_bps == FLOOR_BPS
        assert all(encoder.governor.pacing_bps(link) > 0 for link in "abcd")


def test_the_frame_rate_steps_down_and_comes_back_later() -> None:
    rate = FrameRate(VideoFormat())
    bitrates_kbps = (2000, 560, 540, 600, 300, 200, 300, 400, 700, 800)
    rates_hz = [rate.at(kbps * 1000) for kbps in bitrates_kbps]
    assert rates_hz == [30, 30, 15, 15, 15, 10, 10, 15, 15, 30]


def test_a_small_picture_keeps_its_frame_rate() -> None:
    assert FrameRate(VideoFormat(320, 180, 15)).at(FLOOR_BPS) == 15


def test_a_camera_that_is_opened_again_goes_on_with_what_the_network_takes() -> None:
    class Noted(SimulatedCamera):
        def __init__(self) -> None:
            super().__init__()
            self.told: list[tuple[str, int]] = []

        def set_bitrate(self, bitrate_bps: int) -> None:
            self.told.append(("bitrate", bitrate_bps))

        def set_frame_rate(self, frame_rate_hz: int) -> None:
            self.told.append(("frame rate", frame_rate_hz))

    camera = Noted()
    control = EncoderControl(camera, VideoFormat())
    control.opened()
    assert camera.told == []
    control.set_bitrate(400_000)
    control.set_bitrate(390_000)
    assert camera.told == [("bitrate", 400_000), ("frame rate", 15), ("bitrate", 390_000)]
    camera.told.clear()
    control.opened()
    assert camera.told == [("bitrate", 390_000), ("frame rate", 15)]


class Reported:
    def __init__(self) -> None:
        self.sent_bps = 2_000_000.0
        self.estimator = ReportedEstimator(2_500_000, lambda: self.sent_bps)


def test_a_remb_that_only_says_that_little_is_sent_binds_nobody() -> None:
    link = Reported()
    link.sent_bps = 300_000
    link.estimator.on_remb(450_000)
    assert link.estimator.estimate_bps == 2_500_000
    link.sent_bps = 400_000
    link.estimator.on_remb(450_000)
    assert link.estimator.estimate_bps == 450_000
    link.sent_bps = 100_000
    link.estimator.on_remb(600_000)
    assert link.estimator.estimate_bps == 600_000, "upwards it is believed"


def test_much_loss_binds_and_is_forgotten_slowly() -> None:
    link = Reported()
    link.estimator.on_loss(0.5)
    assert link.estimator.estimate_bps == 1_500_000
    link.estimator.on_loss(0.05)
    assert link.estimator.estimate_bps == 1_500_000
    for _ in range(20):
        link.estimator.on_loss(0.0)
    assert link.estimator.estimate_bps == 2_500_000


def test_a_link_says_what_it_knows_best_until_it_is_closed() -> None:
    encoder = Encoder()
    link = LinkBandwidth(encoder.governor, lambda: 1_000_000)
    link.begin()
    link.on_bitrate_estimated(800_000)
    assert encoder.target_bps == int(video_bps(800_000))
    assert link.estimate_bps is None
    link.on_sent(7, [1000], 1.0)
    link.on_arrivals(7, [5.0], 1.1)
    assert encoder.target_bps == int(video_bps(START_BPS))
    link.on_bitrate_estimated(200_000)
    assert encoder.target_bps == int(video_bps(START_BPS)), "REMB is passed over now"
    link.close()
    link.on_arrivals(8, [None], 1.2)
    assert encoder.target_bps == CEILING_BPS


def test_a_link_whose_reports_stop_is_slowed_down() -> None:
    encoder = Encoder()
    link = LinkBandwidth(encoder.governor, lambda: 1_000_000)
    link.begin()
    link.on_sent(0, [1000], 1.0)
    link.on_arrivals(0, [5.0], 1.1)
    for number in range(1, 40):
        link.on_sent(number, [1000], 1.1 + number * 0.02)
    assert encoder.target_bps == int(video_bps(START_BPS / 2))


def test_a_peer_that_dies_takes_the_picture_from_nobody() -> None:
    encoder = Encoder()
    links = [LinkBandwidth(encoder.governor, lambda: 1_000_000) for _ in range(2)]
    for link in links:
        link.begin()
    least_bps = encoder.target_bps
    for number in range(200):
        at_s = 1 + number * 0.02
        for link in links:
            link.on_sent(number, [2000], at_s)
        links[0].on_arrivals(number, [at_s], at_s + 0.01)
        if number < 10:
            links[1].on_arrivals(number, [at_s], at_s + 0.01)
        assert encoder.target_bps >= least_bps
    assert encoder.governor.pacing_bps(links[1]) < 0.1 * encoder.target_bps
