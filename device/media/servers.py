"""STUN and TURN servers as aiortc wants them."""

import logging

from aiortc import RTCBundlePolicy, RTCConfiguration, RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from device.session.ports import IceServer

logger = logging.getLogger(__name__)


def configuration(servers: tuple[IceServer, ...]) -> RTCConfiguration:
    """One transport for everything. An address that makes no sense is left out, with a warning: the
    link may well come about without it."""
    found = []
    for server in servers:
        urls = [url for url in server.urls if _is_sound(url)]
        if urls:
            found.append(RTCIceServer(urls, server.username, server.credential))
    # An empty list, not None: None means a public STUN server to aiortc.
    return RTCConfiguration(iceServers=found, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)


def _is_sound(url: str) -> bool:
    try:
        parse_stun_turn_uri(url)
    except ValueError as error:
        logger.warning("The exchange names an ICE server that is passed over: %s (%s)", url, error)
        return False
    return True
