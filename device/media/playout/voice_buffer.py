"""One peer's voice: packets in as the network brings them, blocks out as the loudspeaker needs them.

It waits no longer than nearly all packets need, or the pictures that belong to it (delay.py). What does
not come is mended from the next packet or concealed (opus_decoder.py). Being too late or too early by
much is made good by leaving out or repeating a period (stretch.py), by little by resampling, which also
follows the sender's clock.
"""

from collections import deque

import numpy as np

from device.media.heard import Playing
from device.media.libopus import PACKET_SAMPLES
from device.media.playout.counts import VoiceCounts
from device.media.playout.delay import DelayEstimator, MinimumDelay
from device.media.playout.opus_decoder import STEP_SAMPLES, OpusDecoder, Samples
from device.media.playout.packets import MOST_PACKETS, PacketQueue, VoicePacket
from device.media.playout.stretch import LEAST_NEEDED, NEEDED, lengthen, shorten
from device.media.resampling import AFTER, BEFORE, interpolate
from device.media.unwrapping import SEQUENCE_BITS, TIMESTAMP_BITS, Unwrapper
from hal import BLOCK_SAMPLES, SAMPLE_RATE_HZ

SMOOTHED = 1 / 25
"""A quarter of a second of blocks; the thread that takes them is not punctual."""
STRETCH_S = 0.012
"""Off by more: a period is left out or repeated. By less: resampled."""
STRETCH_EVERY, HURRIED_EVERY = 8, 3
"""Blocks between two such seams, so that nobody hears a rhythm; and in a hurry."""
HURRY_S = 0.06
"""Off by more: at any cost."""
JUMP_S = 0.3
"""Off by more: what is in the way is left out."""
LEFT_ALONE_S = 0.002
PULL_S = 10.0
"""How long resampling takes for what it makes good."""
MOST_PULL = 1e-3
"""Under two hundredths of a semitone: unheard."""
NEW_STREAM_S = 5.0
"""A timestamp that is further away is another beginning."""
NEW_NUMBERS = 3
"""So many packets in a row that are late by their numbers, and not by their timestamps: the sender
counts anew."""


