"""libasound's PCMs by ctypes, which lets Python's other threads run during each call.

pyalsaaudio opens, sets up and closes with Python's lock held, and a Bluetooth headset takes a second or
two for that (docs/adr/0010). Function names and their order are those of alsa-lib's pcm.h.
"""

import ctypes
import errno
from ctypes import byref, c_char_p, c_int, c_long, c_short, c_uint, c_ulong, c_ushort, c_void_p
from enum import Enum

from hal.audio.protocol import BLOCK_SAMPLES, SAMPLE_RATE_HZ
from hal.errors import UnknownBackend

_LIBRARY = "libasound.so.2"
try:
    _free = ctypes.CDLL(_LIBRARY)
    _quick = ctypes.PyDLL(_LIBRARY)
    """With the lock held: what never waits, twice a block, is not to queue up for the lock after it."""
except OSError as missing:
    raise UnknownBackend(
        f"[hardware] audio = 'alsa' needs libasound ({missing}). sudo apt-get install libasound2-dev. "
        "Off a board, set audio = 'simulated'."
    ) from missing

_NONBLOCK = 1
_RW_INTERLEAVED = 3
_S16_LE = 2
_SAMPLE_BYTES = 2


class _PollFd(ctypes.Structure):
    _fields_ = (("fd", c_int), ("events", c_short), ("revents", c_short))


_Number = ctypes.POINTER(c_int)
_Count = ctypes.POINTER(c_uint)
_Frames = ctypes.POINTER(c_ulong)
_Fds = ctypes.POINTER(_PollFd)
_Handle = ctypes.POINTER(c_void_p)
for _library, _name, _result, _arguments in (
    (_free, "snd_strerror", c_char_p, (c_int,)),
    (_free, "snd_pcm_open", c_int, (_Handle, c_char_p, c_int, c_int)),
    (_free, "snd_pcm_close", c_int, (c_void_p,)),
    (_free, "snd_pcm_drop", c_int, (c_void_p,)),
    (_free, "snd_pcm_prepare", c_int, (c_void_p,)),
    (_free, "snd_pcm_writei", c_long, (c_void_p, c_char_p, c_ulong)),
    (_free, "snd_pcm_readi", c_long, (c_void_p, c_void_p, c_ulong)),
    (_free, "snd_pcm_get_params", c_int, (c_void_p, _Frames, _Frames)),
    (_free, "snd_pcm_poll_descriptors_count", c_int, (c_void_p,)),
    (_free, "snd_pcm_poll_descriptors", c_int, (c_void_p, _Fds, c_uint)),
    (_free, "snd_pcm_hw_params_malloc", c_int, (_Handle,)),
    (_free, "snd_pcm_hw_params_free", None, (c_void_p,)),
    (_free, "snd_pcm_hw_params_any", c_int, (c_void_p, c_void_p)),
    (_free, "snd_pcm_hw_params_set_access", c_int, (c_void_p, c_void_p, c_int)),
    (_free, "snd_pcm_hw_params_set_format", c_int, (c_void_p, c_void_p, c_int)),
    (_free, "snd_pcm_hw_params_set_channels", c_int, (c_void_p, c_void_p, c_uint)),
    (_free, "snd_pcm_hw_params_set_rate", c_int, (c_void_p, c_void_p, c_uint, c_int)),
    (
        _free,
        "snd_pcm_hw_params_set_period_size_near",
        c_int,
        (c_void_p, c_void_p, _Frames, _Number),
    ),
    (_free, "snd_pcm_hw_params_set_periods_near", c_int, (c_void_p, c_void_p, _Count, _Number)),
    (_free, "snd_pcm_hw_params", c_int, (c_void_p, c_void_p)),
    (_quick, "snd_pcm_avail", c_long, (c_void_p,)),
    (
        _quick,
        "snd_pcm_poll_descriptors_revents",
        c_int,
        (c_void_p, _Fds, c_uint, ctypes.POINTER(c_ushort)),
    ),
):
    _function = getattr(_library, _name)
    _function.restype, _function.argtypes = _result, _arguments


class AlsaError(Exception):
    """What libasound answered. ``number``: an errno."""

    def __init__(self, number: int) -> None:
        super().__init__(_free.snd_strerror(-number).decode(errors="replace"))
        self.number = number


class Xrun(AlsaError):
    """The device ran empty, or over. It is ready to start anew."""


class Unsuitable(AlsaError):
    """The device has not 48 kHz, one channel and 16 bit, and does not convert."""


class Direction(Enum):
    """SND_PCM_STREAM_..."""

    PLAYBACK = 0
    CAPTURE = 1


