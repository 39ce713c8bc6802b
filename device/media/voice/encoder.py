"""Opus (RFC 6716) in software, through PyAV's libopus."""

from fractions import Fraction

import av
import numpy as np

from hal import BLOCK_BYTES, SAMPLE_RATE_HZ

BLOCKS_PER_PACKET = 2
PACKET_SAMPLES = BLOCKS_PER_PACKET * BLOCK_BYTES // 2
"""20 ms, the packet that every WebRTC peer expects."""
BITRATE_BPS = 32_000
EXPECTED_LOSS_PERCENT = 10
"""How much in-band forward error correction is put in."""

AUDIO_CLOCK = Fraction(1, SAMPLE_RATE_HZ)


class OpusEncoder:
    """One mono encoder. Not thread-safe: one owner."""

    def __init__(self, for_silence: bool = False) -> None:
        """``for_silence``: CELT alone, which has digital silence; SILK, which is for voice, decodes
        zeros to a faint noise of comfort."""
        context = av.CodecContext.create("libopus", "w")
        context.sample_rate = SAMPLE_RATE_HZ
        context.layout = "mono"
        context.format = "s16"
        context.bit_rate = BITRATE_BPS
        context.time_base = AUDIO_CLOCK
        context.options = {
            "application": "lowdelay" if for_silence else "voip",
            "frame_duration": "20",
            "fec": "1",
            "packet_loss": str(EXPECTED_LOSS_PERCENT),
        }
        self._context = context
        self._samples = 0

    def encode(self, sound: bytes) -> bytes:
        """One packet of exactly PACKET_SAMPLES of 16 bit mono."""
        samples = np.frombuffer(sound, "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = self._samples
        frame.time_base = AUDIO_CLOCK
        self._samples += samples.shape[1]
        return b"".join(bytes(packet) for packet in self._context.encode(frame))
