"""What every part of the wire shares: limits, refusals, health."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Len, MaxLen

API = "/api/v1"
KEEPALIVE_S = 5.0
GONE_AFTER_S = 15.0
MAX_BODY_BYTES = 256 * 1024
MAX_SDP_CHARS = 65_536

Uid = Annotated[str, Len(1, 128)]
SessionId = Annotated[str, MaxLen(128)]

CODES = {
    "session_id_empty": 422,
    "auth_token_empty": 401,
    "auth_token_refused": 401,
    "sign_in_refused": 401,
    "too_many_attempts": 429,
    "token_malformed": 401,
    "token_algorithm": 401,
    "token_signature": 401,
    "token_expired": 401,
    "token_not_yet_valid": 401,
    "token_wrong_session": 401,
    "token_wrong_user": 401,
    "token_reused": 401,
    "token_revoked": 401,
    "password_wrong": 403,
    "user_unknown": 404,
    "group_unknown": 404,
    "last_admin": 409,
    "uid_taken": 409,
    "link_refused": 403,
    "link_unknown": 404,
    "pairing_refused": 403,
    "pairing_expired": 403,
    "pairing_used": 403,
    "not_in_session": 403,
    "not_permitted": 403,
    "removed_from_session": 403,
    "peer_not_in_session": 404,
    "session_full": 409,
    "signal_malformed": 422,
    "no_video_request": 409,
    "call_not_found": 404,
    "cursor_invalid": 422,
    "not_in_call": 403,
    "not_caller": 403,
    "not_receiver": 403,
    "own_call": 409,
    "caller_busy": 409,
    "callee_unknown": 404,
    "callee_not_reachable": 409,
    "call_terminated": 409,
    "call_not_started": 409,
    "call_answered": 409,
    "answered_elsewhere": 409,
    "already_in_call": 409,
    "device_unknown": 404,
    "too_many_devices": 409,
    "body_too_large": 413,
    "body_invalid": 422,
    "not_found": 404,
    "method_not_allowed": 405,
    "internal_error": 500,
}
"""Every code a refusal may carry, and its HTTP status."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal: ``code`` for programs, ``message`` for people (says what to do)."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Health:
    status: Literal["ok"]
    version: str
