"""Two stations with a bad network between them."""

from collections.abc import Callable
from dataclasses import replace

from device.session.values import Signal
from tests.bench.relay import Relay
from tests.media.world import Station, introduce


async def connect_through(relay: Relay, near: Station, far: Station) -> None:
    """Their links are to go through the relay; the near one makes the offer."""
    introduce(near, far)
    near.receive = _moved(near.receive, relay.to_near)  # type: ignore[method-assign]
    far.receive = _moved(far.receive, relay.to_far)  # type: ignore[method-assign]
    await far.connect(near.uid, offer=False)
    await near.connect(far.uid, offer=True)
    await near.wait_up(far.uid)
    await far.wait_up(near.uid)


def _moved(
    receive: Callable[[Signal], None], move: Callable[[str], str]
) -> Callable[[Signal], None]:
    return lambda signal: receive(replace(signal, body=move(signal.body)))
