"""Which encoder, which camera is which, and what a sensor is told."""

from collections.abc import Mapping

import pytest

from hal import CameraFault, CameraUnavailable, Facing, VideoFormat
from hal.camera.facings import FoundCamera, assign
from hal.camera.settings import (
    EncoderChoice,
    Exposure,
    SensorSettings,
    controls_for,
    encoder_for,
)

AUTO, BOARD, SOFTWARE = EncoderChoice.AUTO, EncoderChoice.BOARD, EncoderChoice.SOFTWARE
FRONT, REAR = Facing.FRONT, Facing.REAR


@pytest.mark.parametrize(
    ("model", "encoder"),
    [
        ("Raspberry Pi 5 Model B Rev 1.0", SOFTWARE),
        ("Raspberry Pi 500 Rev 1.0", SOFTWARE),
        ("Raspberry Pi Compute Module 5 Rev 1.0", SOFTWARE),
        ("Raspberry Pi 4 Model B Rev 1.4", BOARD),
        ("Raspberry Pi 400 Rev 1.0", BOARD),
        ("Raspberry Pi Compute Module 4 Rev 1.1", BOARD),
        ("Raspberry Pi 3 Model B Plus Rev 1.3", BOARD),
        ("Raspberry Pi Zero 2 W Rev 1.0", BOARD),
        ("Intel(R) Xeon(R) CPU", SOFTWARE),
        ("unknown", SOFTWARE),
    ],
)
def test_the_board_has_a_codec_block_or_not(model: str, encoder: EncoderChoice) -> None:
    assert encoder_for(AUTO, model) is encoder
    assert encoder_for(BOARD, model) is BOARD
    assert encoder_for(SOFTWARE, model) is SOFTWARE


CAM0 = FoundCamera("/base/axi/pcie@120000/rp1/i2c@88000/imx708@1a")
CAM1 = FoundCamera("/base/axi/pcie@120000/rp1/i2c@80000/imx219@10")
BACK = FoundCamera("/base/soc/i2c0mux/i2c@1/ov5647@36", REAR)
TOLD = FoundCamera("/base/soc/i2c0mux/i2c@0/imx477@1a", FRONT)


@pytest.mark.parametrize(
    ("found", "named", "facings"),
    [
        ([], {}, {}),
        ([CAM0], {}, {FRONT: CAM0}),
        ([CAM0, CAM1], {}, {FRONT: CAM0, REAR: CAM1}),
        ([BACK], {}, {REAR: BACK}),
        ([BACK, TOLD], {}, {FRONT: TOLD, REAR: BACK}),
        ([BACK, CAM1], {}, {FRONT: CAM1, REAR: BACK}),
        ([CAM0, CAM1], {REAR: "imx708"}, {FRONT: CAM1, REAR: CAM0}),
        ([CAM0, CAM1], {REAR: CAM0.id, FRONT: ""}, {FRONT: CAM1, REAR: CAM0}),
        ([BACK, TOLD], {FRONT: "ov5647", REAR: "imx477"}, {FRONT: BACK, REAR: TOLD}),
        ([CAM0], {FRONT: "imx219"}, {REAR: CAM0}),
        ([CAM0, CAM1, TOLD], {}, {FRONT: TOLD, REAR: CAM0}),
    ],
)
def test_a_camera_faces_as_named_or_told_or_by_order(
    found: list[FoundCamera],
    named: Mapping[Facing, str],
    facings: dict[Facing, FoundCamera],
) -> None:
    result = assign(found, named)
    assert result == facings
    assert list(result) == [facing for facing in Facing if facing in facings], "FRONT first"


@pytest.mark.parametrize("named", [{FRONT: "rp1"}, {FRONT: "imx708", REAR: "i2c@88000"}])
def test_a_name_that_is_not_clear_is_refused(named: Mapping[Facing, str]) -> None:
    with pytest.raises(CameraUnavailable, match="whole id") as caught:
        assign([CAM0, CAM1], named)
    assert caught.value.reason is CameraFault.FAILED


@pytest.mark.parametrize(
    ("rotation_deg", "mirror", "flips"),
    [
        (0, False, (False, False)),
        (180, False, (True, True)),
        (0, True, (True, False)),
        (180, True, (False, True)),
    ],
)
def test_a_mounting_is_two_flips(rotation_deg: int, mirror: bool, flips: tuple[bool, bool]) -> None:
    settings = SensorSettings(rotation_deg=rotation_deg, mirror=mirror)
    assert (settings.hflip, settings.vflip) == flips


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rotation_deg", 90),
        ("exposure_compensation_ev", 9.0),
        ("exposure_compensation_ev", float("nan")),
        ("night_frame_rate_hz", 0),
        ("mains_hz", 55),
    ],
)
def test_what_no_sensor_does_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        SensorSettings(**{field: value})  # type: ignore[arg-type]


ALL = ("FrameDurationLimits", "AeExposureMode", "ExposureValue", "AeFlickerMode", "AeFlickerPeriod")


def test_a_sensor_is_told_what_it_offers() -> None:
    settings = SensorSettings(exposure=Exposure.LONG, exposure_compensation_ev=0.5, mains_hz=60)
    assert controls_for(settings, VideoFormat(), ALL) == {
        "FrameDurationLimits": (33333, 100000),
        "AeExposureMode": 2,
        "ExposureValue": 0.5,
        "AeFlickerMode": 1,
        "AeFlickerPeriod": 8333,
    }
    assert controls_for(SensorSettings(), VideoFormat(), ()) == {}
    slow = controls_for(SensorSettings(mains_hz=0), VideoFormat(frame_rate_hz=8), ALL)
    assert slow["FrameDurationLimits"] == (125000, 125000)
    assert "AeFlickerMode" not in slow


def test_a_setting_that_a_sensor_lacks_is_not_ignored() -> None:
    with pytest.raises(CameraUnavailable, match="exposure_compensation_ev"):
        controls_for(SensorSettings(exposure_compensation_ev=1), VideoFormat(), ())
