"""How a link's rate is divided: voice first, what is left is for the pictures."""

VOICE_BPS = 60_000
"""50 packets a second of Opus at 32 kb/s with 70 bytes of headers each (RTP, SRTP, UDP, IP)."""
VIDEO_SHARE = 0.93
"""Of what is left, without the headers of packets of 1200 bytes."""


def video_bps(link_bps: float) -> float:
    """What the encoder may give when the network takes ``link_bps``; 0 where voice takes it all."""
    return max(0.0, (link_bps - VOICE_BPS) * VIDEO_SHARE)


def link_bps(video_bps: float) -> float:
    """What the network has to take for that much of the encoder."""
    return video_bps / VIDEO_SHARE + VOICE_BPS
