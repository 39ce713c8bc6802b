"""ALSA through pyalsaaudio: one PCM each way and the mixer. The only place that imports it.

PCMs are opened without blocking and waited for with poll, so that a device that stands still is
noticed; a blocking write would wait for ten seconds (the kernel's wait_for_avail).
"""

import errno
import logging
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from hal.audio.protocol import BLOCK_BYTES, BLOCK_S, BLOCK_SAMPLES, SAMPLE_RATE_HZ
from hal.errors import AudioFault, AudioUnavailable, UnknownBackend

try:
    import alsaaudio
except ImportError as missing:
    raise UnknownBackend(
        f"[hardware] audio = 'alsa' needs pyalsaaudio and libasound ({missing}). "
        "sudo apt-get install libasound2-dev gcc python3-dev; then, in callbox's folder: "
        ".venv/bin/pip install -e '.[pi]'. Off a board, set audio = 'simulated'."
    ) from missing

logger = logging.getLogger(__name__)

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

Result = TypeVar("Result")


class _Pcm:
    """An opened PCM of 48 kHz mono s16. Raises AudioUnavailable (ABSENT, BUSY, FAILED)."""

    def __init__(self, kind: int, device: str, buffer_blocks: int) -> None:
        self.device = device
        try:
            self._pcm = alsaaudio.PCM(
                kind,
                alsaaudio.PCM_NONBLOCK,
                device=device,
                rate=SAMPLE_RATE_HZ,
                channels=1,
                format=alsaaudio.PCM_FORMAT_S16_LE,
                periodsize=BLOCK_SAMPLES,
                periods=buffer_blocks,
            )
        except alsaaudio.ALSAAudioError as error:
            raise _not_opened(device, str(error)) from error
        self._buffer_samples = self._check(self._pcm.info())
        self._patience_s = START_S
        self._fds = self._pcm.polldescriptors()
        self._poll = select.poll()
        for fd, events in self._fds:
            self._poll.register(fd, events)

    def close(self) -> None:
        """At once. pyalsaaudio would play out what is queued, which never ends where nothing moves."""
        with suppress(alsaaudio.ALSAAudioError):  # it may have gone
            self._pcm.drop()
        self._pcm.close()

    def _check(self, info: dict[str, Any]) -> int:
        """The length of its buffer; pyalsaaudio takes what it gets without a word."""
        if (info["rate"], info["channels"], info["format_name"]) != (SAMPLE_RATE_HZ, 1, "S16_LE"):
            self._pcm.close()
            raise AudioUnavailable(
                AudioFault.FAILED,
                f"{self.device} cannot do 48000 Hz, 1 channel, 16 bit by itself. "
                f"Set it to plughw:... or plug:'{self.device}', which convert.",
            )
        return int(info["buffer_size"])

    def _wait(self) -> None:
        """Until the device has room, or sound. Its plug-ins may wake poll for nothing."""
        deadline_s = time.monotonic() + self._patience_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            events = dict(self._poll.poll(left_s * 1000))
            state = [(fd, events.get(fd, 0)) for fd, _ in self._fds]
            if events and self._asked(self._pcm.polldescriptors_revents, state):
                return
        raise AudioUnavailable(
            AudioFault.FAILED, f"{self.device} stands still. Check its cable and its power."
        )

    def _asked(self, call: Callable[..., Result], *arguments: object) -> Result:
        try:
            return call(*arguments)
        except alsaaudio.ALSAAudioError as error:
            gone = os.strerror(errno.ENODEV) in str(error)
            fault = AudioFault.DISCONNECTED if gone else AudioFault.FAILED
            what = "was unplugged" if gone else f"stopped working ({error})"
            raise AudioUnavailable(fault, f"{self.device} {what}.") from error


