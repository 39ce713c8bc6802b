"""The table of ringing calls, without I/O: every row, and any order of actions."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from device.exchange.server.refusal import Refusal
from device.exchange.server.ringing import actions as do
from device.exchange.server.ringing.step import Rules, begin, due_at, step
from device.exchange.server.ringing.values import Call, News, Party, Standing, Status, Tell

RULES = Rules(ring_for_s=45, rejoin_within_s=60)
STOPS = (
    News.ANSWERED_ELSEWHERE,
    News.CANCELLED,
    News.UNANSWERED,
    News.ENDED,
)
"""After one of these nothing rings."""


def call_to(*receivers: str, busy: tuple[str, ...] = ()) -> Call:
    kind = "user" if len(receivers) == 1 else "group"
    caller = Party("door", Standing.CALLING, "door-1")
    rung = tuple(
        Party(uid, Standing.BUSY if uid in busy else Standing.RINGING) for uid in receivers
    )
    return Call("s", "video", kind, "x", Status.INITIATED, 0.0, (caller, *rung))


def after(call: Call, *actions: do.Action, now: float = 1.0) -> tuple[Call, tuple[Tell, ...]]:
    told: tuple[Tell, ...] = ()
    for action in actions:
        call, told = step(call, action, now, RULES)
    return call, told


ANSWER = do.Accept("ana", "ana-1")
JOIN = do.Accept("ben", "ben-1")
ONE, MANY = call_to("ana"), call_to("ana", "ben")


@pytest.mark.parametrize(
    ("call", "actions", "status", "told"),
    [
        (ONE, [ANSWER], Status.ONGOING,
         {Tell("door", News.ACCEPTED, "door-1"),
          Tell("ana", News.ANSWERED_ELSEWHERE, but="ana-1")}),
        (ONE, [do.Reject("ana", "ana-1", "rejected")], Status.REJECTED,
         {Tell("door", News.REJECTED, "door-1"),
          Tell("ana", News.ANSWERED_ELSEWHERE, but="ana-1")}),
        (ONE, [do.Reject("ana", "ana-1", "busy")], Status.BUSY,
         {Tell("door", News.BUSY, "door-1"),
          Tell("ana", News.ANSWERED_ELSEWHERE, but="ana-1")}),
        (ONE, [do.Cancel("door")], Status.CANCELLED, {Tell("ana", News.CANCELLED)}),
        (ONE, [do.Vanish("door", "door-1")], Status.CANCELLED, {Tell("ana", News.CANCELLED)}),
        (ONE, [do.Vanish("ana", "ana-1")], Status.INITIATED, set()),
        (ONE, [ANSWER, do.End("ana")], Status.ENDED, {Tell("door", News.ENDED, "door-1")}),
        (ONE, [ANSWER, do.End("door")], Status.ENDED, {Tell("ana", News.ENDED, "ana-1")}),
        (ONE, [ANSWER, ANSWER], Status.ONGOING, set()),
        (MANY, [ANSWER], Status.ONGOING,
         {Tell("door", News.ACCEPTED, "door-1"),
          Tell("ana", News.ANSWERED_ELSEWHERE, but="ana-1")}),
        (MANY, [ANSWER, do.Accept("ben", "ben-1")], Status.ONGOING,
         {Tell("door", News.ACCEPTED, "door-1"), Tell("ana", News.ACCEPTED, "ana-1"),
          Tell("ben", News.ANSWERED_ELSEWHERE, but="ben-1")}),
        (MANY, [ANSWER, do.Accept("ben", "ben-1"), do.End("door")], Status.ONGOING,
         {Tell("ana", News.LEFT, "ana-1"), Tell("ben", News.LEFT, "ben-1")}),
        (MANY, [ANSWER, do.End("door")], Status.ENDED,
         {Tell("ana", News.ENDED, "ana-1"), Tell("ben", News.ENDED)}),
        (MANY, [ANSWER, do.Accept("ben", "ben-1"), do.Remove("ana")], Status.ONGOING,
         {Tell("door", News.LEFT, "door-1"), Tell("ben", News.LEFT, "ben-1"),
          Tell("ana", News.ENDED, "ana-1")}),
        (ONE, [ANSWER, do.Remove("ana")], Status.ENDED,
         {Tell("door", News.ENDED, "door-1"), Tell("ana", News.ENDED, "ana-1")}),
        (MANY, [ANSWER, do.EndForAll("door")], Status.ENDED,
         {Tell("ana", News.ENDED, "ana-1"), Tell("ben", News.ENDED)}),
        (MANY, [JOIN, do.EndForAll("ana")], Status.ENDED,
         {Tell("door", News.ENDED, "door-1"), Tell("ben", News.ENDED, "ben-1"),
          Tell("ana", News.ENDED)}),
        (MANY, [ANSWER, do.Remove("ben")], Status.ONGOING, set()),
        (MANY, [do.Reject("ana", "ana-1", "rejected")], Status.INITIATED,
         {Tell("ana", News.ANSWERED_ELSEWHERE, but="ana-1")}),
        (MANY, [do.Reject("ana", "a", "busy"), do.Reject("ben", "b", "busy")], Status.BUSY,
         {Tell("door", News.BUSY, "door-1"), Tell("ben", News.ANSWERED_ELSEWHERE, but="b")}),
        (MANY, [do.Reject("ana", "a", "busy"), do.Reject("ben", "b", "rejected")],
         Status.REJECTED,
         {Tell("door", News.REJECTED, "door-1"), Tell("ben", News.ANSWERED_ELSEWHERE, but="b")}),
        (MANY, [ANSWER, do.Reject("ben", "b", "rejected")], Status.ONGOING,
         {Tell("ben", News.ANSWERED_ELSEWHERE, but="b")}),
        (MANY, [ANSWER, do.Reject("ben", "b", "rejected"), do.Accept("ben", "b")], Status.ONGOING,
         {Tell("door", News.ACCEPTED, "door-1"), Tell("ana", News.ACCEPTED, "ana-1")}),
    ],
)  # fmt: skip
def test_each_row_leads_where_it_says_and_tells_those_concerned(
    call: Call, actions: list[do.Action], status: Status, told: set[Tell]
) -> None:
    ended, news = after(call, *actions)
    assert (ended.status, set(news), len(news)) == (status, told, len(told))


@pytest.mark.parametrize(
    ("call", "actions", "code"),
    [
        (ONE, [do.Cancel("door"), ANSWER], "call_terminated"),
        (ONE, [do.Cancel("door"), do.Cancel("door")], "call_terminated"),
        (ONE, [do.End("door")], "call_not_started"),
        (ONE, [do.End("ana")], "call_not_started"),
        (MANY, [ANSWER, do.End("ben")], "call_not_started"),
        (ONE, [ANSWER, do.Cancel("door")], "call_answered"),
        (ONE, [ANSWER, do.Reject("ana", "ana-1", "rejected")], "call_answered"),
        (ONE, [ANSWER, do.Accept("ana", "ana-2")], "answered_elsewhere"),
        (ONE, [ANSWER, do.Reject("ana", "ana-2", "rejected")], "answered_elsewhere"),
        (ONE, [do.Accept("eve", "eve-1")], "not_in_call"),
        (ONE, [do.Reject("eve", "eve-1", "busy")], "not_in_call"),
        (ONE, [do.Cancel("eve")], "not_in_call"),
        (ONE, [ANSWER, do.End("eve")], "not_in_call"),
        (ONE, [do.EndForAll("door")], "call_not_started"),
        (MANY, [ANSWER, do.EndForAll("eve")], "not_in_call"),
        (MANY, [ANSWER, JOIN, do.Remove("ana"), ANSWER], "removed_from_session"),
        (MANY, [ANSWER, JOIN, do.End("ana"), do.Remove("ana"), ANSWER], "removed_from_session"),
        (ONE, [do.Accept("door", "door-1")], "not_receiver"),
        (ONE, [do.Cancel("ana")], "not_caller"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code_of_its_own(
    call: Call, actions: list[do.Action], code: str
) -> None:
    *before, last = actions
    ready = after(call, *before)[0] if before else call
    with pytest.raises(Refusal) as refused:
        after(ready, last)
    assert refused.value.code == code


def test_a_call_that_nobody_answers_ends_for_all_of_them() -> None:
    assert due_at(ONE, RULES) == 45
    assert after(ONE, do.Due(), now=44.9) == (ONE, ())
    ended, news = after(ONE, do.Due(), now=45)
    assert ended.status is Status.UNANSWERED
    assert set(news) == {Tell("ana", News.UNANSWERED), Tell("door", News.UNANSWERED, "door-1")}


def test_in_a_group_who_does_not_answer_stops_ringing_while_the_call_goes_on() -> None:
    ongoing, _ = after(MANY, ANSWER, do.Enter("ana"), do.Enter("door"))
    later, news = after(ongoing, do.Due(), now=45)
    assert (later.status, news) == (Status.ONGOING, (Tell("ben", News.UNANSWERED),))
    assert due_at(later, RULES) is None
    joined, _ = after(later, do.Accept("ben", "ben-1"), now=100)
    assert [party.standing for party in joined.parties] == 3 * [Standing.JOINED]


def test_who_is_away_from_the_session_for_too_long_has_left() -> None:
    ongoing, _ = after(ONE, ANSWER, do.Enter("ana"), do.Enter("door"))
    lost, _ = after(ongoing, do.Lose("door"), now=100)
    assert due_at(lost, RULES) == 160
    assert after(lost, do.Enter("door"), now=130)[0] == ongoing
    ended, news = after(lost, do.Due(), now=160)
    assert ended.status is Status.ENDED
    assert set(news) == {Tell("ana", News.ENDED, "ana-1"), Tell("door", News.ENDED, "door-1")}


def test_a_call_to_people_who_are_all_busy_is_busy_at_once() -> None:
    busy, news = begin(call_to("ana", "ben", busy=("ana", "ben")), 3.0)
    assert (busy.status, busy.ended_at, news) == (Status.BUSY, 3.0, ())
    ringing, news = begin(call_to("ana", "ben", busy=("ana",)), 3.0)
    assert (ringing.status, news) == (Status.INITIATED, (Tell("ben", News.INCOMING),))


UIDS = ("door", "ana", "ben", "eve")
who = st.sampled_from(UIDS)
device = st.sampled_from("12").map(lambda number: f"dev-{number}")
actions = st.one_of(
    st.builds(do.Accept, who, device),
    st.builds(do.Reject, who, device, st.sampled_from(["rejected", "busy"])),
    st.builds(do.Cancel, who),
    st.builds(do.End, who),
    st.builds(do.Enter, who),
    st.builds(do.Lose, who),
    st.builds(do.Remove, who),
    st.builds(do.EndForAll, who),
    st.builds(do.Vanish, who, st.sampled_from(["door-1", "dev-1"])),
    st.builds(do.Due),
)


def check(call: Call) -> None:
    """What holds of a call at every moment."""
    engaged = call.standing(Standing.CALLING, Standing.JOINED)
    ringing = call.standing(Standing.RINGING)
    if call.status is Status.INITIATED:
        assert engaged == (call.initiator,)
        assert ringing
    elif call.status is Status.ONGOING:
        assert len(engaged) >= 2
        assert all(party.standing is Standing.JOINED for party in engaged)
    else:
        assert not engaged
        assert not ringing
        assert call.ended_at is not None


@settings(max_examples=1000)
@given(
    st.sampled_from([ONE, MANY, call_to("ana", "ben", "eve")]),
    st.lists(st.tuples(actions, st.floats(0, 30)), max_size=20),
)
def test_in_any_order_nothing_is_left_ringing_and_each_is_told_once(
    call: Call, happened: list[tuple[do.Action, float]]
) -> None:
    now = 0.0
    call, news = begin(call, now)
    told = list(news)
    for action, later_s in happened:
        now += later_s
        before = call
        try:
            call, news = step(call, action, now, RULES)
        except Refusal:
            news = ()
        if not before.status.is_live:
            assert (call, news) == (before, ())
        check(call)
        told += news
    # Then everybody's network is gone for good, and only time passes.
    for party in call.parties if call.status is Status.ONGOING else ():
        call, _ = step(call, do.Lose(party.uid), now, RULES)
    while (when := due_at(call, RULES)) is not None:
        call, news = step(call, do.Due(), max(now, when), RULES)
        check(call)
        told += news
    assert not call.status.is_live
    _check_told(call, told)


def _check_told(call: Call, told: list[Tell]) -> None:
    """Who was rung hears once that it is over; the caller hears once how it went."""
    for party in call.parties[1:]:
        rung = [tell.news for tell in told if tell.uid == party.uid and tell.device is None]
        stops = [news for news in rung if news in STOPS]
        assert rung[:1] == [News.INCOMING]
        assert len(stops) == 1, rung
    counts = Counter(tell.news for tell in told if tell.uid == call.initiator.uid)
    outcomes = (News.REJECTED, News.BUSY, News.UNANSWERED, News.ENDED)
    assert sum(counts[news] for news in outcomes) <= 1, counts


def test_a_party_is_replaced_by_its_uid() -> None:
    ana = Party("ana", Standing.JOINED)
    assert call_to("ana", "ben").with_party(ana).party("ana") == ana
    assert replace(MANY, status=Status.ENDED).status.is_live is False
