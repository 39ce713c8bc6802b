"""Whom one can call, in SQLite. See store.protocol.Directory."""

from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.wire import Availability, Contact, GroupItem, User

# Of the parties that are in a live call those who ring are not engaged (ringing.values.Standing).
_CONTACTS = """
select uid, name, avatar, kind,
  (select min(do_not_disturb) from devices where devices.uid = users.uid),
  exists (
    select 1 from parties where parties.uid = users.uid
    and standing in ('calling', 'ringing', 'joined') and standing <> 'ringing')
from users where kind in ('person', 'unit') order by name, uid
"""
_GROUPS = """
select group_id, name, uid from groups left join group_members using (group_id)
order by name, group_id, uid
"""


class SqliteDirectory:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def contacts(self) -> list[Contact]:
        return [
            Contact(User(uid, name, avatar, kind), _availability(wants_peace, bool(is_engaged)))
            for uid, name, avatar, kind, wants_peace, is_engaged in self._db.rows(_CONTACTS)
        ]

    async def groups(self) -> list[GroupItem]:
        found: dict[str, GroupItem] = {}
        for group_id, name, uid in self._db.rows(_GROUPS):
            group = found.setdefault(group_id, GroupItem(group_id, name, []))
            if uid is not None:
                group.members.append(uid)
        return list(found.values())


def _availability(wants_peace: int | None, is_engaged: bool) -> Availability:
    """``wants_peace``: on all devices (1), not on all of them (0); None: there are none."""
    if is_engaged:
        return "in_call"
    if wants_peace is None:
        return "offline"
    return "do_not_disturb" if wants_peace else "reachable"
