"""A PCM of ALSA each way, in blocks.

PCMs are opened without blocking and waited for with poll, so that a device that stands still is
noticed; a blocking write would wait for ten seconds (the kernel's wait_for_avail).
"""

import errno
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hal.audio.libasound import AlsaError, Direction, Pcm, Unsuitable, Xrun
from hal.audio.protocol import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES
from hal.errors import AudioFault, AudioUnavailable

START_S = 3.0
"""A Bluetooth headset makes its voice link only when it is opened, which takes a second or two."""
STALL_S = 0.6
"""A device that has moved, and then moves nothing for so long, stands still."""
FINISH_S = 0.25
"""More than any buffer here; a Bluetooth headset may keep more, which is then cut."""
CAPTURE_BUFFER_BLOCKS = 8
"""Does not add to the delay, as a block is taken as soon as it is there."""
STALE_BLOCKS = 4
"""A backlog of more than this is dropped."""
_ATTEMPTS = 5


class _AlsaPcm:
    """An opened PCM. Raises AudioUnavailable (ABSENT, BUSY, FAILED)."""

    def __init__(self, direction: Direction, device: str, buffer_blocks: int) -> None:
        self.device = device
        try:
            self._pcm = Pcm(device, direction, buffer_blocks)
        except AlsaError as error:
            raise _not_opened(device, error) from error
        self._patience_s = START_S
        self._poll = select.poll()
        for fd, events in self._pcm.poll_descriptors:
            self._poll.register(fd, events)

    def close(self) -> None:
        """At once, without playing out what is queued, which never ends where nothing moves."""
        self._pcm.close()

    def _wait(self) -> None:
        """Until the device has room, or sound. Its plug-ins may wake poll for nothing."""
        deadline_s = time.monotonic() + self._patience_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            events = dict(self._poll.poll(left_s * 1000))
            with self._judged():
                if events and self._pcm.is_ready(events):
                    return
        raise AudioUnavailable(
            AudioFault.FAILED, f"{self.device} stands still. Check its cable and its power."
        )

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Raises AudioUnavailable (DISCONNECTED, FAILED) for an AlsaError that is no Xrun."""
        try:
            yield
        except Xrun:
            raise
        except AlsaError as error:
            gone = error.number == errno.ENODEV
            fault = AudioFault.DISCONNECTED if gone else AudioFault.FAILED
            what = "was unplugged" if gone else f"stopped working ({error})"
            raise AudioUnavailable(fault, f"{self.device} {what}.") from error


_REFUSALS = {
    errno.EBUSY: (AudioFault.BUSY, "another program, or another route, uses it"),
    errno.ENOENT: (AudioFault.ABSENT, "there is no such device; `aplay -L` lists them"),
    errno.ENODEV: (AudioFault.ABSENT, "it is not connected"),
    errno.ENXIO: (AudioFault.ABSENT, "it is not connected"),
    errno.EACCES: (AudioFault.FAILED, "the user is not in the group audio"),
}


def _not_opened(device: str, error: AlsaError) -> AudioUnavailable:
    if isinstance(error, Unsuitable):
        return AudioUnavailable(
            AudioFault.FAILED,
            f"{device} cannot do 48000 Hz, 1 channel, 16 bit by itself. "
            f"Set it to plughw:... or plug:'{device}', which convert.",
        )
    if error.number not in _REFUSALS:
        return AudioUnavailable(AudioFault.FAILED, f"{device} cannot be opened ({error}).")
    fault, meaning = _REFUSALS[error.number]
    return AudioUnavailable(fault, f"{device} cannot be opened: {meaning}.")


class AlsaPlayback(_AlsaPcm):
    """A PlaybackPcm."""

    def __init__(self, device: str, buffer_blocks: int) -> None:
        super().__init__(Direction.PLAYBACK, device, buffer_blocks)
        self._unmoved_samples = self._pcm.buffer_samples
        """How much it takes without having moved."""

    @property
    def cushion_blocks(self) -> int:
        return max(1, self._pcm.buffer_samples // BLOCK_SAMPLES - 1)

    def write(self, sound: bytes) -> bool:
        left, underruns = sound, 0
        while left:
            self._wait()
            try:
                with self._judged():
                    taken = self._pcm.write(left)
            except Xrun:
                underruns += 1
                if underruns == _ATTEMPTS:
                    raise AudioUnavailable(
                        AudioFault.FAILED, f"{self.device} takes no sound."
                    ) from None
                left = bytes(BLOCK_BYTES * self.cushion_blocks) + sound
            else:
                left = left[2 * taken :]
                self._has_taken(taken)
        return not underruns

    def _has_taken(self, samples: int) -> None:
        self._unmoved_samples -= samples
        if self._unmoved_samples < 0:
            self._patience_s = STALL_S

    def finish(self) -> None:
        deadline_s = time.monotonic() + FINISH_S
        # An empty buffer is an underrun, which avail tells as an error.
        while 0 <= self._pcm.avail() < self._pcm.buffer_samples and time.monotonic() < deadline_s:
            time.sleep(BLOCK_S / 2)
        self.close()


class AlsaCapture(_AlsaPcm):
    """A CapturePcm."""

    def __init__(self, device: str) -> None:
        super().__init__(Direction.CAPTURE, device, CAPTURE_BUFFER_BLOCKS)

    def read(self) -> bytes | None:
        block = b""
        while len(block) < BLOCK_BYTES:
            try:
                with self._judged():
                    sound = self._pcm.read(BLOCK_SAMPLES - len(block) // 2)
            except Xrun:
                return None
            if sound:
                self._patience_s = STALL_S
            else:  # the first read starts the device, so one waits only after it
                self._wait()
            block += sound
        return block

    def drop_stale(self) -> int:
        waiting = self._pcm.avail() // BLOCK_SAMPLES
        if waiting <= STALE_BLOCKS:
            return 0
        return sum(self.read() is not None for _ in range(waiting - 1))
