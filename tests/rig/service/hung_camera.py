"""`callbox`, whose simulated camera never finishes opening as long as the file HANGS is there.

Run by callbox's own Python: hung_camera.py ARGUMENT ...
"""

import sys
import threading
from pathlib import Path

from device.cli.main import main
from hal import VideoFormat
from hal.camera.protocol import Facing, FailureSink, FrameSink
from hal.camera.simulated import SimulatedCamera

HANGS = Path("/run/hung-camera")
_open = SimulatedCamera.open


def hang_or_open(
    camera: SimulatedCamera,
    facing: Facing,
    video: VideoFormat,
    on_frame: FrameSink,
    on_failure: FailureSink,
) -> None:
    if HANGS.exists():
        threading.Event().wait()
    _open(camera, facing, video, on_frame, on_failure)


if __name__ == "__main__":
    SimulatedCamera.open = hang_or_open  # type: ignore[method-assign]
    sys.exit(main())
