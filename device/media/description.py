"""What aiortc does not check in a description from outside, and would only trip over later; and what it
refuses though it makes sense."""

import re

from aiortc.sdp import MediaDescription, SessionDescription

MAX_SECTIONS = 8
"""A link has one audio and one video section; a browser may add a data channel."""
FINGERPRINTS = frozenset({"sha-256", "sha-384", "sha-512"})
"""Digests that aiortc can verify. Without one of them anybody could be the other end (RFC 8122)."""

H264_FORMAT = "packetization-mode=1;profile-level-id=42e01f"


def completed(sdp: str) -> str:
    """H.264 without any format parameters (fmtp) means, by RFC 6184 section 8.1, single NAL units only,
    which aiortc refuses. Who says nothing, as GStreamer does, takes fragments all the same."""
    told = set(re.findall(r"^a=fmtp:(\d+) ", sdp, re.MULTILINE))

    def with_format(line: re.Match[str]) -> str:
        if line[1] in told:
            return line[0]
        return f"{line[0]}\r\na=fmtp:{line[1]} {H264_FORMAT}"

    return re.sub(r"^a=rtpmap:(\d+) H264/90000", with_format, sdp, flags=re.MULTILINE | re.I)


def check(sdp: str) -> None:
    """Raises ValueError, or nearly anything that aiortc's parser raises."""
    sections = SessionDescription.parse(sdp).media
    if not any(section.kind in ("audio", "video") for section in sections):
        raise ValueError("it has neither audio nor video")
    if len(sections) > MAX_SECTIONS:
        raise ValueError(f"it has {len(sections)} sections, more than {MAX_SECTIONS}")
    if not all(_is_authentic(section) for section in sections):
        raise ValueError("a section has no fingerprint that can be checked")


def _is_authentic(section: MediaDescription) -> bool:
    prints = section.dtls.fingerprints if section.dtls is not None else []
    return any(one.algorithm.lower() in FINGERPRINTS for one in prints)
