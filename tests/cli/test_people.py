"""The commands for people and groups, as they are typed."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from device.cli.main import main

Typed = Callable[..., tuple[int, str, str]]
PASSWORD = "a long password"


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """Type a command of the exchange: its exit code, what it printed, and what it complained of."""

    def run(*words: str) -> tuple[int, str, str]:
        given = io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode()))
        monkeypatch.setattr("sys.stdin", given)
        code = main(["exchange", "--data", str(tmp_path), *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def users(typed: Typed) -> dict[str, tuple[str, str]]:
    listed = json.loads(typed("list-users", "--json")[1])
    return {each["uid"]: (each["kind"], each["role"]) for each in listed}


def test_a_new_exchange_says_that_it_has_no_admin(typed: Typed) -> None:
    assert typed("list-users") == (0, "", "")
    code, said, _ = typed("add-user", "ana")
    assert (code, "Nobody is an admin yet: add one with --role admin." in said) == (0, True)
    assert "Nobody" not in typed("add-user", "root", "--role", "admin")[1]
    assert "Nobody" not in typed("add-user", "ben")[1]
    assert users(typed) == {
        "ana": ("person", "member"),
        "ben": ("person", "member"),
        "root": ("person", "admin"),
    }
    assert "root  admin   root\n" in typed("list-users")[1]


def test_a_replaced_account_keeps_its_role(typed: Typed) -> None:
    typed("add-user", "root", "--role", "admin")
    assert typed("add-user", "root", "--replace")[0] == 0
    assert users(typed)["root"] == ("person", "admin")
    assert typed("add-user", "root", "--replace", "--role", "member")[0] == 0
    assert users(typed)["root"] == ("person", "member")


def test_who_is_not_there_cannot_be_removed_or_revoked(typed: Typed) -> None:
    typed("add-user", "ana")
    for command in ("revoke", "remove-user"):
        code, _, complaint = typed(command, "nobody")
        assert (code, "There is no user nobody; `list-users` shows" in complaint) == (2, True)
    assert typed("revoke", "ana")[0] == 0
    assert "ana" in users(typed)
    assert typed("remove-user", "ana")[0] == 0
    assert users(typed) == {}


def test_groups_are_of_users(typed: Typed) -> None:
    for uid in ("ana", "ben"):
        typed("add-user", uid)
    code, _, complaint = typed("add-group", "family", "ana", "nobody")
    assert (code, "There is no user nobody" in complaint) == (2, True)
    unseen = typed("add-group", "family", "ana", "--name", " ")
    assert (unseen[0], "A group needs" in unseen[2]) == (2, True)
    assert json.loads(typed("list-groups", "--json")[1]) == []
    code, said, _ = typed("add-group", "family", "ben", "ana", "--name", "The family")
    assert (code, said) == (0, "family rings ana, ben.\n")
    again = typed("add-group", "family", "ana")
    assert (again[0], "--replace changes it" in again[2]) == (2, True)
    assert typed("add-group", "family", "ana", "--replace")[0] == 0
    assert typed("list-groups")[1] == "family  family: ana\n"
    typed("remove-user", "ana")
    assert typed("list-groups")[1] == "family  family: nobody\n"
    assert typed("remove-group", "family")[0] == 0
    gone = typed("remove-group", "family")
    assert (gone[0], "There is no group family" in gone[2]) == (2, True)
