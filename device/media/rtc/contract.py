"""What this folder relies on inside aiortc and aioice, checked before the first link is made."""

import inspect
from functools import cache
from importlib.metadata import version

import aioice.ice
import aiortc.rtcrtpsender
from aiortc.codecs.h264 import H264Encoder

from device.errors import MediaError

PINNED = {"aiortc": "1.16.0", "aioice": "0.13.0"}


@cache
def check_contract() -> None:
    """Raises MediaError, naming what has changed, when a library is not the one this was written for."""
    for name, wanted in PINNED.items():
        if version(name) != wanted:
            raise MediaError(f"{name} {wanted} is needed, {version(name)} is installed.")
    sender = aiortc.rtcrtpsender.RTCRtpSender
    expected = {
        "RTCRtpSender._send_keyframe": hasattr(sender, "_send_keyframe"),
        "RTCRtpSender._handle_rtcp_packet": inspect.iscoroutinefunction(
            getattr(sender, "_handle_rtcp_packet", None)
        ),
        "rtcrtpsender.get_encoder": hasattr(aiortc.rtcrtpsender, "get_encoder"),
        "H264Encoder.pack": hasattr(H264Encoder, "pack"),
        "ice.CONSENT_INTERVAL": hasattr(aioice.ice, "CONSENT_INTERVAL"),
        "ice.CONSENT_FAILURES": hasattr(aioice.ice, "CONSENT_FAILURES"),
        "ice.get_host_addresses": hasattr(aioice.ice, "get_host_addresses"),
    }
    missing = [name for name, is_there in expected.items() if not is_there]
    if missing:
        raise MediaError(f"aiortc or aioice has changed: {', '.join(missing)} is gone.")
