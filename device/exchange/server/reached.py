"""Where others reach the exchange, for what they are given to come by."""

from fastapi import Request

from device.exchange.server import certificate
from device.exchange.server.config import ExchangeConfig, is_loopback
from device.exchange.wire import netloc


def reached_at(request: Request, config: ExchangeConfig) -> str:
    """As who asks reaches it. From its own machine: as others do, if they can."""
    url = request.base_url
    if is_loopback(url.hostname or "") and not is_loopback(config.host):
        port = url.port or (443 if config.tls else 80)
        return f"{url.scheme}://{netloc(certificate.own_address(), port)}"
    return f"{url.scheme}://{url.netloc}"
