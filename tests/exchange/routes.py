"""Who may use which route of the exchange: a line for each. test_authorisation.py holds them to it.

Door and Ana are in a call; Eve has an account and devices as they have, and is in no way a part of it.
"""

from dataclasses import dataclass
from typing import Any

SERVED = "served"


@dataclass(frozen=True)
class Needs:
    """``carries``: what goes as a bearer; what who brings ``nothing``, or something ``forged``, gets."""

    carries: str
    nothing: str
    forged: str


NOTHING = Needs("auth_token", SERVED, SERVED)
ACCOUNT = Needs("auth_token", "auth_token_empty", "auth_token_refused")
ADMIN = Needs("auth_token", "auth_token_empty", "auth_token_refused")
MEMBERSHIP = Needs("membership", "not_in_session", "not_in_session")
CALL_TOKEN = Needs("auth_token", "token_malformed", "token_malformed")
"""In the body: a bearer makes no difference."""
PAIRING_CODE = Needs("auth_token", "pairing_refused", "pairing_refused")
"""In the body, here a wrong one."""
LINK = Needs("auth_token", "link_refused", "link_refused")
"""In the body, here a wrong one."""
OWN_MEMBERSHIP = Needs("membership", SERVED, SERVED)
"""Whose is over is served as well: there is nothing to be done."""


@dataclass(frozen=True)
class Row:
    """What ``ana`` and ``eve`` get, SERVED or the code of a refusal; and Fay of an ADMIN's route.

    In ``body`` {call} is the call of Door and Ana, {uid} and {call_token} are of who asks.
    """

    needs: Needs
    body: Any = None
    ana: str = SERVED
    eve: str = SERVED
    fay: str = SERVED


def admin(body: Any = None, fay: str = SERVED) -> Row:
    """Of a route for admins only."""
    return Row(ADMIN, body, ana="not_permitted", eve="not_permitted", fay=fay)


MODERATORS = Row(MEMBERSHIP, ana="not_permitted", eve="not_permitted")
"""Door has begun the call; test_moderation.py shows that it may."""
PATH = {
    "session_id": "{call}", "device_id": "one", "uid": "door", "group_id": "staff", "link_id": "none"
}  # fmt: skip
"""What stands in a path."""
ONE = {"device_id": "one"}
SIGNAL = {"to": "door", "link": "l", "kind": "restart", "body": ""}
JOIN = {"token": "{call_token}", "session_id": "{call}"}
RING = {"receiver": "ben", "device_id": "one"}
WRONG = {"code": "AAAAA-AAAAA", "attempt": "sixteen or longer"}
OWN_LINK = {
    "receiver_type": "user", "receiver": "{uid}", "name": "Parcels", "expires_at": 1_700_001_000
}  # fmt: skip
VISIT = {"secret": "a wrong one", "name": "Bob"}
GUESSED = "too_many_attempts"
"""After those who brought nothing, from the same address."""
WRONG_PASSWORD = "password_wrong"
PASSWORDS = {"old": "a wrong one, long", "new": "a new one, long enough"}
MUTED = {"audio_muted": True, "video_paused": True}

ROUTES = {
    "GET /health": Row(NOTHING),
    "POST /sign-in": Row(NOTHING, {"uid": "{uid}", "password": "correct horse"}),
    "POST /sign-out": Row(NOTHING),
    "GET /me": Row(ACCOUNT),
    "GET /sessions": Row(ACCOUNT),
    "POST /tokens": Row(ACCOUNT, {"session_id": "{call}"}, eve="not_in_call"),
    "POST /join": Row(CALL_TOKEN, JOIN, eve="token_wrong_session"),
    "GET /session/events": Row(MEMBERSHIP),
    "POST /session/signals": Row(MEMBERSHIP, SIGNAL, eve="peer_not_in_session"),
    "PUT /session/state": Row(MEMBERSHIP, MUTED),
    "POST /session/video": Row(MEMBERSHIP, {"action": "request"}),
    "POST /session/leave": Row(OWN_MEMBERSHIP),
    "POST /session/members/{uid}/mute": MODERATORS,
    "DELETE /session/members/{uid}": MODERATORS,
    "POST /session/end": MODERATORS,
    "PUT /devices/{device_id}": Row(ACCOUNT),
    "PUT /devices/{device_id}/do-not-disturb": Row(ACCOUNT, {"on": True}, eve="device_unknown"),
    "GET /directory": Row(ACCOUNT),
    "GET /directory/events": Row(ACCOUNT),
    "PUT /me/password": Row(ACCOUNT, PASSWORDS, ana=WRONG_PASSWORD, eve=WRONG_PASSWORD),
    "GET /people": admin(),
    "PUT /people/{uid}": admin({"name": "The door"}),
    "POST /people/{uid}/revoke": admin(),
    "DELETE /people/{uid}": admin(),
    "GET /groups": admin(),
    "DELETE /groups/{group_id}": admin(fay="group_unknown"),
    "PUT /groups/{group_id}": admin({"name": "Staff", "members": ["ana"]}),
    "POST /pairings": admin({"uid": "garage", "name": "Garage"}),
    "POST /pairings/redeem": Row(PAIRING_CODE, WRONG, ana=GUESSED, eve=GUESSED),
    "POST /links": Row(ACCOUNT, OWN_LINK),
    "GET /links": Row(ACCOUNT),
    "DELETE /links/{link_id}": Row(ACCOUNT, ana="link_unknown", eve="link_unknown"),
    "POST /visit": Row(LINK, VISIT, ana="link_refused", eve="link_refused"),
    "GET /devices/{device_id}/events": Row(ACCOUNT, eve="device_unknown"),
    "POST /calls": Row(ACCOUNT, RING, ana="caller_busy", eve="device_unknown"),
    "GET /calls": Row(ACCOUNT),
    "GET /calls/active": Row(ACCOUNT),
    "DELETE /calls/active": Row(ACCOUNT),
    "GET /calls/{session_id}": Row(ACCOUNT, eve="not_in_call"),
    "POST /calls/{session_id}/accept": Row(ACCOUNT, ONE, eve="not_in_call"),
    "POST /calls/{session_id}/reject": Row(ACCOUNT, ONE, ana="call_answered", eve="not_in_call"),
    "POST /calls/{session_id}/cancel": Row(ACCOUNT, ana="call_answered", eve="not_in_call"),
    "POST /calls/{session_id}/end": Row(ACCOUNT, eve="not_in_call"),
}  # fmt: skip
"""By method and path, below /api/v1."""

PAGES = {"/", "/sw.js", "/docs", "/openapi.json", "/web"}
"""Everything outside /api/v1: for everybody, and the same for everybody."""
