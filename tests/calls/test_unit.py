"""A browser and a unit in one call: what each sees and hears of the other, and the buttons."""

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from hal import Button, Facing
from hal.audio.simulated import SimulatedAudioRouter
from tests.calls.world import (
    BROWSER_TONE_HZ,
    HEAR,
    UNIT_TONE_HZ,
    Kiosk,
    Person,
    heard_by,
    meet,
    watch,
)
from tests.exchange.conftest import RunningExchange
from tests.media.world import until

pytestmark = pytest.mark.browser


async def test_the_browser_shows_720p_h264_and_both_hear(ana: Person, door: Kiosk) -> None:
    await meet(ana, door)
    await watch(ana)
    await ana.evaluate(HEAR)
    await ana.until("window.seen.length > 30")
    await ana.until(f"Math.abs(window.hear().hz - {UNIT_TONE_HZ}) < 5")
    audio = door.unit.hardware.audio
    assert isinstance(audio, SimulatedAudioRouter)
    await until(lambda: abs(heard_by(audio) - BROWSER_TONE_HZ) < 5)
    counted = await ana.statistics("video")
    assert (counted["frameWidth"], counted["frameHeight"]) == (1280, 720)
    numbers = await ana.page.evaluate("window.seen.map(({ number }) => number)")
    assert numbers == sorted(numbers)
    codec = await ana.evaluate(
        "const [link] = app.session.links.links.values();"
        "const video = link.pc.getReceivers().find(({ track }) => track.kind === 'video');"
        "return video.getParameters().codecs[0].mimeType"
    )
    assert codec.lower() == "video/h264"
    assert ana.complaints == []


async def test_the_camera_button_shows_the_rear(ana: Person, door: Kiosk) -> None:
    await meet(ana, door)
    await watch(ana)
    sdp = await ana.evaluate(
        "const [link] = app.session.links.links.values(); return link.pc.remoteDescription.sdp"
    )
    door.tap(Button.CAMERA_SWITCH)
    await ana.until("window.seen.at(-1).facing === 'REAR'")
    assert sdp == await ana.evaluate(
        "const [link] = app.session.links.links.values(); return link.pc.remoteDescription.sdp"
    )
    assert door.call.snapshot.facing is Facing.REAR


async def test_the_mute_button_silences_the_browser(ana: Person, door: Kiosk) -> None:
    await meet(ana, door)
    await until_energy(ana, above=0.0)
    door.tap(Button.MUTE)
    await ana.page.wait_for_selector(".tile:not(.own) .off[aria-label=muted]:not(.hidden)")
    await until(lambda: door.call.snapshot.muted)
    # What the browser holds in its jitter buffer is still heard, and its decoder fades out.
    await ana.page.wait_for_timeout(1500)
    before = (await ana.statistics("audio"))["totalAudioEnergy"]
    await ana.page.wait_for_timeout(1000)
    after = (await ana.statistics("audio"))["totalAudioEnergy"]
    assert after == before
    door.tap(Button.MUTE)
    await until_energy(ana, above=after)


async def until_energy(ana: Person, above: float) -> None:
    async with asyncio.timeout(10):
        while (await ana.statistics("audio")).get("totalAudioEnergy", 0.0) <= above:
            await ana.page.wait_for_timeout(50)


async def test_pause_closes_the_camera_and_shows_the_avatar(ana: Person, door: Kiosk) -> None:
    await meet(ana, door)
    await door.call.pause_video(True)
    assert not door.unit.hardware.camera.is_open
    await ana.page.wait_for_selector(".tile:not(.own):not(.picture)")
    await door.call.pause_video(False)
    await ana.page.wait_for_selector(".tile:not(.own).picture")
    await watch(ana)
    assert ana.complaints == []


async def test_the_end_button_tells_both_and_frees_everything(
    ana: Person, door: Kiosk, exchange: RunningExchange
) -> None:
    await meet(ana, door)
    assert udp_sockets()
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    pressed_s = time.monotonic()
    door.tap(Button.END_CALL)
    await door.call.wait_ended()
    took_s = time.monotonic() - pressed_s
    assert took_s <= 1
    await ana.page.wait_for_selector("text=You are alone in this call.")
    assert not door.unit.hardware.camera.is_open
    assert door.unit.hardware.audio.selected is None
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in left if is_the_calls(task)], left - tasks
    assert udp_sockets() == []
    names = {thread.name for thread in threading.enumerate()} - {t.name for t in threads}
    assert not names & {"camera", "capture", "playback", "audio-decoder", "video-decoder"}


def udp_sockets() -> list[str]:
    """The local addresses of this process's UDP sockets: media's, nobody else here has any."""
    own = {str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return [line.split()[1] for line in lines if f"socket:[{line.split()[9]}]" in own]


def is_the_calls(task: asyncio.Task[Any]) -> bool:
    name, code = task.get_name(), repr(task.get_coro())
    return name.startswith(("call", "audio-", "video-", "exchange-events")) or "RTC" in code


async def test_the_unit_sees_the_browser(ana: Person, door: Kiosk) -> None:
    await meet(ana, door)
    media = door.unit.media
    assert media is not None
    await until(lambda: media.latest_frame("ana") is not None)
    await ana.press("Mute")
    await until(lambda: door.call.snapshot.peers[0].state.audio_muted)
    await ana.press("Pause video")
    await until(lambda: door.call.snapshot.peers[0].state.video_paused)
    await ana.press("Leave")
    await ana.page.wait_for_selector("text=You left the call.")
    await until(lambda: not door.call.snapshot.peers)
    assert ana.complaints == []
