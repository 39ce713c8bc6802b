"""Routes of visitors' links, and of the visitors who come by them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from device.exchange.server.accounts import LoginOf, PartsOf
from device.exchange.server.reached import reached_at
from device.exchange.server.refusal import refusals
from device.exchange.server.ringing.views import receiver_name
from device.exchange.server.store import Link
from device.exchange.wire import LinkItem, Links, NewLink, Visit, Visiting

router = APIRouter(tags=["visitors"], responses=refusals(401, 403, 404, 409, 413, 422))
LinkId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("/links")
async def make(body: NewLink, request: Request, found: LoginOf, parts: PartsOf) -> LinkItem:
    """A link by which visitors call one user or group: an admin for anyone, others for themselves."""
    link, secret = await parts.visits.make(found.account, body)
    # Behind a #, so that it is in nobody's log.
    return _item(link, f"{reached_at(request, parts.config)}/#visit={secret}")


@router.get("/links")
async def links(found: LoginOf, parts: PartsOf) -> Links:
    """The links that one may take back: an admin any, others those to themselves."""
    return Links([_item(link) for link in await parts.visits.links(found.account)])


@router.delete("/links/{link_id}", status_code=204)
async def remove(link_id: LinkId, found: LoginOf, parts: PartsOf) -> None:
    """Take a link back; who has come by it is out at once, of a running call too."""
    await parts.visits.remove(found.account, link_id)


@router.post("/visit")
async def visit(body: Visit, parts: PartsOf) -> Visiting:
    """An auth token for who has a link, good for calling whom it names. Never as a cookie: whoever is
    signed in in the same browser stays so."""
    visitor, token = await parts.visits.visit(body.secret, body.name)
    link = visitor.link
    name = await receiver_name(parts.store, link.receiver_type, link.receiver, link.receiver)
    return Visiting(visitor.user, token, link.expires_at, link.receiver_type, link.receiver, name)


def _item(link: Link, url: str | None = None) -> LinkItem:
    return LinkItem(
        link.link_id, link.name, link.receiver_type, link.receiver, link.expires_at, url
    )
