"""Opens decoders: FFmpeg's software, or the board's codec block (V4L2 memory to memory)."""

from typing import Any

import av
from av.codec.context import Flags

from device.errors import MediaError
from device.media.picture.packet import VideoCodec

BOARD_H264 = "h264_v4l2m2m"
MAX_PIXELS = 1920 * 1200
"""A peer cannot make this unit hold larger pictures."""


def open_decoder(codec: VideoCodec, on_board: bool) -> Any:
    """An open ``av.VideoCodecContext`` that gives each picture at once.

    ``on_board``: H.264 by the board; VP8 has no decoder there. Raises MediaError when it has none.
    """
    name = BOARD_H264 if on_board and codec is VideoCodec.H264 else codec.value
    try:
        context: Any = av.CodecContext.create(name, "r")
        context.flags |= Flags.low_delay
        context.thread_count = 1  # frame threads hold pictures back
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.open()
    except (av.FFmpegError, av.codec.codec.UnknownCodecError) as error:
        if name != BOARD_H264:
            raise MediaError(f"The decoder {name} cannot be opened: {error}") from error
        raise MediaError(
            f'[media] decoder = "{BOARD_H264}": this board has no such decoder that can be used '
            f'({error}). A Raspberry Pi 4 or older has it; else set decoder = "software".'
        ) from error
    return context


def check_board_decoder() -> None:
    """Raises MediaError, saying what to do, when this board has none."""
    open_decoder(VideoCodec.H264, on_board=True)