class Pcm:
    """An opened PCM of 48 kHz mono s16, which never waits. All methods raise AlsaError."""

    def __init__(self, device: str, direction: Direction, buffer_blocks: int) -> None:
        """``buffer_blocks`` of 10 ms, or as near as the device comes to it."""
        handle = c_void_p()
        _checked(
            _free.snd_pcm_open(byref(handle), device.encode(), direction.value, _NONBLOCK),
        )
        self._pcm: int | None = handle.value
        try:
            _set_up(self._opened, buffer_blocks)
            self.buffer_samples = self._buffer_samples()
            self._fds = self._poll_descriptors()
        except AlsaError:
            self.close()
            raise

    @property
    def poll_descriptors(self) -> list[tuple[int, int]]:
        """Each with the events to wait for."""
        return [(each.fd, each.events) for each in self._fds]

    def is_ready(self, events: dict[int, int]) -> bool:
        """Whether what poll has seen, by descriptor, means sound or room; plug-ins wake it for less."""
        for each in self._fds:
            each.revents = events.get(each.fd, 0)
        meaning = c_ushort()
        _checked(
            _quick.snd_pcm_poll_descriptors_revents(
                self._opened, self._fds, len(self._fds), byref(meaning)
            )
        )
        return meaning.value != 0

    def avail(self) -> int:
        """Samples of room, or of sound. Less than 0: something is wrong, as the next move says."""
        return int(_quick.snd_pcm_avail(self._opened))

    def write(self, sound: bytes) -> int:
        """How many samples it took; none while there is no room. Raises Xrun."""
        return self._moved(_free.snd_pcm_writei(self._opened, sound, len(sound) // _SAMPLE_BYTES))

    def read(self, samples: int) -> bytes:
        """At most so many; none while there is no sound. The first starts the device. Raises Xrun."""
        sound = ctypes.create_string_buffer(samples * _SAMPLE_BYTES)
        count = self._moved(_free.snd_pcm_readi(self._opened, sound, samples))
        return sound.raw[: count * _SAMPLE_BYTES]

    def close(self) -> None:
        """At once: what has not been heard yet is lost. Idempotent."""
        pcm, self._pcm = self._pcm, None
        if pcm is not None:
            _free.snd_pcm_drop(pcm)  # which fails when it has gone
            _free.snd_pcm_close(pcm)

    @property
    def _opened(self) -> int:
        """libasound aborts the process over a PCM that is none."""
        if self._pcm is None:
            raise AlsaError(errno.EBADFD)
        return self._pcm

    def _moved(self, result: int) -> int:
        if result == -errno.EAGAIN:
            return 0
        if result == -errno.EPIPE:
            _checked(_free.snd_pcm_prepare(self._opened))
            raise Xrun(errno.EPIPE)
        return _checked(result)

    def _buffer_samples(self) -> int:
        buffer, period = c_ulong(), c_ulong()
        _checked(_free.snd_pcm_get_params(self._opened, byref(buffer), byref(period)))
        return buffer.value

    def _poll_descriptors(self) -> "ctypes.Array[_PollFd]":
        count = _checked(_free.snd_pcm_poll_descriptors_count(self._opened))
        fds = (_PollFd * count)()
        _checked(_free.snd_pcm_poll_descriptors(self._opened, fds, count))
        return fds


def _set_up(pcm: int, buffer_blocks: int) -> None:
    params = c_void_p()
    _checked(_free.snd_pcm_hw_params_malloc(byref(params)))
    try:
        _checked(_free.snd_pcm_hw_params_any(pcm, params))
        _checked(_free.snd_pcm_hw_params_set_access(pcm, params, _RW_INTERLEAVED))
        for refused in (
            _free.snd_pcm_hw_params_set_format(pcm, params, _S16_LE),
            _free.snd_pcm_hw_params_set_channels(pcm, params, 1),
            _free.snd_pcm_hw_params_set_rate(pcm, params, SAMPLE_RATE_HZ, 0),
        ):
            if refused:
                raise Unsuitable(-refused)
        period, periods = c_ulong(BLOCK_SAMPLES), c_uint(buffer_blocks)
        either = byref(c_int(0))
        _checked(_free.snd_pcm_hw_params_set_period_size_near(pcm, params, byref(period), either))
        _checked(_free.snd_pcm_hw_params_set_periods_near(pcm, params, byref(periods), either))
        _checked(_free.snd_pcm_hw_params(pcm, params))
    finally:
        _free.snd_pcm_hw_params_free(params)


def _checked(result: int) -> int:
    if result < 0:
        raise AlsaError(-result)
    return result
