"""An encoded packet as PyAV has it."""

from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:  # generic for the type checker only
    Packet = av.Packet[Any]
else:
    Packet = av.Packet


def new_packet(data: bytes) -> Packet:
    """A packet over a copy of ``data``, without times."""
    return av.Packet(data)
