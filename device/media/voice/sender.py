"""From the microphone to every peer: encoded once, in the capture thread."""

import threading
import time
from collections.abc import Callable

from device.media.libopus import PACKET_SAMPLES
from device.media.loop import LoopBridge
from device.media.sending.frame import MediaFrame
from device.media.sending.queue import VoiceQueue, put_in_each
from device.media.stages import Stage, StageTimes
from device.media.voice.encoder import BLOCKS_PER_PACKET, OpusEncoder
from device.media.voice.loss import WorstLoss
from hal import BLOCK_BYTES, BLOCK_S

UNMUTE_BLOCKS = 5
"""50 ms of silence after an unmute: what was captured before it may still be on its way through the
sound card's buffer and the filters of the processing, whose memory of 100 Hz fades in 30 ms."""


class VoiceSender:
    """Encodes captured blocks and queues the packets. While muted it sends digital silence.

    Silence has an encoder of its own, and an unmute a new one: Opus carries up to a packet of what
    came before in its overlap and its forward error correction. The lock is never held while Opus works:
    the event loop would wait.
    """

    def __init__(
        self,
        bridge: LoopBridge,
        muted: bool,
        stages: StageTimes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock``: the one that the camera's frames are stamped by, for lips and voice."""
        self._bridge = bridge
        self._stages = stages
        self._clock = clock
        self._lock = threading.Lock()
        self._blocks: list[bytes] = []
        self._muted = muted
        self._blocks_held = 0
        self._losses = WorstLoss()
        self._expected_loss = 0.0
        """Written by the loop, read by the capture thread."""
        self._encoder = OpusEncoder(for_silence=muted)
        self._generation = 0
        self._packets_made = 0
        self._queues: set[VoiceQueue] = set()
        self.encoded_packets = 0
        """Invocations of the encoder."""

    def add_queue(self) -> VoiceQueue:
        queue = VoiceQueue()
        self._queues.add(queue)
        return queue

    def remove_queue(self, queue: VoiceQueue) -> None:
        self._queues.discard(queue)

    def set_muted(self, muted: bool) -> None:
        """In the event loop. When it returns muted, no sample of the microphone is on its way."""
        with self._lock:
            if muted == self._muted:
                return
            self._muted = muted
            self._blocks_held = UNMUTE_BLOCKS
            self._blocks.clear()
            self._encoder = OpusEncoder(for_silence=muted)
            self._generation += 1
        if muted:
            for queue in self._queues:
                queue.clear()

    def report_loss(self, uid: str, fraction: float) -> None:
        """In the event loop: how much a peer misses, 0 to 1. The encoder protects against the worst
        of them."""
        now_s = self._clock()
        self._losses.report(uid, fraction, now_s)
        self._expected_loss = self._losses.at(now_s)

    def forget_loss(self, uid: str) -> None:
        """The peer is gone."""
        self._losses.forget(uid)
        self._expected_loss = self._losses.at(self._clock())

    def take(self, block: bytes) -> None:
        """A captured block, in the capture thread."""
        with self._lock:
            self._blocks.append(self._heard(block))
            if len(self._blocks) < BLOCKS_PER_PACKET:
                return
            sound = b"".join(self._blocks)
            self._blocks.clear()
            encoder, generation = self._encoder, self._generation
        begun_s = self._clock()
        encoder.expect_loss(self._expected_loss)
        data = encoder.encode(sound)
        self.encoded_packets += 1
        ready_s = self._clock()
        self._stages.add(Stage.VOICE_ENCODE, ready_s - begun_s)
        captured_s = begun_s - BLOCKS_PER_PACKET * BLOCK_S
        # A mute may have come by now: the loop, where it came, looks at the generation.
        self._bridge.post(self._send, data, generation, captured_s, ready_s)

    def _heard(self, block: bytes) -> bytes:
        if self._muted:
            return bytes(BLOCK_BYTES)
        if self._blocks_held:
            self._blocks_held -= 1
            return bytes(BLOCK_BYTES)
        return block

    def _send(self, data: bytes, generation: int, captured_s: float, ready_s: float) -> None:
        self._packets_made += 1
        if generation != self._generation or not data:
            return  # encoded before the mute and not sent yet, or silence that goes on
        frame = MediaFrame((data,), self._packets_made * PACKET_SAMPLES, captured_s, ready_s)
        put_in_each(self._queues, frame)
