"""Both directions of a call's sound on snd-aloop, whose card is taken away in the middle and comes back.

Run in the guest by callbox's own Python. Prints what was measured, as JSON. The unit is at device 0 of
the loopback card; device 1 is the world: what it records is what the unit plays, and conversely.
"""

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hal import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ, AudioMode
from hal.audio.alsa import AlsaAudioRouter
from hal.audio.routes import AlsaConfig, AlsaRoute

UNIT_HZ, WORLD_HZ = 440, 1000
DRIVER = Path("/sys/bus/platform/drivers/snd_aloop")
FORMAT = ("-q", "-t", "raw", "-f", "S16_LE", "-r", str(SAMPLE_RATE_HZ), "-c", "1")
LISTEN_S = 3
PATIENCE_S = 60


def tone(hz: int) -> bytes:
    """One second."""
    at = np.arange(SAMPLE_RATE_HZ) * 2 * np.pi * hz / SAMPLE_RATE_HZ
    return (8000 * np.sin(at)).astype("<i2").tobytes()


def loudest_hz(sound: bytes) -> float:
    samples = np.frombuffer(sound, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE_HZ / len(samples))


def until(is_so: Callable[[], bool], what: str) -> float:
    begun_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun_s < PATIENCE_S, what
        time.sleep(0.01)
    return time.monotonic() - begun_s


class Unit:
    """The unit's end: plays a tone, and keeps the last seconds that it hears."""

    def __init__(self) -> None:
        route = AlsaRoute(
            playback="plughw:CARD=Loopback,DEV=0,SUBDEV=0",
            capture="plughw:CARD=Loopback,DEV=0,SUBDEV=1",
        )
        none = AlsaRoute()
        self.router = AlsaAudioRouter(AlsaConfig(speaker=route, bluetooth=none, buffer_blocks=20))
        self.modes: list[AudioMode] = []
        self.failures: queue.Queue[str] = queue.Queue()
        self._heard: list[bytes] = []
        self._lock = threading.Lock()
        self._sound, self._at = tone(UNIT_HZ), 0
        self.router.watch(self._on_devices)
        self.modes = [device.mode for device in self.router.devices]

    def open(self) -> None:
        self.router.open(
            AudioMode.SPEAKER,
            self._on_block,
            self._block,
            lambda error: self.failures.put(str(error)),
        )

    def heard(self) -> bytes:
        """What comes from now on, for LISTEN_S."""
        with self._lock:
            self._heard = []
        blocks = LISTEN_S * SAMPLE_RATE_HZ // BLOCK_SAMPLES
        until(lambda: len(self._heard) >= blocks, "the unit hears")
        with self._lock:
            return b"".join(self._heard)

    def _on_devices(self, devices: Any) -> None:
        self.modes = [device.mode for device in devices]

    def _on_block(self, block: bytes) -> None:
        with self._lock:
            self._heard.append(block)

    def _block(self) -> bytes:
        block = self._sound[self._at : self._at + BLOCK_BYTES]
        self._at = (self._at + BLOCK_BYTES) % len(self._sound)
        return block


@contextmanager
def world_plays() -> Iterator[None]:
    with tempfile.NamedTemporaryFile() as file:
        file.write(tone(WORLD_HZ) * PATIENCE_S)
        file.flush()
        device = "plughw:CARD=Loopback,DEV=1,SUBDEV=1"
        player = subprocess.Popen(["aplay", "-D", device, *FORMAT, file.name])
        try:
            yield
        finally:
            player.kill()
            player.wait()


def world_hears() -> bytes:
    device = "plughw:CARD=Loopback,DEV=1,SUBDEV=0"
    return subprocess.run(
        ["arecord", "-D", device, *FORMAT, "-d", str(LISTEN_S)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=PATIENCE_S,
    ).stdout


def both_ways(unit: Unit) -> tuple[float, float]:
    """What the world hears of the unit, and the unit of the world, in Hz."""
    with world_plays():
        return loudest_hz(world_hears()), loudest_hz(unit.heard())


def main() -> dict[str, Any]:
    unit = Unit()
    until(lambda: AudioMode.SPEAKER in unit.modes, "the card is there")
    unit.open()
    before = both_ways(unit)
    unbound_s = time.monotonic()
    (DRIVER / "unbind").write_text("snd_aloop.0")  # returns when nobody has the card open any more
    until(lambda: AudioMode.SPEAKER not in unit.modes, "its going is noticed")
    gone_s = time.monotonic() - unbound_s
    told = unit.failures.get(timeout=PATIENCE_S)
    (DRIVER / "bind").write_text("snd_aloop.0")
    back_s = until(lambda: AudioMode.SPEAKER in unit.modes, "its return is noticed")
    unit.router.select(AudioMode.SPEAKER)
    after = both_ways(unit)
    unit.router.close()
    return {
        "before_hz": before,
        "gone_s": gone_s,
        "told": told,
        "back_s": back_s,
        "after_hz": after,
    }


if __name__ == "__main__":
    print(json.dumps(main()))