def _not_opened(device: str, error: str) -> AudioUnavailable:
    """pyalsaaudio tells the reason only as the text of libasound, which is strerror's."""
    known = {
        errno.EBUSY: (AudioFault.BUSY, "another program, or another route, uses it"),
        errno.ENOENT: (AudioFault.ABSENT, "there is no such device; `aplay -L` lists them"),
        errno.ENODEV: (AudioFault.ABSENT, "it is not connected"),
        errno.ENXIO: (AudioFault.ABSENT, "it is not connected"),
        errno.EACCES: (AudioFault.FAILED, "the user is not in the group audio"),
    }
    for number, (fault, meaning) in known.items():
        if os.strerror(number) in error:
            return AudioUnavailable(fault, f"{device} cannot be opened: {meaning}.")
    return AudioUnavailable(AudioFault.FAILED, f"{device} cannot be opened ({error}).")


class AlsaPlayback(_Pcm):
    """A PlaybackPcm."""

    def __init__(self, device: str, buffer_blocks: int) -> None:
        super().__init__(alsaaudio.PCM_PLAYBACK, device, buffer_blocks)
        self._unmoved_samples = self._buffer_samples
        """How much it takes without having moved."""

    @property
    def cushion_blocks(self) -> int:
        return max(1, self._buffer_samples // BLOCK_SAMPLES - 1)

    def write(self, sound: bytes) -> bool:
        left, underruns = sound, 0
        while left:
            self._wait()
            taken = self._asked(self._pcm.write, left)
            if taken == -errno.EPIPE:
                underruns += 1
                if underruns == _ATTEMPTS:
                    raise AudioUnavailable(AudioFault.FAILED, f"{self.device} takes no sound.")
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
        while 0 <= self._pcm.avail() < self._buffer_samples and time.monotonic() < deadline_s:
            time.sleep(BLOCK_S / 2)
        self.close()


class AlsaCapture(_Pcm):
    """A CapturePcm."""

    def __init__(self, device: str) -> None:
        super().__init__(alsaaudio.PCM_CAPTURE, device, CAPTURE_BUFFER_BLOCKS)
        self._kept = b""

    def read(self) -> bytes | None:
        while len(self._kept) < BLOCK_BYTES:
            count, sound = self._asked(self._pcm.read)
            if count == -errno.EPIPE:
                self._kept = b""
                return None
            if count == 0:  # the first read starts the device, so one waits only after it
                self._wait()
            else:
                self._patience_s = STALL_S
            self._kept += sound
        block, self._kept = self._kept[:BLOCK_BYTES], self._kept[BLOCK_BYTES:]
        return block

    def drop_stale(self) -> int:
        waiting = (self._pcm.avail() + len(self._kept) // 2) // BLOCK_SAMPLES
        if waiting <= STALE_BLOCKS:
            return 0
        return sum(self.read() is not None for _ in range(waiting - 1))


def set_playback_control(mixer: str, control: str, muted: bool, volume_percent: int | None) -> None:
    """Mute or unmute a simple mixer control, and set its volume. What cannot be is logged."""

    def change(opened: Any) -> None:
        if volume_percent is not None and not muted:
            opened.setvolume(volume_percent, pcmtype=alsaaudio.PCM_PLAYBACK)
        if "Playback Mute" in opened.switchcap():
            opened.setmute(muted)

    _with_control(mixer, control, change)


def set_capture_control(mixer: str, control: str, volume_percent: int | None) -> None:
    """Let a microphone's control through, and set its gain. What cannot be is logged."""

    def change(opened: Any) -> None:
        if volume_percent is not None:
            opened.setvolume(volume_percent, pcmtype=alsaaudio.PCM_CAPTURE)
        if "Capture Mute" in opened.switchcap():
            opened.setrec(1)

    _with_control(mixer, control, change)


def _with_control(mixer: str, control: str, change: Callable[[Any], None]) -> None:
    try:
        opened = alsaaudio.Mixer(control=control, device=mixer)
        try:
            change(opened)
        finally:
            opened.close()
    except alsaaudio.ALSAAudioError as error:
        logger.warning(
            "The volume of %s on %s cannot be set (%s). `amixer -D %s scontrols` lists the controls.",
            control,
            mixer,
            error,
            mixer,
        )