class VoiceBuffer:
    """``put`` in the event loop, ``next_block`` in the playback thread; neither waits for the other."""

    def __init__(self) -> None:
        """Raises MediaError without libopus."""
        self.counts = VoiceCounts()
        self._arrived: deque[tuple[VoicePacket, float]] = deque(maxlen=MOST_PACKETS)
        self._ssrc: int | None = None
        self._playing: Playing | None = None
        self._minimum = MinimumDelay()
        self._begin()

    def _begin(self) -> None:
        """What belongs to one stream; a peer that starts anew has another one."""
        self._decoder = OpusDecoder()
        self._delay = DelayEstimator()
        self._numbers = Unwrapper(SEQUENCE_BITS)
        self._timestamps = Unwrapper(TIMESTAMP_BITS)
        self._packets = PacketQueue()
        self._next: tuple[int, int] | None = None
        """Number and timestamp of the packet to be decoded next; None before the first block."""
        self._numbered_late = 0
        """Packets in a row that only their numbers make late."""
        self._waited = 0
        """Samples concealed since packets ran out: lost, late, or a pause of the sender's, which only
        the next packet tells."""
        self._sound = np.zeros(BEFORE, np.int16)
        """Decoded; the first BEFORE samples have been played."""
        self._place = 0.0
        """Of the next sample to be played, after those: a fraction."""
        self._now_s = 0.0
        self._off_s = 0.0
        self._until_stretch = STRETCH_EVERY

    def put(self, packet: VoicePacket, arrival_s: float) -> None:
        """Another packet, in whatever order."""
        self._arrived.append((packet, arrival_s))

    def playing(self) -> Playing | None:
        """What the last block began with; None before any."""
        return self._playing

    def delay_at_least(self, minimum_s: float, now_s: float) -> None:
        """See HeardVoice; in the event loop."""
        self._minimum.ask(minimum_s, now_s)

    def next_block(self, now_s: float) -> Samples | None:
        """BLOCK_SAMPLES; None while there is nothing to play yet."""
        while self._arrived:
            self._sort(*self._arrived.popleft())
        self._now_s = now_s
        if self._next is None and not self._may_start():
            return None
        self._steer()
        step = self._step()
        needed = int(self._place + step * BLOCK_SAMPLES) + BEFORE + AFTER + 1
        self._playing = self._heard()
        self._decode_until(needed)
        self._stretch(needed)
        end = self._place + step * BLOCK_SAMPLES
        block = self._read(BEFORE + self._place, step)
        played = int(end)
        self._place = end - played
        self._sound = self._sound[played:]
        self.counts.played_samples += BLOCK_SAMPLES
        return block

    def _read(self, place: float, step: float) -> Samples:
        if step == 1 and place == int(place):
            first = int(place)
            return self._sound[first : first + BLOCK_SAMPLES].copy()
        return interpolate(self._sound.astype(np.float32), place, step, BLOCK_SAMPLES)

    # Packets.

    def _sort(self, packet: VoicePacket, arrival_s: float) -> None:
        if packet.ssrc != self._ssrc:
            self._begin()
            self._ssrc = packet.ssrc
        duration = self._decoder.duration(packet.payload)
        if not duration:
            return
        number = self._numbers.unwrap(packet.sequence_number)
        timestamp = self._timestamps.unwrap(packet.timestamp)
        if self._is_elsewhere(timestamp, arrival_s) or self._counts_anew(number, timestamp):
            self._ssrc = None
            self._sort(packet, arrival_s)
            return
        self.counts.packets += 1
        self._delay.add((timestamp + duration) / SAMPLE_RATE_HZ, arrival_s)
        if self._next is not None and number < self._next[0]:
            self.counts.late_packets += 1
            self._delay.lost()
            return
        self._packets.put(number, timestamp, packet.payload)

    def _is_elsewhere(self, timestamp: int, arrival_s: float) -> bool:
        """The timestamp does not go with the time, so the sender has begun anew."""
        if self._delay.base_s == 0.0:
            return False
        off_s = arrival_s - timestamp / SAMPLE_RATE_HZ - self._delay.base_s
        return abs(off_s) > NEW_STREAM_S

    def _counts_anew(self, number: int, timestamp: int) -> bool:
        """The sequence numbers have gone back, and the timestamps have not."""
        is_so = self._next is not None and number < self._next[0] and timestamp >= self._next[1]
        self._numbered_late = self._numbered_late + 1 if is_so else 0
        return self._numbered_late >= NEW_NUMBERS

    def _may_start(self) -> bool:
        first = self._packets.first()
        if first is None or self._is_early(*first[1:]):
            return False
        self._next = first[:2]
        return True

    def _is_early(self, timestamp: int, payload: bytes) -> bool:
        """A packet, and any that is later than it by less than nearly all are, can wait."""
        return self._delay_s(timestamp + self._decoder.duration(payload)) < self._target_s()

    # Time.

    def _position(self) -> float:
        """The stream's timestamp of the next sample to be played."""
        assert self._next is not None
        return self._next[1] - (len(self._sound) - BEFORE) + self._place

    def _delay_s(self, end: float) -> float:
        """How long ago the fastest of packets would have brought what ends at a timestamp."""
        return self._now_s - self._delay.base_s - end / SAMPLE_RATE_HZ

    def _target_s(self) -> float:
        return max(self._delay.target_s, self._minimum.at(self._now_s))

    def _heard(self) -> Playing:
        """Time that passes without a packet passes for the sender as well: most often it is silent."""
        position = self._position() + self._waited
        delay_s = self._delay_s(position + PACKET_SAMPLES)
        return Playing(int(position) % (1 << TIMESTAMP_BITS), self._now_s, delay_s)

    def _steer(self) -> None:
        """Measure by how much the delay is off, smoothed."""
        if self._waited:
            return  # time stands still until it is known why nothing comes
        delay_s = self._delay_s(self._position() + PACKET_SAMPLES)
        target_s = self._target_s()
        self.counts.delay_s, self.counts.target_s = delay_s, target_s
        off_s = delay_s - target_s
        self._off_s += SMOOTHED * (off_s - self._off_s)
        if abs(off_s - self._off_s) > HURRY_S:
            self._off_s = off_s

    def _step(self) -> float:
        """Samples of the stream for each one played."""
        if abs(self._off_s) < LEFT_ALONE_S:
            return 1.0
        return 1 + min(max(self._off_s / PULL_S, -MOST_PULL), MOST_PULL)

    def _stretch(self, needed: int) -> None:
        self._until_stretch -= 1
        is_hurry = self._off_s > HURRY_S
        if abs(self._off_s) < STRETCH_S or self._until_stretch > 0 or self._waited:
            return
        if self._off_s > 0:
            self._decode_until(needed + NEEDED, conceal=False)
        if len(self._sound) < BEFORE + LEAST_NEEDED:
            return
        played, sound = self._sound[:BEFORE], self._sound[BEFORE:]
        other = shorten(sound, is_hurry) if self._off_s > 0 else lengthen(sound)
        if other is None or len(other) + BEFORE < needed:
            return
        change = len(other) - len(sound)
        self._off_s += change / SAMPLE_RATE_HZ
        self.counts.left_out_samples += max(-change, 0)
        self.counts.repeated_samples += max(change, 0)
        self._sound = np.concatenate((played, other))
        self._until_stretch = HURRIED_EVERY if is_hurry else STRETCH_EVERY

    # Sound.

    def _decode_until(self, needed: int, conceal: bool = True) -> None:
        """Decode until so many samples are there; with ``conceal`` they will be."""
        while len(self._sound) < needed:
            sound = self._decode_next()
            if sound is None:
                if not conceal:
                    return
                sound = self._decoder.conceal(BLOCK_SAMPLES)
                self._waited += BLOCK_SAMPLES
                self.counts.concealed_samples += BLOCK_SAMPLES
            self._sound = np.concatenate((self._sound, sound))

    def _decode_next(self) -> Samples | None:
        """The sound that comes next; None while nothing has come to make it of."""
        first = self._packets.first()
        if first is None or self._next is None:
            return None
        number, timestamp, payload = first
        gap = timestamp - self._next[1]
        is_pause = number == self._next[0]
        missing = gap - self._waited
        if missing < STEP_SAMPLES and self._waited and self._is_early(timestamp, payload):
            return None
        if is_pause:  # nothing was lost: the sender was silent
            self.counts.concealed_samples -= min(self._waited, max(gap, 0))
        self._waited = 0
        if missing >= STEP_SAMPLES:
            return self._bridge(number, timestamp, payload, missing, is_pause)
        self._packets.take()
        duration = self._decoder.duration(payload)
        self._next = number + 1, timestamp + duration
        if self._off_s > JUMP_S and len(self._packets):
            self._off_s -= duration / SAMPLE_RATE_HZ
            self.counts.left_out_samples += duration
            return np.zeros(0, np.int16)
        sound = self._decoder.decode(payload)
        return self._decoder.conceal(duration) if sound is None else sound

    def _bridge(
        self, number: int, timestamp: int, payload: bytes, missing: int, is_pause: bool
    ) -> Samples:
        """Sound for the gap before the first packet, at most as long as a packet is."""
        most = self._decoder.duration(payload)
        if missing > most:
            samples = min(missing - most, most) // STEP_SAMPLES * STEP_SAMPLES or STEP_SAMPLES
            self._next = self._next_after(number, timestamp - missing + samples)
            return self._guess(samples, is_pause)
        samples = missing // STEP_SAMPLES * STEP_SAMPLES
        self._next = number, timestamp
        whole = None if is_pause else self._decoder.recover(payload, most)
        if whole is None:
            return self._guess(samples, is_pause)
        self._delay.lost()
        self.counts.recovered_samples += samples
        return whole[-samples:]

    def _next_after(self, number: int, timestamp: int) -> tuple[int, int]:
        assert self._next is not None
        return min(self._next[0] + 1, number) if self._next[0] < number else number, timestamp

    def _guess(self, samples: int, is_pause: bool) -> Samples:
        if not is_pause:
            self._delay.lost()
            self.counts.concealed_samples += samples
        return self._decoder.conceal(samples)
