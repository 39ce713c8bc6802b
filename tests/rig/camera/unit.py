"""A unit with two virtual cameras, in the tree. It switches its camera for each line on its input.

python -m tests.rig.camera.unit URL PASSWORD
"""

import asyncio
import sys

from device.app import open_unit
from device.config import Config, parse
from device.trial.desk import DESK
from tests.rig.camera import standins  # noqa: F401  # before the camera's back-end


def _config(url: str, password: str) -> Config:
    return parse(
        {
            "unit": {"session": "hall"},
            "exchange": {"url": url, "uid": "door", "password": password},
            "call": {"idle_timeout_s": 0},
            "hardware": {
                **DESK,
                "camera": "picamera",
                "microphone": "tone:440",
            },
        }
    )


async def main(url: str, password: str) -> None:
    loop = asyncio.get_running_loop()
    async with open_unit(_config(url, password), loopback_only=True) as unit:
        call = await unit.join("hall")
        print("joined", flush=True)
        while await loop.run_in_executor(None, sys.stdin.readline):
            await call.switch_camera()
            print("switched", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
