"""Opus decoding with what PyAV does not pass on: concealment, and in-band error correction."""

import ctypes
import weakref

import numpy as np
from numpy.typing import NDArray

from device.errors import MediaError
from device.media import libopus
from hal import SAMPLE_RATE_HZ

Samples = NDArray[np.int16]

MOST_SAMPLES = SAMPLE_RATE_HZ * 120 // 1000
"""RFC 6716 section 3.2.5: no packet is longer than 120 ms."""
STEP_SAMPLES = SAMPLE_RATE_HZ * 25 // 10_000
"""opus_decode conceals multiples of 2.5 ms."""


class OpusDecoder:
    """Of one stream, to 48 kHz mono. Not thread-safe: one owner."""

    def __init__(self) -> None:
        """Raises MediaError without libopus."""
        self._library = library = libopus.load()
        library.opus_decoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        handle = library.opus_decoder_create(SAMPLE_RATE_HZ, 1, ctypes.byref(error))
        if error.value != libopus.OK:
            raise MediaError(f"libopus makes no decoder (error {error.value}).")
        self._decoder = ctypes.c_void_p(handle)
        weakref.finalize(self, library.opus_decoder_destroy, self._decoder)
        self._sound = np.zeros(MOST_SAMPLES, np.int16)

    def duration(self, payload: bytes) -> int:
        """How many samples a packet holds; 0 for what is no Opus."""
        count = self._library.opus_packet_get_nb_samples(payload, len(payload), SAMPLE_RATE_HZ)
        return count if 0 < count <= MOST_SAMPLES else 0

    def decode(self, payload: bytes) -> Samples | None:
        """The next packet's sound; None for what is no Opus."""
        return self._decode(payload, MOST_SAMPLES, 0)

    def recover(self, following: bytes, samples: int) -> Samples | None:
        """The sound of the lost packet before ``following``, from its forward error correction
        (RFC 6716 section 2.1.7), or concealed where there is none."""
        return self._decode(following, samples, 1)

    def conceal(self, samples: int) -> Samples:
        """A guess of the sound that is missing, which fades after a while; a multiple of
        STEP_SAMPLES up to MOST_SAMPLES."""
        sound = self._decode(b"", samples, 0)
        return np.zeros(samples, np.int16) if sound is None else sound

    def _decode(self, payload: bytes, samples: int, is_for_the_one_before: int) -> Samples | None:
        count = self._library.opus_decode(
            self._decoder,
            payload or None,
            len(payload),
            self._sound.ctypes.data_as(ctypes.c_void_p),
            samples,
            is_for_the_one_before,
        )
        return self._sound[:count].copy() if count > 0 else None
