"""Many voices in, one loudspeaker out."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from device.media.heard import HeardVoice
from device.media.playout.counts import VoiceCounts
from device.media.playout.opus_decoder import Samples
from device.media.playout.packets import VoicePacket
from device.media.playout.voice_buffer import VoiceBuffer
from device.media.stages import Stage, StageTimes
from hal import BLOCK_BYTES

KNEE = 24_000
"""Above this a sum is bent instead of cut off."""


class Mixer:
    """Packets are put in from the event loop, blocks taken out by the playback thread."""

    def __init__(self, stages: StageTimes, clock: Callable[[], float] = time.monotonic) -> None:
        self._stages = stages
        self._clock = clock
        self._lock = threading.Lock()
        self._voices: dict[str, VoiceBuffer] = {}

    def put(self, uid: str, packet: VoicePacket) -> None:
        """More of a peer's voice, which came just now. Raises MediaError without libopus."""
        with self._lock:
            voice = self._voices.get(uid)
            if voice is None:
                voice = self._voices[uid] = VoiceBuffer()
        voice.put(packet, self._clock())

    def remove(self, uid: str) -> None:
        """The peer, or the link to them, is gone."""
        with self._lock:
            self._voices.pop(uid, None)

    def counts(self, uid: str) -> VoiceCounts:
        """Of the voice over the present link."""
        with self._lock:
            voice = self._voices.get(uid)
        return VoiceCounts() if voice is None else replace(voice.counts)

    def voice(self, uid: str) -> HeardVoice | None:
        """Of a peer; None before the first packet."""
        with self._lock:
            return self._voices.get(uid)

    def next_block(self) -> bytes:
        """BLOCK_BYTES of all voices together; silence while nobody speaks. Never waits for long."""
        with self._lock:
            voices = list(self._voices.values())
        now_s = self._clock()
        heard = []
        for voice in voices:
            block = voice.next_block(now_s)
            if block is not None:
                heard.append(block)
                self._stages.add(Stage.BUFFER, voice.counts.delay_s)
        if not heard:
            return bytes(BLOCK_BYTES)
        if len(heard) == 1:
            return heard[0].tobytes()
        return mix(heard).tobytes()


def mix(voices: list[Samples]) -> Samples:
    """The sum, bent above KNEE so that it never clips: knee + (x - knee) compressed towards full."""
    total = np.sum(voices, axis=0, dtype=np.float64)
    size = np.abs(total)
    room = 32_767 - KNEE
    bent = KNEE + room * (1 - np.exp(-(size - KNEE) / room))
    return np.where(size > KNEE, np.sign(total) * bent, total).astype(np.int16)
