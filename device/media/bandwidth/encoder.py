"""Hands the bitrate to the camera's encoder, and the frame rate that goes with it."""

from device.media.bandwidth.frame_rate import FrameRate
from hal import Camera, VideoFormat


class EncoderControl:
    """Of one camera, open or not."""

    def __init__(self, camera: Camera, video: VideoFormat) -> None:
        self._camera = camera
        self._video = video
        self._bitrate_bps = video.bitrate_bps
        self._frame_rate = FrameRate(video)

    @property
    def frame_rate_hz(self) -> int:
        return self._frame_rate.hz

    def set_bitrate(self, bitrate_bps: int) -> None:
        self._bitrate_bps = bitrate_bps
        self._camera.set_bitrate(bitrate_bps)
        before_hz = self._frame_rate.hz
        if self._frame_rate.at(bitrate_bps) != before_hz:
            self._camera.set_frame_rate(self._frame_rate.hz)

    def opened(self) -> None:
        """The camera was opened, as its format says: it is told anew what is otherwise."""
        if self._bitrate_bps != self._video.bitrate_bps:
            self._camera.set_bitrate(self._bitrate_bps)
        if self._frame_rate.hz != self._video.frame_rate_hz:
            self._camera.set_frame_rate(self._frame_rate.hz)
