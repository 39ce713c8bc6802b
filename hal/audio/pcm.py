"""What the sound threads need of a PCM, so that they need not know ALSA."""

from typing import Protocol


class PlaybackPcm(Protocol):
    """Takes 48 kHz mono s16."""

    @property
    def device(self) -> str:
        """Its ALSA name."""

    @property
    def cushion_blocks(self) -> int:
        """How many blocks wait in front of the one that is written, when all is well."""

    def write(self, sound: bytes) -> bool:
        """Give out, waiting for room. False after an underrun: the device was empty and has started
        anew with this sound. Raises AudioUnavailable when it has gone or stands still."""

    def close(self) -> None:
        """Let go at once; what has not been heard yet is lost."""

    def finish(self) -> None:
        """Wait until all has been heard, but not for ever, and close."""


class CapturePcm(Protocol):
    """Gives 48 kHz mono s16."""

    @property
    def device(self) -> str:
        """Its ALSA name."""

    def read(self) -> bytes | None:
        """The next block, waiting for it; None after an overrun. Raises AudioUnavailable."""

    def drop_stale(self) -> int:
        """Throw away a backlog that is older than it should be. How many blocks that were."""

    def close(self) -> None:
        """Let go."""
