"""How aioice finds addresses, and how soon it notices that the other end is gone."""

from collections.abc import Callable
from dataclasses import dataclass

import aioice.ice

CONSENT_INTERVAL_S = 1
CONSENT_FAILURES = 3
"""RFC 7675 checks every 5 s and gives up after 30; a caller should not look at a still for so long."""

LOOPBACK = "127.0.0.1"


@dataclass
class _Addresses:
    """aioice leaves loopback out; a machine without any other address has nothing else."""

    of_host: Callable[[bool, bool], list[str]]
    loopback_only: bool = False

    def find(self, use_ipv4: bool, use_ipv6: bool) -> list[str]:
        if self.loopback_only:
            return [LOOPBACK]
        return self.of_host(use_ipv4, use_ipv6) or [LOOPBACK]


_addresses = _Addresses(aioice.ice.get_host_addresses)


def install(loopback_only: bool) -> None:
    """Set both up for the whole process. ``loopback_only`` keeps media on this machine."""
    aioice.ice.CONSENT_INTERVAL = CONSENT_INTERVAL_S
    aioice.ice.CONSENT_FAILURES = CONSENT_FAILURES
    _addresses.loopback_only = loopback_only
    aioice.ice.get_host_addresses = _addresses.find
