"""By what name a unit registers: the machine's, so that it is the same after a loss of power."""

import hashlib
import socket
from pathlib import Path

MACHINE_ID = Path("/etc/machine-id")


def device_id(uid: str, machine_id: Path = MACHINE_ID) -> str:
    """Of this account on this machine. The machine's own id stays secret, as machine-id(5) asks."""
    try:
        machine = machine_id.read_text().strip()
    except OSError:
        machine = ""
    named = f"callbox\0{machine or socket.gethostname()}\0{uid}"
    return "unit-" + hashlib.sha256(named.encode()).hexdigest()[:24]
