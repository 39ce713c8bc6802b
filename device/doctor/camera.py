"""Whether each camera gives pictures."""

import asyncio
from collections.abc import Callable

from device.control.readings import Check, Verdict
from device.doctor.threads import to_its_end
from hal import Camera, CameraFault, CameraUnavailable, EncodedFrame, Facing, HalError, VideoFormat

FIRST_PICTURE_WITHIN_S = 5.0
LOOK_EVERY_S = 0.1
IN_CALL_WITHIN_S = 3.0

REMEDIES = {
    CameraFault.ABSENT: "Check the ribbon cable at both ends with the power off, and that "
    "`rpicam-hello --list-cameras` shows the camera. A USB camera needs camera = 'webcam' "
    "under [hardware].",
    CameraFault.BUSY: "Another program holds the camera: `fuser -v /dev/video* /dev/media*` names it.",
    CameraFault.DISCONNECTED: "Check the camera's cable, then restart the unit: "
    "systemctl restart callbox.",
    CameraFault.ONLY_ONE: "Connect a second camera, or do without the switch.",
    CameraFault.SILENT: "Check the camera's cable and the power supply; `dmesg` may say more.",
    CameraFault.FAILED: "Restart the unit (systemctl restart callbox); if it stays, look at "
    "`journalctl -u callbox` and `dmesg`.",
}


async def check_cameras(camera: Camera, video: VideoFormat) -> list[Check]:
    """Opens each in turn for one picture. Only while nobody else uses the camera."""
    facings = await to_its_end(lambda: camera.facings)
    return [await _check(camera, facing, video) for facing in facings] or [absent()]


async def check_in_call(camera: Camera, frames: Callable[[], int], has_failed: bool) -> list[Check]:
    """Looks on while a call uses the camera. ``frames``: how many pictures the call has had.
    ``has_failed``: the call has lost it."""
    if not await to_its_end(lambda: camera.facings):
        return [absent()]
    if has_failed:
        remedy = f"{REMEDIES[CameraFault.SILENT]} `callbox camera on` tries it again."
        return [Check("camera", Verdict.FAILED, "lost in the call that is on", remedy)]
    if not camera.is_open:
        seen = "closed in the call that is on, and not opened, so as not to disturb it"
        return [Check("camera", Verdict.SKIPPED, seen, "Look again when no call is on.")]
    before = frames()
    for _ in range(round(IN_CALL_WITHIN_S / LOOK_EVERY_S)):
        await asyncio.sleep(LOOK_EVERY_S)
        if frames() > before:
            return [Check("camera", Verdict.OK, "gives pictures to the call that is on")]
    seen = f"open in a call, and no picture for {IN_CALL_WITHIN_S:.0f} s"
    return [Check("camera", Verdict.FAILED, seen, REMEDIES[CameraFault.SILENT])]


def absent() -> Check:
    return Check("camera", Verdict.FAILED, "none is there", REMEDIES[CameraFault.ABSENT])


async def _check(camera: Camera, facing: Facing, video: VideoFormat) -> Check:
    part = f"camera {facing.value}"
    loop = asyncio.get_running_loop()
    came: asyncio.Future[EncodedFrame] = loop.create_future()

    def settle(what: EncodedFrame | CameraUnavailable) -> None:
        if came.done():
            return
        if isinstance(what, CameraUnavailable):
            came.set_exception(what)
        else:
            came.set_result(what)

    def tell(what: EncodedFrame | CameraUnavailable) -> None:
        loop.call_soon_threadsafe(settle, what)

    try:
        await to_its_end(camera.open, facing, video, tell, tell)
        frame = await asyncio.wait_for(came, FIRST_PICTURE_WITHIN_S)
    except CameraUnavailable as error:
        return Check(part, Verdict.FAILED, str(error), REMEDIES[error.reason])
    except HalError as error:
        return Check(part, Verdict.FAILED, str(error), "Correct it under [hardware].")
    except TimeoutError:
        seen = f"opened, and no picture came within {FIRST_PICTURE_WITHIN_S:.0f} s"
        return Check(part, Verdict.FAILED, seen, REMEDIES[CameraFault.SILENT])
    finally:
        await to_its_end(camera.close)
    seen = f"gives pictures of {video.width}x{video.height} (the first: {len(frame.data)} bytes)"
    return Check(part, Verdict.OK, seen)
