"""The directory as it was read last, and what has changed since when. No I/O."""

import json
from dataclasses import asdict

from device.exchange.wire import Availability, Contact, Directory, GroupItem, Presence, User

News = tuple[str, str]
"""An event's name, and its data as JSON."""


class Board:
    """Every reading that differs from the one before has a number of its own; a watcher needs to
    remember no more than that of the last one it has seen."""

    def __init__(self) -> None:
        self.number = 0
        self._laid_out_in = 0
        """The reading in which more than somebody's availability was another."""
        self._users: list[User] = []
        self._availability: dict[str, Availability] = {}
        self._contacts: dict[str, str] = {}
        """As JSON, by uid, in the directory's order: it is the same for all who look."""
        self._groups: list[GroupItem] = []
        self._changed_in: dict[str, int] = {}
        """Whose availability changed, and in which reading; the latest last."""

    def read(self, now: Directory) -> None:
        """Take what there is now."""
        users = [contact.user for contact in now.contacts]
        changed = [
            contact
            for contact in now.contacts
            if self._availability.get(contact.user.uid) != contact.availability
        ]
        is_laid_out = (users, now.groups) != (self._users, self._groups) or self.number == 0
        if not changed and not is_laid_out:
            return
        self.number += 1
        if is_laid_out:
            self._lay_out(users, now)
        for contact in changed:
            self._change(contact)

    def _lay_out(self, users: list[User], now: Directory) -> None:
        self._laid_out_in = self.number
        self._users, self._groups = users, now.groups
        self._contacts = {each.user.uid: json.dumps(asdict(each)) for each in now.contacts}
        self._availability = {each.user.uid: each.availability for each in now.contacts}
        self._changed_in.clear()

    def _change(self, contact: Contact) -> None:
        uid = contact.user.uid
        self._contacts[uid] = json.dumps(asdict(contact))
        self._availability[uid] = contact.availability
        self._changed_in.pop(uid, None)
        self._changed_in[uid] = self.number

    def directory(self, viewer: str) -> str:
        """A Directory as JSON, without the viewer."""
        contacts = ", ".join(text for uid, text in self._contacts.items() if uid != viewer)
        groups = json.dumps([asdict(group) for group in self._groups])
        return f'{{"contacts": [{contacts}], "groups": {groups}}}'

    def news(self, seen: int, viewer: str) -> list[News]:
        """What a viewer has to be told who has seen everything up to a reading."""
        if seen < self._laid_out_in:
            return [("directory", self.directory(viewer))]
        found: list[News] = []
        for uid, number in reversed(self._changed_in.items()):
            if number <= seen:
                break
            if uid != viewer:
                presence = Presence(uid, self._availability[uid])
                found.append(("presence", json.dumps(asdict(presence))))
        return found[::-1]
