"""Opus (RFC 6716) in software: constants and calls are those of libopus' opus_defines.h."""

import ctypes
import weakref

from device.errors import MediaError
from device.media import libopus
from device.media.libopus import PACKET_SAMPLES
from hal import BLOCK_SAMPLES, SAMPLE_RATE_HZ

BLOCKS_PER_PACKET = PACKET_SAMPLES // BLOCK_SAMPLES
BITRATE_BPS = 32_000
LEAST_LOSS_PERCENT, MOST_LOSS_PERCENT = 5, 30
"""What the in-band forward error correction is made for: never nothing, since loss comes unannounced.
Its share of the bitrate grows with it, the bitrate does not."""
MOST_BYTES = 1275
"""RFC 6716 section 3.4: no frame is larger."""
UNSENT_BYTES = 2
"""A packet of so few bytes need not be sent (opus_encode): the sound goes on as it was."""

APPLICATION_VOIP, APPLICATION_LOWDELAY = 2048, 2051
SET_BITRATE, SET_INBAND_FEC, SET_PACKET_LOSS_PERC, SET_DTX = 4002, 4012, 4014, 4016


class OpusEncoder:
    """One mono encoder. Not thread-safe: one owner."""

    def __init__(self, for_silence: bool = False) -> None:
        """``for_silence``: CELT alone, which has digital silence; SILK, which is for voice, decodes
        zeros to a faint noise of comfort. Raises MediaError."""
        self._library = library = libopus.load()
        library.opus_encoder_create.restype = ctypes.c_void_p
        error = ctypes.c_int()
        application = APPLICATION_LOWDELAY if for_silence else APPLICATION_VOIP
        handle = library.opus_encoder_create(SAMPLE_RATE_HZ, 1, application, ctypes.byref(error))
        if error.value != libopus.OK:
            raise MediaError(f"libopus makes no encoder (error {error.value}).")
        self._encoder = ctypes.c_void_p(handle)
        weakref.finalize(self, library.opus_encoder_destroy, self._encoder)
        self._packet = ctypes.create_string_buffer(MOST_BYTES)
        self._set(SET_BITRATE, BITRATE_BPS)
        self._set(SET_INBAND_FEC, 1)
        self._set(SET_DTX, 1)
        self.expect_loss(0.0)

    def expect_loss(self, fraction: float) -> None:
        """How much of what is sent is lost, 0 to 1: forward error correction is made for that."""
        percent = min(max(round(100 * fraction), LEAST_LOSS_PERCENT), MOST_LOSS_PERCENT)
        self._set(SET_PACKET_LOSS_PERC, percent)

    def encode(self, sound: bytes) -> bytes:
        """One packet of exactly PACKET_SAMPLES of 16 bit mono. Empty: silence goes on, and nothing
        need be sent (discontinuous transmission, RFC 7587 section 3.1.3). Raises ValueError."""
        if len(sound) != 2 * PACKET_SAMPLES:
            raise ValueError(f"a packet has {2 * PACKET_SAMPLES} bytes of sound, not {len(sound)}")
        size = self._library.opus_encode(
            self._encoder, sound, PACKET_SAMPLES, self._packet, MOST_BYTES
        )
        if size < 0:
            raise MediaError(f"libopus does not encode (error {size}).")
        return self._packet.raw[:size] if size > UNSENT_BYTES else b""

    def _set(self, what: int, value: int) -> None:
        if self._library.opus_encoder_ctl(self._encoder, what, value) != libopus.OK:
            raise MediaError(f"libopus does not take {value} for setting {what}.")
