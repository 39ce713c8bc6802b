"""A unit in a process of its own, that can be killed: python -m tests.phone.unit_process URL UID

Says ``up`` once it can be rung, and ``back`` once it sees and hears somebody in a call.
"""

import asyncio
import sys

from device.phone.table import Phase
from hal import AudioMode
from tests.media.world import until
from tests.phone.conftest import Station, phone_config, station


async def main(url: str, uid: str) -> None:
    config = phone_config(url, uid, ringing={"auto_answer": True, "auto_answer_after_s": 0.1})
    async with station(config) as made:
        print("up", flush=True)
        await made.is_in(Phase.IN_CALL)
        await made.is_linked()
        await until(lambda: any(hears(made, route) for route in AudioMode))
        print("back", flush=True)
        await asyncio.Event().wait()


def hears(made: Station, route: AudioMode) -> bool:
    return abs(made.heard_hz(route) - 440) < 5


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
