"""The other unit of the call, in the machine, until the call is over: writes to a file when the door's
newest picture was taken.

Run by callbox's own Python: far_end.py CONFIG FILE
"""

import asyncio
import sys
import time
from pathlib import Path

from device.app import open_unit
from device.config import load
from device.media.engine import MediaEngine
from hal.camera import stamp

LOOK_EVERY_S = 0.02


def taken_at_ms(media: MediaEngine) -> int | None:
    """When the newest picture was taken, in ms since 1970, as its stamp says."""
    frame = media.latest_frame("door")
    if frame is None:
        return None
    mark = stamp.read(frame.picture.to_ndarray(format="yuv420p")[: frame.picture.height])
    now_ms = time.time_ns() // 1_000_000
    return None if mark is None else now_ms - mark.age_ms(now_ms)


async def watch(config: Path, file: Path) -> None:
    settings = load(config)
    async with open_unit(settings) as unit:
        call = await unit.join(settings.unit.session)
        while call.snapshot.is_live:
            taken_ms = None if unit.media is None else taken_at_ms(unit.media)
            if taken_ms is not None:
                new = file.with_suffix(".new")
                new.write_text(str(taken_ms))
                new.replace(file)
            await asyncio.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1]), Path(sys.argv[2])))
