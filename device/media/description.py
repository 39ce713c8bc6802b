"""What aiortc does not check in a description from outside, and would only trip over later."""

from aiortc.sdp import MediaDescription, SessionDescription

MAX_SECTIONS = 8
"""A link has one audio and one video section; a browser may add a data channel."""
FINGERPRINTS = frozenset({"sha-256", "sha-384", "sha-512"})
"""Digests that aiortc can verify. Without one of them anybody could be the other end (RFC 8122)."""


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
