"""An hour of a voice whose sender's clock runs 200 ppm fast or slow, on a simulated clock."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from device.media.playout.packets import VoicePacket
from tests.media.voice_line import PACKET_S, SSRC, Listener, packets

HOUR_S = 3600
VOICE_PACKETS = 500
SETTLED_BLOCKS = 500


def run() -> Iterator[dict[str, Any]]:
    for drift_ppm in (200, -200):
        listener = Listener(drift=drift_ppm * 1e-6)
        listener.listen(_hour(), HOUR_S)
        delays_ms = 1000 * np.array(listener.delays_s[SETTLED_BLOCKS:])
        # A buffer that does not follow gains or loses this much, and then has a gap or overflows.
        theirs = HOUR_S * abs(drift_ppm) * 1e-3
        ours = float(np.ptp(delays_ms))
        yield {
            "metric": f"spread of the delay over an hour at {drift_ppm:+} ppm",
            "unit": "ms",
            "ours": round(ours, 1),
            "rival": "a buffer that does not follow the clock",
            "theirs": theirs,
            "ratio": round(ours / theirs, 4),
            "bar": "<= 20",
            "delay_ms": round(float(np.median(delays_ms)), 1),
            "concealed_ms": round(listener.buffer.counts.concealed_samples / 48),
        }


def _hour() -> Iterator[tuple[float, VoicePacket]]:
    """The same ten seconds over and over, by the sender's clock."""
    voice = packets(VOICE_PACKETS)
    for number in range(round(HOUR_S / PACKET_S)):
        payload = voice[number % VOICE_PACKETS].payload
        packet = VoicePacket(SSRC, number % 2**16, number * 960 % 2**32, payload)
        yield (number + 1) * PACKET_S, packet
