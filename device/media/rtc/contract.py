"""What this folder relies on inside aiortc and aioice, checked before the first link is made."""

import inspect
from collections.abc import Callable
from functools import cache
from importlib.metadata import version

import aioice.ice
import aioice.stun
import aioice.turn
import aiortc.codecs
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc.codecs.h264 import H264Encoder
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport, RtpRouter
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import HeaderExtensions

from device.errors import MediaError

PINNED = {"aiortc": "1.16.0", "aioice": "0.13.0"}

NAMES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (
        RTCRtpSender,
        (
            "_ssrc",
            "_RTCRtpSender__packet_count",
            "_RTCRtpSender__octet_count",
            "_RTCRtpSender__rtp_started",
            "_RTCRtpSender__rtp_exited",
            "_RTCRtpSender__mid",
            "_RTCRtpSender__rtp_header_extensions_map",
            "_RTCRtpSender__rtx_payload_type",
            "_RTCRtpSender__ntp_timestamp",
            "_RTCRtpSender__rtp_timestamp",
            "_rtx_ssrc",
            "_RTCRtpSender__rtp_task",
            "_RTCRtpSender__rtcp_task",
        ),
    ),
    (
        RTCRtpReceiver,
        (
            "_enabled",
            "_RTCRtpReceiver__codecs",
            "_RTCRtpReceiver__jitter_buffer",
            "_RTCRtpReceiver__remote_bitrate_estimator",
            "_RTCRtpReceiver__remote_streams",
            "_RTCRtpReceiver__rtcp_ssrc",
            "_RTCRtpReceiver__rtcp_task",
            "_RTCRtpReceiver__rtx_ssrc",
            "_RTCRtpReceiver__started",
        ),
    ),
    (RTCPeerConnection, ("_RTCPeerConnection__iceTransports",)),
    (RTCPeerConnection, ("_RTCPeerConnection__dtlsTransports",)),
    (RTCPeerConnection, ("_RTCPeerConnection__closeTask",)),
    (RTCDtlsTransport, ("_task", "_rtp_router", "_tx_srtp", "_rtp_header_extensions_map")),
    (RTCIceTransport, ("_connection", "_RTCIceTransport__monitor_task")),
    (aioice.stun.Transaction, ("_Transaction__timeout_delay",)),
    (aioice.ice.Connection, ("_protocols", "_query_consent_task", "_check_list", "_nominated")),
    (aioice.ice.Connection, ("_queue", "_remote_candidates", "_early_checks")),
    (aioice.ice.StunProtocol, ("transactions",)),
    (
        aioice.turn.TurnTransport,
        (
            "_TurnTransport__close_task",
            "_TurnTransport__inner_protocol",
            "_TurnTransport__send_tasks",
        ),
    ),
)
"""Attributes of instances: looked for in the code of ``__init__``."""

COROUTINES: tuple[tuple[type, str], ...] = (
    (RTCRtpSender, "_handle_rtcp_packet"),
    (RTCRtpSender, "_send_rtcp"),
    (RTCRtpSender, "_run_rtp"),
    (RTCRtpSender, "_retransmit"),
    (RTCRtpReceiver, "receive"),
    (RTCRtpReceiver, "_handle_rtcp_packet"),
    (RTCRtpReceiver, "_handle_rtp_packet"),
    (RTCRtpReceiver, "_run_rtcp"),
    (RTCRtpReceiver, "_send_rtcp"),
    (RTCRtpReceiver, "_send_rtcp_nack"),
    (RTCRtpReceiver, "_send_rtcp_pli"),
    (RTCDtlsTransport, "_handle_rtp_data"),
    (RTCDtlsTransport, "_handle_rtcp_data"),
    (RTCPeerConnection, "_RTCPeerConnection__connect"),
    (aioice.ice.Connection, "gather_candidates"),
    (aioice.ice.Connection, "query_consent"),
    (aioice.ice.StunProtocol, "request"),
    (aioice.turn.TurnClientMixin, "delete"),
)


@cache
def check_contract() -> None:
    """Raises MediaError, naming what has changed, when a library is not the one this was written for."""
    verify(version)


def verify(installed: Callable[[str], str]) -> None:
    """The check itself; ``installed`` gives a distribution's version."""
    for name, wanted in PINNED.items():
        if installed(name) != wanted:
            raise MediaError(
                f"{name} {wanted} is needed, {installed(name)} is installed. "
                f"Install it with: pip install {name}=={wanted}"
            )
    gone = [name for name, is_there in _expected().items() if not is_there]
    if gone:
        raise MediaError(
            f"aiortc or aioice is not the one that callbox knows: {', '.join(gone)} is gone. "
            "Install callbox again."
        )


def _expected() -> dict[str, bool]:
    modules = {
        "codecs.CODECS": aiortc.codecs.CODECS["audio"][0].mimeType == "audio/opus",
        "codecs.HEADER_EXTENSIONS": set(aiortc.codecs.HEADER_EXTENSIONS) == {"audio", "video"},
        "RTCRtpSender._send_keyframe": hasattr(RTCRtpSender, "_send_keyframe"),
        "StreamStatistics.jitter": isinstance(getattr(StreamStatistics, "jitter", None), property),
        "H264Encoder._packetize": hasattr(H264Encoder, "_packetize"),
        "H264Encoder._split_bitstream": hasattr(H264Encoder, "_split_bitstream"),
        "RTCRtpReceiver.__stop_decoder": hasattr(RTCRtpReceiver, "_RTCRtpReceiver__stop_decoder"),
        "RTCDtlsTransport._register_rtp_receiver": hasattr(
            RTCDtlsTransport, "_register_rtp_receiver"
        ),
        "HeaderExtensions.transport_sequence_number": (
            "transport_sequence_number" in HeaderExtensions.__dataclass_fields__
        ),
        "RtpRouter.route_rtp": hasattr(RtpRouter, "route_rtp"),
        "RTCCertificate._create_ssl_context": hasattr(RTCCertificate, "_create_ssl_context"),
        "ice.Connection.data_received": hasattr(aioice.ice.Connection, "data_received"),
        "ice.Connection._emit_event": hasattr(aioice.ice.Connection, "_emit_event"),
        "ice.StunProtocol.datagram_received": hasattr(aioice.ice.StunProtocol, "datagram_received"),
        "stun.Transaction.__retry": hasattr(aioice.stun.Transaction, "_Transaction__retry"),
        "ice.get_host_addresses": hasattr(aioice.ice, "get_host_addresses"),
        "ice.server_reflexive_candidate": hasattr(aioice.ice, "server_reflexive_candidate"),
        "ice.relayed_candidate": hasattr(aioice.ice, "relayed_candidate"),
    }
    names = {
        f"{owner.__name__}.{name}": name in owner.__init__.__code__.co_names  # type: ignore[misc]
        for owner, wanted in NAMES
        for name in wanted
    }
    coroutines = {
        f"{owner.__name__}.{name}": inspect.iscoroutinefunction(getattr(owner, name, None))
        for owner, name in COROUTINES
    }
    return modules | names | coroutines
