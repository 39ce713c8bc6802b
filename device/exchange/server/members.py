"""The members of sessions, as the database has them."""

from dataclasses import dataclass, field
from typing import Any

from device.exchange.server.store import Store
from device.exchange.wire import RosterItem, State, User


@dataclass(frozen=True, slots=True)
class Member:
    """One user's membership in one session; ``key`` is the hash of its resume secret."""

    key: bytes = field(repr=False)
    session_id: str
    user: User
    seq: int
    state: State
    grants: tuple[str, ...]
    last_event: int

    @property
    def item(self) -> RosterItem:
        return RosterItem(self.user, self.state, self.seq)


_MEMBER = (
    "select hash, session_id, uid, name, avatar, kind, seq, audio_muted, video_paused, grants, "
    "last_event from members "
)


def read_members(store: Store, clause: str, *values: Any) -> list[Member]:
    """Those that fit a clause of SQL."""
    return [_member(row) for row in store.read(_MEMBER + clause, *values)]


def _member(row: tuple[Any, ...]) -> Member:
    key, session_id, uid, name, avatar, kind, seq, muted, paused, grants, last_event = row
    return Member(
        key, session_id, User(uid, name, avatar, kind), seq, State(bool(muted), bool(paused)),
        tuple(grants.split()), last_event,
    )  # fmt: skip
