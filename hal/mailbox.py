"""The VideoCore's mailbox (/dev/vcio), as far as callbox asks it. Not yet run on a board.

The kernel's file for the same, get_throttled of the firmware's device, is deprecated: reading it puts a
stack trace into the journal, and says what somebody else was told last.
"""

import fcntl
import struct
from pathlib import Path

_IOCTL_MBOX_PROPERTY = 0xC0086400
"""_IOWR(100, 0, char *) of the kernel's vcio, in 64 bit."""
_GET_THROTTLED = 0x00030046
"""Its argument says which of the remembered bits to forget: none."""
_MESSAGE = struct.Struct("=7I")
"""Size, status, tag, room for the value, its length, the value, end of the tags; 32 bit each."""
_DONE = 0x80000000


def get_throttled(device: Path) -> int | None:
    """As ``vcgencmd get_throttled``; None where there is no mailbox, or it may not be used."""
    message = bytearray(_MESSAGE.pack(_MESSAGE.size, 0, _GET_THROTTLED, 4, 0, 0, 0))
    try:
        with device.open("rb", buffering=0) as file:
            fcntl.ioctl(file, _IOCTL_MBOX_PROPERTY, message)
    except OSError:
        return None
    _, status, _, _, _, value, _ = _MESSAGE.unpack(message)
    return int(value) if status == _DONE else None
