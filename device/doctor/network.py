"""Whether there is a network that leads to the exchange."""

import socket

from device.control.readings import Check, Verdict

_REMEDY = "Check cable or Wi-Fi: `ip address` must show an address, `nmcli device` tells why not."


def check_route(host: str) -> Check:
    """Whether this machine knows a way to the host. Sends nothing."""
    try:
        family, kind, *_, target = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(target)
            own = probe.getsockname()[0]
    except socket.gaierror:
        return Check("network", Verdict.FAILED, f"no way to look up the name {host}", _REMEDY)
    except OSError as error:
        return Check("network", Verdict.FAILED, f"no way to {host}: {error.strerror}", _REMEDY)
    return Check("network", Verdict.OK, f"from {own} to {host}")
