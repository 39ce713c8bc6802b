"""``callbox exchange add-user`` and its like, beside an exchange that may be running."""

import argparse
import asyncio
import getpass
import sys
from typing import Any

from device.cli.extras import need_exchange
from device.cli.printing import print_json, printable
from device.cli.remote import with_json
from device.errors import ConfigError


def add_to(actions: Any) -> None:
    """Add the commands to those of ``callbox exchange``."""
    person = _add(actions, "add-user", _add_user, "add a person, who signs in in a browser")
    add_names(person)
    person.add_argument(
        "--role",
        choices=("admin", "member"),
        help="an admin looks after people and units (member; with --replace: as before)",
    )
    listing = _add(actions, "list-users", _list_users, "the people and units of the exchange")
    with_json(listing)
    remove = _add(actions, "remove-user", _remove_user, "remove a person or unit at once")
    remove.add_argument("uid", help="the name that they sign in with")
    revoke = _add(
        actions, "revoke", _revoke, "sign a person or unit out everywhere, out of calls too"
    )
    revoke.add_argument("uid", help="the name that they sign in with; they may do so again")
    group = _add(actions, "add-group", _add_group, "add a group, whose members are rung together")
    group.add_argument("group_id", metavar="GROUP", help="its short name")
    group.add_argument("members", nargs="+", metavar="UID", help="who is in it")
    group.add_argument("--name", help="the name that others see (the same)")
    group.add_argument("--replace", action="store_true", help="if there is such a group")
    groups = _add(actions, "list-groups", _list_groups, "the groups and their members")
    with_json(groups)
    ungroup = _add(
        actions, "remove-group", _remove_group, "remove a group, and none of its members"
    )
    ungroup.add_argument("group_id", metavar="GROUP", help="its short name")


def _add(actions: Any, name: str, command: Any, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=words)
    parser.set_defaults(command=command)
    return parser


def add_names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uid", help="the name to sign in with")
    parser.add_argument("--name", help="the name that others see (the same)")
    parser.add_argument(
        "--replace", action="store_true", help="if there is such an account: with another password"
    )


def _add_user(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do
    from device.exchange.wire import User

    user = User(options.uid, options.name or options.uid)
    asyncio.run(
        do.add_accounts(options.data, {user: _ask_password()}, options.role, options.replace)
    )
    print(f"{options.uid} can sign in now.")
    if options.role != "admin" and not asyncio.run(do.has_admin(options.data)):
        print("Nobody is an admin yet: add one with --role admin.")
    return 0


def _ask_password() -> str:
    """From the terminal, twice; or the first line of what is piped in."""
    if not sys.stdin.isatty():
        try:
            given = sys.stdin.buffer.readline().decode()
        except UnicodeDecodeError:
            raise ConfigError("The password is not UTF-8. Nothing was changed.") from None
        return given.rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise ConfigError("The two passwords differ. Nothing was changed.")
    return password


def _list_users(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    users = [
        {"uid": user.uid, "name": user.name, "kind": user.kind, "role": role}
        for user, role in asyncio.run(do.users(options.data))
    ]
    if options.json:
        print_json(users)
        return 0
    width = max((len(user["uid"]) for user in users), default=0)
    for user in users:
        kind = "unit" if user["kind"] == "unit" else user["role"]
        print(f"{printable(user['uid']):{width}}  {kind:6}  {printable(user['name'])}")
    return 0


def _remove_user(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    asyncio.run(do.remove_account(options.data, options.uid))
    print(f"{options.uid} is removed: signed out everywhere, and out of every call.")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    asyncio.run(do.revoke(options.data, options.uid))
    print(
        f"{options.uid} is signed out everywhere, and out of every call. The password is as it was: "
        "with add-user or add-unit and --replace there is a new one."
    )
    return 0


def _add_group(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    name = options.name or options.group_id
    asyncio.run(
        do.add_group(options.data, options.group_id, name, options.members, options.replace)
    )
    print(f"{options.group_id} rings {', '.join(sorted(set(options.members)))}.")
    return 0


def _list_groups(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    groups = asyncio.run(do.groups(options.data))
    if options.json:
        print_json(groups)
        return 0
    width = max((len(group.group_id) for group in groups), default=0)
    for group in groups:
        members = ", ".join(group.members) or "nobody"
        print(f"{printable(group.group_id):{width}}  {printable(group.name)}: {printable(members)}")
    return 0


def _remove_group(options: argparse.Namespace) -> int:
    need_exchange()
    from device.exchange.server import administration as do

    asyncio.run(do.remove_group(options.data, options.group_id))
    print(f"{options.group_id} is removed; its members are as they were.")
    return 0
