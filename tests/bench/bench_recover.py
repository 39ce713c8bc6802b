"""A peer that is killed, a network that is cut for 10 s: how soon it is noticed, how soon all is well.

The rival is a link of aiortc as it comes, cut at the same relay. It is not made anew by anybody.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from device.session.facts import PeerLinkLost
from tests.bench.far_station import FAR, NEAR, FarStation
from tests.bench.relay import Relay
from tests.bench.stock_media import CardTrack, use_loopback
from tests.media.world import Station, until

CUT_S = 10.0
STOCK_WITHIN_S = 60


def run() -> Iterator[dict[str, Any]]:
    stock_s = _in_process(_stock)
    killed_s = asyncio.run(_kill())
    cut_s, back_s = asyncio.run(_cut())
    yield _line("killed peer noticed", killed_s, stock_s, "<= 3")
    yield _line("cut network noticed", cut_s, stock_s, "<= 3")
    yield _line(f"sound and pictures back after a cut of {CUT_S:.0f} s", back_s, None, "<= 2")


def _line(metric: str, ours: float, theirs: float | None, bar: str) -> dict[str, Any]:
    return {
        "metric": metric,
        "unit": "s",
        "ours": round(ours, 2),
        "rival": "aiortc as it comes" if theirs else None,
        "theirs": round(theirs, 2) if theirs else None,
        "ratio": round(ours / theirs, 2) if theirs else None,
        "bar": bar,
    }


async def _talking(near: Station) -> None:
    await near.sees(FAR)
    near.audio.forget_played()
    await near.hears(440)


async def _kill() -> float:
    near = Station(NEAR, 1000)
    with Relay() as relay:
        async with FarStation(near, relay) as far:
            await near.open()
            try:
                await near.connect(FAR, offer=True)
                await _talking(near)
                near.offers.clear()  # nobody is there to make a new link to
                start_s = time.monotonic()
                far.kill()
                await near.wait_fact(lambda fact: fact == PeerLinkLost(FAR))
                return time.monotonic() - start_s
            finally:
                await near.close()


def _has_noticed(near: Station) -> bool:
    """By itself, or because the other end was quicker and asks for a new link."""
    return bool(near.told(PeerLinkLost)) or near.engine.statistics().peers[FAR].links > 1


async def _cut() -> tuple[float, float]:
    """Seconds to the notice, and from the network's return to sound and pictures."""
    near = Station(NEAR, 1000)
    with Relay() as relay:
        async with FarStation(near, relay):
            await near.open()
            try:
                await near.connect(FAR, offer=True)
                await _talking(near)
                start_s = time.monotonic()
                relay.cut(True)
                await until(lambda: _has_noticed(near))
                noticed_s = time.monotonic() - start_s
                await asyncio.sleep(CUT_S - noticed_s)
                relay.cut(False)
                back_s = time.monotonic()
                await _talking(near)
                return noticed_s, time.monotonic() - back_s
            finally:
                await near.close()


def _in_process(work: Any) -> float:
    """aiortc must not have been changed by the engine."""
    spawn = multiprocessing.get_context("spawn")
    line, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(theirs,))
    process.start()
    seconds: float = line.recv()
    process.join()
    return seconds


def _stock(line: Connection) -> None:
    line.send(asyncio.run(_cut_stock()))


async def _cut_stock() -> float:
    use_loopback()
    nothing = RTCConfiguration(iceServers=[])
    with Relay() as relay:
        near, far = RTCPeerConnection(nothing), RTCPeerConnection(nothing)
        up, lost = asyncio.Event(), asyncio.Event()

        def changed() -> None:
            {"connected": up, "closed": lost, "failed": lost}.get(
                near.connectionState, asyncio.Event()
            ).set()

        near.on("connectionstatechange", changed)
        far.addTrack(CardTrack())
        near.addTransceiver("video", "recvonly")
        await near.setLocalDescription(await near.createOffer())
        offer = relay.to_far(near.localDescription.sdp)
        await far.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await far.setLocalDescription(await far.createAnswer())
        answer = relay.to_near(far.localDescription.sdp)
        await near.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(STOCK_WITHIN_S):
            await up.wait()
            start_s = time.monotonic()
            relay.cut(True)
            await lost.wait()
        seconds = time.monotonic() - start_s
        await asyncio.gather(near.close(), far.close())
        return seconds
