"""Which ciphers a link takes. aiortc offers those for ECDSA certificates alone, but a peer may have an
RSA one, as GStreamer's webrtcbin does (RFC 8827 section 6.5 asks for ECDSA, and allows others)."""

from typing import Any

from aiortc.rtcdtlstransport import RTCCertificate

CIPHERS = ":".join(
    f"ECDHE-{kind}-{cipher}"
    for kind in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
)
"""aiortc's own, and the same for RSA."""

_stock = RTCCertificate._create_ssl_context


def _create_ssl_context(self: RTCCertificate, srtp_profiles: Any) -> Any:
    context = _stock(self, srtp_profiles)
    context.set_cipher_list(CIPHERS.encode())
    return context


def install() -> None:
    """Set it up for this process. Idempotent."""
    RTCCertificate._create_ssl_context = _create_ssl_context  # type: ignore[method-assign]
