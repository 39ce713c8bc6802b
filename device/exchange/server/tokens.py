"""Call tokens: signed JWTs (RFC 7519) that let one user join one session."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from device.exchange.server.refusal import Refusal
from device.exchange.wire import User

ISSUER = "callbox"
ALGORITHM = "HS256"
_VISITORS = ("publish", "subscribe")
_PLAIN = (*_VISITORS, "record")
GRANTS = (*_PLAIN, "moderate")
MAX_TOKEN_CHARS = 12_288
"""The longest that is made: 512 characters of names and session at 12 bytes each in JSON, 1024 of
avatar, the rest, all times 4/3 for base64."""

_TYPES: dict[str, type | tuple[type, ...]] = {
    "iss": str,
    "sub": str,
    "name": str,
    "avatar": (str, type(None)),
    "kind": str,
    "sid": str,
    "grants": list,
    "nbf": int,
    "exp": int,
    "jti": str,
    "once": bool,
    "gen": int,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    user: User
    session_id: str
    grants: tuple[str, ...]
    expires_at: int
    token_id: str
    single_use: bool
    generation: int
    issued_at: int


class TokenMint:
    """Makes and verifies call tokens with one key. Says nothing about the key in a refusal."""

    def __init__(self, key: bytes, lifetime_s: int, wall_s: Callable[[], float]) -> None:
        self._key = key
        self._lifetime_s = lifetime_s
        self._wall_s = wall_s

    def mint(
        self,
        user: User,
        session_id: str,
        single_use: bool,
        generation: int,
        may_moderate: bool,
    ) -> tuple[str, int]:
        """The token and when it expires (Unix seconds). ``generation``: Accounts.generation."""
        now = int(self._wall_s())
        claims = {
            "iss": ISSUER,
            "sub": user.uid,
            "name": user.name,
            "avatar": user.avatar,
            "kind": user.kind,
            "sid": session_id,
            "grants": list(_grants(user, may_moderate)),
            "nbf": now,
            "exp": now + self._lifetime_s,
            "jti": secrets.token_hex(16),
            "once": single_use,
            "gen": generation,
        }
        return jwt.encode(claims, self._key, ALGORITHM), now + self._lifetime_s

    def verify(self, token: str, session_id: str | None, uid: str | None) -> Claims:
        """The claims of a good token. ``session_id`` and ``uid``, where given, must be the token's.

        Raises Refusal: token_malformed, token_algorithm, token_signature, token_not_yet_valid,
        token_expired, token_wrong_session, token_wrong_user.
        """
        claims = self._decode(token)
        now = self._wall_s()
        if claims["nbf"] > now:
            raise Refusal(
                "token_not_yet_valid", "The call token is not valid yet; check the clock."
            )
        if claims["exp"] <= now:
            raise Refusal("token_expired", "The call token has expired. Ask for a new one.")
        if session_id is not None and session_id != claims["sid"]:
            raise Refusal("token_wrong_session", "The call token is for another session.")
        if uid is not None and uid != claims["sub"]:
            raise Refusal("token_wrong_user", "The call token is for another user.")
        user = User(claims["sub"], claims["name"], claims["avatar"], claims["kind"])
        return Claims(
            user,
            claims["sid"],
            tuple(claims["grants"]),
            claims["exp"],
            claims["jti"],
            claims["once"],
            claims["gen"],
            claims["nbf"],
        )

    def _decode(self, token: str) -> dict[str, Any]:
        malformed = Refusal("token_malformed", "That is not a call token. Ask for a new one.")
        if len(token) > MAX_TOKEN_CHARS:
            raise malformed
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM:
                raise Refusal(
                    "token_algorithm", "The call token is signed in a way not accepted here."
                )
            options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False,
                            "verify_aud": False, "verify_iss": False, "verify_sub": False,
                            "verify_jti": False}  # fmt: skip
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=[ALGORITHM], options=options
            )
        except jwt.InvalidSignatureError:
            raise Refusal(
                "token_signature", "The call token was not signed by this exchange."
            ) from None
        except jwt.PyJWTError:
            raise malformed from None
        except (ValueError, TypeError, RecursionError):
            raise malformed from None
        if not _well_formed(claims):
            raise malformed
        return claims


def _grants(user: User, may_moderate: bool) -> tuple[str, ...]:
    if user.kind == "visitor":
        return _VISITORS
    return GRANTS if may_moderate else _PLAIN


def _well_formed(claims: dict[str, Any]) -> bool:
    for name, kind in _TYPES.items():
        value = claims.get(name, _MISSING)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
            return False
    texts = (
        0 < len(claims["sid"]) <= 128
        and 0 < len(claims["sub"]) <= 128
        and 0 < len(claims["name"]) <= 256
    )
    grants = all(grant in GRANTS for grant in claims["grants"])
    return texts and grants and claims["iss"] == ISSUER and claims["kind"] in _KINDS


_KINDS = ("person", "unit", "visitor")
_MISSING = object()
