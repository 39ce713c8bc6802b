"""Routes of people's and units' accounts: signing in and out, and call tokens."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Header, Request, Response

from device.exchange.server.event_stream import MayListen
from device.exchange.server.parts import Parts, parts_of
from device.exchange.server.refusal import Refusal, refusals
from device.exchange.server.store import Login, Visitor, digest, new_secret
from device.exchange.wire import (
    ChangePassword,
    Me,
    Sessions,
    SignedIn,
    SignIn,
    TokenAnswer,
    TokenRequest,
    User,
)

COOKIE = "callbox_auth"
MODERATORS = ("person", "unit")
"""Of a call that they have begun. A visitor is a guest there."""

router = APIRouter(
    tags=["accounts"],
    responses=refusals(401, 403, 409, 413, 422, 429),
)
PartsOf = Annotated[Parts, Depends(parts_of)]


async def auth_token(
    authorization: Annotated[str | None, Header()] = None,
    cookie: Annotated[str | None, Cookie(alias=COOKIE)] = None,
    x_callbox: Annotated[str | None, Header()] = None,
) -> str:
    """The auth token of a request, from its header or, with X-Callbox, its cookie; may be empty."""
    if authorization is not None:
        return bearer(authorization)
    # A page of another site can make a browser send the cookie, but not this header.
    return cookie or "" if x_callbox is not None else ""


def bearer(authorization: str | None) -> str:
    """The token in ``Authorization: Bearer TOKEN``; empty where there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


AuthToken = Annotated[str, Depends(auth_token)]


async def whoever(parts: PartsOf, token: AuthToken) -> Login | Visitor:
    """Who asks. Raises Refusal: auth_token_empty, auth_token_refused."""
    if not token:
        raise Refusal("auth_token_empty", "Sign in first.")
    found = await _whose(parts, token)
    if found is None:
        raise Refusal("auth_token_refused", "You are no longer signed in. Sign in again.")
    return found


async def _whose(parts: Parts, token: str) -> Login | Visitor | None:
    found = await parts.store.accounts.signed_in(digest(token), parts.config.wall_s())
    return found or await parts.visits.visitor(token)


Whoever = Annotated[Login | Visitor, Depends(whoever)]


async def still_signed_in(parts: PartsOf, token: AuthToken) -> MayListen:
    """To be asked for as long as something is told to who asks."""

    async def may_listen() -> bool:
        return await _whose(parts, token) is not None

    return may_listen


StillSignedIn = Annotated[MayListen, Depends(still_signed_in)]


async def login(found: Whoever) -> Login:
    """A user's. Raises Refusal: not_permitted, for a visitor."""
    if isinstance(found, Visitor):
        raise Refusal("not_permitted", "A visitor may not do that.")
    return found


LoginOf = Annotated[Login, Depends(login)]


async def signed_in_user(found: LoginOf) -> User:
    return found.account.user


SignedInUser = Annotated[User, Depends(signed_in_user)]


async def user_or_visitor(found: Whoever) -> User:
    """For what visitors may do as well."""
    return found.user if isinstance(found, Visitor) else found.account.user


UserOrVisitor = Annotated[User, Depends(user_or_visitor)]


async def admin(found: LoginOf) -> User:
    """Raises Refusal: not_permitted."""
    if found.account.role != "admin":
        raise Refusal("not_permitted", "Only an admin may do that.")
    return found.account.user


Admin = Annotated[User, Depends(admin)]


def host_of(request: Request) -> str:
    return request.client.host if request.client else ""


@router.post("/sign-in")
async def sign_in(
    body: SignIn,
    request: Request,
    response: Response,
    parts: PartsOf,
    x_callbox: Annotated[str | None, Header()] = None,
) -> SignedIn:
    """Exchange a password for an auth token; a browser (X-Callbox) gets it as a cookie as well."""
    host = host_of(request)
    account = await parts.passwords.fits(body.uid, host, body.password, parts.store)
    if account is None:
        raise Refusal("sign_in_refused", "The name or the password is wrong.")
    lifetime_s, now = parts.config.auth_lifetime_s, int(parts.config.wall_s())
    expires_at = now + lifetime_s
    token = new_secret()
    await parts.store.accounts.add_auth_token(digest(token), body.uid, expires_at, now)
    if x_callbox is not None:
        response.set_cookie(
            COOKIE,
            token,
            max_age=lifetime_s,
            httponly=True,
            samesite="strict",
            secure=parts.config.tls,
            path="/",
        )
    return SignedIn(account.user, token, expires_at)


@router.post("/sign-out", status_code=204)
async def sign_out(response: Response, parts: PartsOf, token: AuthToken) -> None:
    """Forget the auth token: nothing is told to who has it any more. Idempotent."""
    if token:
        async with parts.outbox.batch() as batch:
            await parts.authority.sign_out(batch, digest(token), parts.config.wall_s())
        await parts.visits.sign_out(token)
    response.delete_cookie(COOKIE, path="/")


@router.get("/me")
async def me(found: Whoever) -> Me:
    """Who is signed in, or visits."""
    if isinstance(found, Visitor):
        return Me(found.user, "visitor", found.link.expires_at)
    return Me(found.account.user, found.account.role, found.expires_at)


@router.put("/me/password", status_code=204)
async def change_password(
    body: ChangePassword, request: Request, found: LoginOf, parts: PartsOf, token: AuthToken
) -> None:
    """Choose another password. This sign-in stays good, all others are over; who is in a call stays
    in it."""
    user, role = found.account.user, found.account.role
    if not await parts.passwords.fits(user.uid, host_of(request), body.old, parts.store):
        raise Refusal("password_wrong", "The old password is wrong.")
    account = await parts.passwords.new_account(user, body.new, role)
    now = parts.config.wall_s()
    async with parts.outbox.batch() as batch:
        await whoever(parts, token)  # while the passwords were hashed that may have ended
        await parts.authority.change_own_password(batch, account)
        await parts.store.accounts.add_auth_token(digest(token), user.uid, found.expires_at, now)


@router.get("/sessions")
async def sessions(user: SignedInUser, parts: PartsOf) -> Sessions:
    """The sessions that somebody is in; that of a call for its parties only."""
    items = await parts.rooms.sessions()
    return Sessions(
        [each for each in items if await parts.switchboard.may_see(each.session_id, user.uid)]
    )


@router.post("/tokens")
async def tokens(body: TokenRequest, parts: PartsOf, token: AuthToken) -> TokenAnswer:
    """A call token for one session. An empty session id is refused before a missing sign-in."""
    if not body.session_id:
        raise Refusal("session_id_empty", "Give the session a name.")
    found = await whoever(parts, token)
    if isinstance(found, Visitor):
        user, is_admin = found.user, False
        await parts.visits.check_may_join(body.session_id)
    else:
        user, is_admin = found.account.user, found.account.role == "admin"
    session_id = body.session_id
    await parts.switchboard.check_may_join(session_id, user.uid)
    may_moderate = is_admin or (
        user.kind in MODERATORS and await parts.switchboard.is_initiator(session_id, user.uid)
    )
    generation = await parts.store.accounts.generation(user.uid)
    call_token, expires_at = parts.mint.mint(
        user, session_id, body.single_use, generation, may_moderate
    )
    return TokenAnswer(body.session_id, call_token, expires_at)
