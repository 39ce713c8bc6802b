"""`callbox camera snapshot`: a JPEG of the camera in use, or of one that is opened for it."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from device.control import messages
from device.control.messages import CameraWish
from device.control.readings import StillReading
from device.errors import ControlError
from hal import Facing
from tests.control.conftest import Served


def size_of(jpeg: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(jpeg)) as picture:
        assert picture.format == "JPEG"
        picture.load()
        return picture.size


async def test_in_a_call_it_is_of_the_camera_in_use(door: Served, tmp_path: Path) -> None:
    file = tmp_path / "now.jpg"
    done = await door.callbox("camera", "snapshot", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    assert "front" in done.stdout
    assert size_of(file.read_bytes()) == (320, 180)
    await door.ask(messages.Camera, wish=CameraWish.REAR)
    still: StillReading = await door.ask(messages.Snapshot)
    assert still.facing is Facing.REAR


async def test_without_a_call_a_camera_is_opened_for_it(door: Served) -> None:
    await door.ask(messages.End)
    still: StillReading = await door.ask(messages.Snapshot, facing=Facing.REAR)
    assert still.facing is Facing.REAR
    assert size_of(still.jpeg) == (320, 180), "as configured: a webcam may have no other size"
    assert not door.unit.hardware.camera.is_open
    await door.ask(messages.Join)
    await door.in_call()


async def test_a_camera_that_was_closed_in_a_call_stays_closed(door: Served) -> None:
    await door.ask(messages.Camera, wish=CameraWish.OFF)
    with pytest.raises(ControlError, match="callbox camera on") as caught:
        await door.ask(messages.Snapshot)
    assert caught.value.code == "not_available"
    assert not door.unit.hardware.camera.is_open


async def test_a_file_that_cannot_be_written_says_so(door: Served) -> None:
    done = await door.callbox("camera", "snapshot", "/proc/none.jpg")
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)
