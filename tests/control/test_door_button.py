"""The button of the door waits for the relay where nobody else has to."""

import asyncio
import threading

import pytest

from device.control.door import DoorButton
from hal import OutputsUnavailable


@pytest.mark.parametrize("is_stuck", [False, True])
async def test_the_event_loop_does_not_wait_for_the_relay(is_stuck: bool) -> None:
    may_answer, opened, said = threading.Event(), list[bool](), list[str]()

    def open_door() -> None:
        assert may_answer.wait(10.0), "the event loop waited for the relay"
        if is_stuck:
            raise OutputsUnavailable("The relay is stuck.")
        opened.append(True)

    button = DoorButton(open_door, said.append)
    button.press()
    may_answer.set()  # not reached while the press waits for it
    await asyncio.to_thread(button.close)
    await asyncio.sleep(0)
    assert opened == ([] if is_stuck else [True])
    assert said == (["The relay is stuck."] if is_stuck else [])
    button.close()
