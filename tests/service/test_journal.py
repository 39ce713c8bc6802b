"""Entries of the journal, read back by its own rules."""

import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from device.service import journal
from device.service.journal import JournalHandler, entry
from tests.service.listening import Datagrams

NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)


def parsed(datagram: bytes) -> dict[str, str]:
    """By systemd.io/JOURNAL_NATIVE_PROTOCOL."""
    fields = {}
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack_from("<Q", rest)
            value, end = rest[8 : 8 + size], rest[8 + size : 9 + size]
            assert end == b"\n"
            rest = rest[9 + size :]
        fields[name.decode()] = value.decode()
        datagram = rest
    return fields


def said_in(datagram: str) -> dict[str, str]:
    return parsed(datagram.encode(errors="surrogateescape"))


@given(st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"))))
def test_every_text_comes_back(fields: dict[str, str]) -> None:
    assert parsed(entry(fields)) == fields


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Datagrams]:
    made = Datagrams(str(tmp_path / "journal"))
    yield made
    made.close()


@pytest.fixture
def logger(listening: Datagrams) -> Iterator[logging.Logger]:
    handler = JournalHandler("callbox", listening.address)
    made = logging.getLogger("callbox.test.journal")
    made.propagate = False
    made.addHandler(handler)
    yield made
    made.removeHandler(handler)
    handler.close()


def test_a_record_has_its_fields(logger: logging.Logger, listening: Datagrams) -> None:
    logger.error("The %s broke", "link", extra={"journal": {"CALLBOX_CODE": "link_broke"}})
    fields = said_in(listening.wait())
    assert fields["MESSAGE"] == "The link broke"
    assert fields["PRIORITY"] == "3"
    assert fields["SYSLOG_IDENTIFIER"] == "callbox"
    assert fields["CALLBOX_LOGGER"] == logger.name
    assert fields["CALLBOX_THREAD"] == "MainThread"
    assert fields["CALLBOX_CODE"] == "link_broke"
    assert fields["CODE_FUNC"] == "test_a_record_has_its_fields"


def test_a_word_for_people_is_a_notice(logger: logging.Logger, listening: Datagrams) -> None:
    handler = next(each for each in logger.handlers if isinstance(each, JournalHandler))
    journal.logger.addHandler(handler)
    try:
        journal.notice("100 % of it")
    finally:
        journal.logger.removeHandler(handler)
    fields = said_in(listening.wait())
    assert (fields["MESSAGE"], fields["PRIORITY"]) == ("100 % of it", "5")


def test_a_traceback_is_one_entry(logger: logging.Logger, listening: Datagrams) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        logger.exception("It broke")
    (message,) = [said_in(said)["MESSAGE"] for said in listening.take()]
    assert message.startswith("It broke\nTraceback")
    assert message.endswith("ValueError: no")


def test_a_huge_record_is_cut(logger: logging.Logger, listening: Datagrams) -> None:
    logger.warning("x" * 10_000_000)
    assert len(said_in(listening.wait())["MESSAGE"]) == journal.MOST_BYTES


def test_a_journal_that_takes_nothing_holds_nobody_up_and_hears_of_it_later(tmp_path: Path) -> None:
    address, told = str(tmp_path / "hung"), 2_000
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as hung:
        hung.bind(address)
        handler = JournalHandler("callbox", address)
        record = logging.LogRecord("x", logging.INFO, "x.py", 1, "x" * 10_000, (), None)
        for _ in range(told):
            handler.handle(record)
        taken = len(taken_by(hung))
        assert 0 < taken < told
        handler.handle(record)
        handler.close()
        _, complaint = taken_by(hung)
    assert parsed(complaint)["MESSAGE"].startswith(f"{told - taken} entries were lost")
    assert parsed(complaint)["PRIORITY"] == "4"


def taken_by(hung: socket.socket) -> list[bytes]:
    taken = []
    with suppress(BlockingIOError):
        while True:
            taken.append(hung.recv(1 << 20))
    return taken


def test_without_a_journal_it_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    handler = JournalHandler("callbox", "/nonexistent/journal")
    handler.handle(logging.LogRecord("x", logging.ERROR, "x.py", 1, "still said", (), None))
    handler.close()
    assert capfd.readouterr().err == "still said\n"


def test_whether_stderr_leads_to_the_journal(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stream:
        there = os.fstat(stream.fileno())
        named = {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino}"}
        assert journal.is_attached(named, stream)
        assert not journal.is_attached({"JOURNAL_STREAM": "1:1"}, stream)
        assert not journal.is_attached({}, stream)
    assert not journal.is_attached(named, stream)
