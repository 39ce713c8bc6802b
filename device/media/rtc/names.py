"""Looks up the names of STUN and TURN servers.

aioice and asyncio do it in the loop's few threads, where other work waits its turn. Without a network
each name takes up to half a minute.
"""

import asyncio
import contextlib
import ipaddress
import socket
import threading

_asked: dict[str, asyncio.Future[list[str]]] = {}
"""Names that are being looked up now: each one once, however many links want it."""


async def addresses_of(name: str) -> list[str]:
    """The IP addresses of a server, at least one. Raises OSError. A caller may stop waiting any time."""
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(name))]
    loop = asyncio.get_running_loop()
    asked = _asked.get(name)
    if asked is None or asked.get_loop() is not loop:
        asked = _asked[name] = loop.create_future()
        asked.add_done_callback(_noticed)
        # One that nobody has to wait for at the end.
        threading.Thread(target=_look_up, args=(name, asked), name="names", daemon=True).start()
    return await asyncio.shield(asked)


def _look_up(name: str, asked: asyncio.Future[list[str]]) -> None:
    found: list[str] | OSError
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM)]
    except (OSError, UnicodeError) as error:
        found = OSError(f"{name} has no address: {error}")
    with contextlib.suppress(RuntimeError):  # the loop has ended
        asked.get_loop().call_soon_threadsafe(_answer, name, asked, found)


def _answer(name: str, asked: asyncio.Future[list[str]], found: list[str] | OSError) -> None:
    if _asked.get(name) is asked:
        del _asked[name]
    if isinstance(found, OSError):
        asked.set_exception(found)
    else:
        asked.set_result(found)


def _noticed(asked: asyncio.Future[list[str]]) -> None:
    if not asked.cancelled():
        asked.exception()  # heard of by who waits for it, if anybody still does
