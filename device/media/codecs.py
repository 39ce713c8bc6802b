"""Which codecs are offered, best first."""

from aiortc import RTCRtpSender
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

VIDEO_CODECS = ("video/H264", "video/VP8", "video/rtx")
"""H.264 is what the camera gives; VP8 may be received as well. With retransmission for each."""
AUDIO_CODECS = ("audio/opus",)
"""Every WebRTC peer has it (RFC 7874 section 3), and it is all that the microphone is encoded to."""


def preferred(kind: str, wanted: tuple[str, ...]) -> list[RTCRtpCodecCapability]:
    """For ``setCodecPreferences``: what is wanted and known, in this order, and nothing else."""
    known = [
        codec for codec in RTCRtpSender.getCapabilities(kind).codecs if codec.mimeType in wanted
    ]
    return sorted(known, key=lambda codec: wanted.index(codec.mimeType))
