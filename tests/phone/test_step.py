"""The phone's step: each story by hand, and any input in any order."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from device.errors import CallboxError, CallError, CallInProgress, ExchangeUnreachable, NotInSession
from device.phone import effects, events, inputs
from device.phone.inputs import Input, Standing
from device.phone.settings import RingingTable
from device.phone.state import CALLING_GRACE_S, PhoneState
from device.phone.step import Step, step
from device.phone.table import TABLE, Phase, Trigger, mermaid, move
from device.phone.values import Farewell, Goodbye, PhoneCall, Stop, Tone, Whom
from device.session.transitions import IllegalTransition
from device.session.values import EndReason

DOC = Path(__file__).parents[2] / "docs" / "ringing.md"
IN = PhoneCall("in", "ana", "Ana", False, False, False)
IN2 = PhoneCall("in2", "ben", "Ben", False, False, True)
OUT = PhoneCall("out", "ana", "Ana", False, True, False)
OUT2 = PhoneCall("out2", "ben", "Ben", False, True, False)
DIAL = inputs.Dial(Whom("ana"), False)
DIAL2 = inputs.Dial(Whom("ben"), False)
UP = inputs.LineCame((), None, Standing.OUT)
LOST = ("exchange_unreachable", "The exchange cannot be reached.", True)
RING_S = 45.0


class Story:
    """A phone to which one thing after another happens, and what became of it."""

    def __init__(self, **settings: object) -> None:
        self.state = PhoneState(RingingTable(**settings))  # type: ignore[arg-type]
        self.now_s = 100.0
        self.last: Step
        self.told: list[events.PhoneEvent] = []
        self.tone: Tone | None = None
        self.session: PhoneCall | None = None
        self.due_at_s: float | None = None

    def then(self, *given: Input) -> "Story":
        for each in given:
            self.last = step(self.state, each, self.now_s)
            self.state = self.last.state
            self.told += self.last.events
            for effect in self.last.effects:
                self._see(effect)
        return self

    def wait(self, by_s: float) -> "Story":
        """The timer is the only one there is, and fires when it is due."""
        until_s = self.now_s + by_s
        fired: Counter[float] = Counter()
        while self.due_at_s is not None and self.due_at_s <= until_s:
            self.now_s = max(self.now_s, self.due_at_s)
            self.then(inputs.TimerFired())
            fired[self.now_s] += 1
            assert fired[self.now_s] < 4, "it fires for ever"
        self.now_s = until_s
        return self

    def does(self, kind: type[effects.Effect]) -> list[effects.Effect]:
        return [effect for effect in self.last.effects if isinstance(effect, kind)]

    def _see(self, effect: effects.Effect) -> None:
        match effect:
            case effects.Play(tone=tone):
                assert tone is not self.tone
                self.tone = tone
            case effects.Enter(call=call):
                self.session = call
            case effects.Leave():
                self.session = None
            case effects.SetTimer(at_s=at_s):
                self.due_at_s = at_s


def test_the_diagram_in_the_documents_is_the_tables() -> None:
    assert f"```mermaid\n{mermaid()}\n```" in DOC.read_text()


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("trigger", Trigger)
def test_a_move_without_a_row_is_refused(phase: Phase, trigger: Trigger) -> None:
    if trigger in TABLE[phase]:
        assert move(phase, trigger) is TABLE[phase][trigger]
    else:
        with pytest.raises(IllegalTransition):
            move(phase, trigger)


def test_it_is_rung_and_answers() -> None:
    phone = Story().then(UP, inputs.Rung(IN))
    assert (phone.state.phase, phone.tone) == (Phase.RINGING, Tone.INCOMING)
    phone.then(inputs.PickUp())
    assert phone.tone is None
    assert phone.does(effects.Accept) == [effects.Accept("in")]
    phone.then(inputs.Answered(IN))
    assert (phone.state.phase, phone.session) == (Phase.IN_CALL, IN)
    phone.then(inputs.SessionOver("in", EndReason.LOCAL_END))
    assert (phone.state.phase, phone.session) == (Phase.IDLE, None)
    assert phone.does(effects.SayGoodbye) == [effects.SayGoodbye(Goodbye("in", Farewell.END))]


@pytest.mark.parametrize("how", [Stop.CANCELLED, Stop.ANSWERED_ELSEWHERE, Stop.UNANSWERED])
def test_it_stops_when_the_exchange_says_so(how: Stop) -> None:
    phone = Story().then(UP, inputs.Rung(IN), inputs.Stopped(IN, how))
    assert (phone.state.phase, phone.tone) == (Phase.IDLE, None)
    assert phone.told[-1] == events.RingingStopped(IN, how)


@pytest.mark.parametrize("lost", [(), (inputs.LineWent("gone"),)])
def test_it_never_rings_for_longer_than_its_time(lost: tuple[Input, ...]) -> None:
    phone = Story().then(UP, inputs.Rung(IN), *lost).wait(RING_S - 0.1)
    assert phone.tone is Tone.INCOMING
    phone.wait(0.2)
    assert phone.tone is None
    assert phone.told[-1] == events.RingingStopped(IN, Stop.TIMED_OUT)


def test_a_call_that_nobody_speaks_of_is_given_up() -> None:
    out = inputs.Initiated(OUT, Standing.CALLING, None)
    phone = Story().then(UP, DIAL, out, inputs.LineWent("gone"))
    assert phone.tone is Tone.RINGBACK
    phone.wait(RING_S + CALLING_GRACE_S)
    assert phone.tone is None
    assert phone.state.left == (Goodbye("out", Farewell.CANCEL),)


def test_what_the_exchange_has_not_heard_is_told_again() -> None:
    goodbye = Goodbye("in", Farewell.REJECT)
    phone = Story().then(UP, inputs.Rung(IN), inputs.Refuse())
    failed = inputs.Failed(effects.SayGoodbye(goodbye), *LOST)
    phone.then(failed).wait(1.0)
    assert phone.does(effects.SayGoodbye) == [effects.SayGoodbye(goodbye)]
    phone.then(failed, replace(UP, ringing=(IN,)))
    assert phone.tone is None, "rejected is rejected"
    phone.then(inputs.Heard(effects.SayGoodbye(goodbye)))
    assert phone.state.left == ()
    assert phone.due_at_s is None


def test_a_cancel_that_came_too_late_ends_the_call() -> None:
    phone = Story().then(UP, DIAL, inputs.Initiated(OUT, Standing.CALLING, None), inputs.HangUp())
    (said,) = phone.does(effects.SayGoodbye)
    phone.then(inputs.Failed(said, "call_answered", "Too late.", False))
    assert phone.state.left == (Goodbye("out", Farewell.END),)


def test_hanging_up_before_the_exchange_has_answered_cancels_then() -> None:
    phone = Story().then(UP, DIAL, inputs.HangUp())
    phone.then(inputs.Initiated(OUT, Standing.CALLING, None))
    assert phone.state.left == (Goodbye("out", Farewell.CANCEL),)
    assert phone.tone is None


def test_whom_one_calls_next_is_rung_once_the_first_is_not() -> None:
    """The exchange would ring the first one, and refuse the second: the caller is in a call."""
    phone = Story().then(UP, DIAL, inputs.HangUp(), DIAL2)
    assert phone.does(effects.Initiate) == []
    phone.then(inputs.Initiated(OUT, Standing.CALLING, None))
    cancel = Goodbye("out", Farewell.CANCEL)
    wish = effects.Initiate(DIAL2.whom, False)
    assert [e for e in phone.last.effects if isinstance(e, effects.Asking)] == [
        effects.SayGoodbye(cancel),
        wish,
    ]
    assert phone.tone is None
    phone.then(inputs.Initiated(OUT2, Standing.CALLING, None))
    assert (phone.state.call, phone.tone) == (OUT2, Tone.RINGBACK)


def test_a_refusal_of_the_first_is_none_of_the_second() -> None:
    phone = Story().then(UP, DIAL, inputs.HangUp(), DIAL2)
    phone.then(inputs.Failed(effects.Initiate(DIAL.whom, False), "callee_unknown", "No.", False))
    assert phone.state.phase is Phase.CALLING
    assert phone.does(effects.Initiate) == [effects.Initiate(DIAL2.whom, False)]


def test_a_lost_answer_to_a_wish_clears_whatever_came_of_it() -> None:
    phone = Story().then(UP, DIAL, inputs.Failed(effects.Initiate(DIAL.whom, False), *LOST))
    assert phone.state.left == (Goodbye("", Farewell.CLEAR),)
    phone.then(DIAL)
    assert phone.state.left == (), "it would clear the new call"


def test_news_may_overtake_the_answer() -> None:
    phone = Story().then(UP, DIAL, inputs.Accepted(OUT))
    assert phone.session == OUT
    phone.then(inputs.Initiated(OUT, Standing.CALLING, None))
    assert (phone.state.phase, phone.session, phone.state.left) == (Phase.IN_CALL, OUT, ())
    phone = Story().then(UP, DIAL, inputs.Stopped(OUT, Stop.BUSY))
    assert phone.state.phase is Phase.IDLE


def test_crossed_calls_are_one() -> None:
    phone = Story().then(UP, DIAL, inputs.Rung(IN), inputs.Initiated(IN, Standing.JOINED, None))
    assert (phone.session, phone.state.ringing, phone.tone) == (IN, (), None)


def test_it_answers_by_itself() -> None:
    phone = Story(auto_answer=True, auto_answer_after_s=2.0).then(UP, inputs.Rung(IN)).wait(1.9)
    assert phone.state.phase is Phase.RINGING
    phone.wait(0.2)
    assert phone.does(effects.Accept) == [effects.Accept("in")]
    phone.then(inputs.Failed(effects.Accept("in"), *LOST)).wait(10.0)
    assert phone.tone is Tone.INCOMING, "it rings on, and tries again once the line is back"
    phone.then(inputs.LineReturned()).wait(0.0)
    assert phone.state.phase is Phase.ANSWERING


def test_not_disturbed_it_is_silent_and_does_not_answer_by_itself() -> None:
    phone = Story(auto_answer=True, do_not_disturb="22:00-07:00")
    phone.then(inputs.TimeOfDay(23 * 60), UP, inputs.Rung(IN)).wait(20.0)
    assert (phone.tone, phone.state.phase) == (None, Phase.RINGING)
    phone.then(inputs.SetDoNotDisturb(False)).wait(0.0)
    assert phone.state.phase is Phase.ANSWERING


def test_hours_switch_at_their_bounds_and_a_person_in_between() -> None:
    phone = Story(do_not_disturb="22:00-07:00").then(inputs.TimeOfDay(12 * 60))
    phone.then(inputs.SetDoNotDisturb(True), inputs.TimeOfDay(13 * 60))
    assert phone.state.do_not_disturb
    phone.then(inputs.TimeOfDay(22 * 60), inputs.SetDoNotDisturb(False), inputs.TimeOfDay(0))
    assert not phone.state.do_not_disturb
    phone.then(inputs.TimeOfDay(7 * 60 - 1), inputs.SetDoNotDisturb(True))
    assert phone.does(effects.PublishDoNotDisturb) == [effects.PublishDoNotDisturb(True)]
    assert not phone.then(inputs.TimeOfDay(7 * 60)).state.do_not_disturb


@pytest.mark.parametrize(
    ("came", "phase"),
    [
        (inputs.LineCame((), IN, Standing.JOINED), Phase.IN_CALL),
        (inputs.LineCame((), OUT, Standing.CALLING), Phase.CALLING),
        (inputs.LineCame((IN,), None, Standing.OUT), Phase.RINGING),
    ],
)
def test_after_a_restart_it_goes_on(came: inputs.LineCame, phase: Phase) -> None:
    assert Story().then(came).state.phase is phase


def test_a_session_that_broke_is_joined_again_until_the_exchange_says_it_is_over() -> None:
    phone = Story().then(UP, inputs.Rung(IN), inputs.PickUp(), inputs.Answered(IN))
    phone.then(inputs.SessionOver("in", EndReason.CONNECTION_LOST)).wait(1.0)
    assert phone.does(effects.Enter) == [effects.Enter(IN)]
    phone.then(inputs.SessionFailed("in", "No network.", False), inputs.LineReturned())
    assert phone.does(effects.Enter) == [effects.Enter(IN)]
    phone.then(inputs.Stopped(IN, Stop.ENDED))
    assert (phone.state.phase, phone.session) == (Phase.IDLE, None)


def test_a_call_that_is_gone_when_the_line_comes_is_over() -> None:
    phone = Story().then(UP, inputs.Rung(IN), inputs.PickUp(), inputs.Answered(IN), UP)
    assert (phone.state.phase, phone.session) == (Phase.IDLE, None)
    phone = Story().then(UP, inputs.Rung(IN), UP)
    assert phone.told[-1] == events.RingingStopped(IN, Stop.GONE)


@pytest.mark.parametrize(
    ("before", "command", "error"),
    [
        ((UP, inputs.Rung(IN)), DIAL, CallInProgress),
        ((UP, DIAL), DIAL, CallInProgress),
        ((), DIAL, ExchangeUnreachable),
        ((UP,), inputs.PickUp(), CallError),
        ((UP,), inputs.Refuse(), CallError),
        ((UP,), inputs.HangUp(), NotInSession),
    ],
)
def test_a_command_that_cannot_be_is_refused(
    before: tuple[Input, ...], command: Input, error: type[CallboxError]
) -> None:
    phone = Story().then(*before)
    with pytest.raises(error):
        phone.then(command)


CALLS = [IN, IN2, OUT, OUT2]
CALL = st.sampled_from(CALLS)
COMMANDS = [
    DIAL, DIAL2, inputs.PickUp(), inputs.Refuse(), inputs.HangUp(), inputs.SetDoNotDisturb(True),
    inputs.SetDoNotDisturb(False),
]  # fmt: skip
FACTS: st.SearchStrategy[Input] = st.one_of(
    st.sampled_from([inputs.LineReturned(), inputs.LineWent("gone"), inputs.TimerFired()]),
    st.builds(
        inputs.LineCame,
        st.lists(st.sampled_from([IN, IN2]), unique=True).map(tuple),
        st.none() | CALL,
        st.sampled_from([Standing.CALLING, Standing.JOINED]),
    ),
    st.builds(inputs.Rung, st.sampled_from([IN, IN2])),
    st.builds(inputs.Accepted, CALL),
    st.builds(inputs.Stopped, CALL, st.sampled_from(Stop)),
    st.builds(inputs.SessionOver, CALL.map(lambda c: c.session_id), st.sampled_from(EndReason)),
    st.builds(inputs.SessionFailed, CALL.map(lambda c: c.session_id), st.just(""), st.booleans()),
    st.builds(inputs.TimeOfDay, st.integers(0, 1439)),
)
OUTCOMES = st.sampled_from(["done", "lost", "call_answered", "call_not_started", "call_terminated"])
MOMENTS = st.one_of(
    st.tuples(st.sampled_from(COMMANDS), st.just(0.0)),
    st.tuples(FACTS, st.sampled_from([0.0, 0.5, 5.0, 50.0])),
    st.tuples(OUTCOMES, st.just(0.0)),
)


def outcome(effect: effects.Asking, how: str) -> Input:
    if how != "done":
        return inputs.Failed(effect, how, "No.", how == "lost")
    match effect:
        case effects.Initiate(whom=whom):
            call = OUT if whom == DIAL.whom else OUT2
            return inputs.Initiated(call, Standing.CALLING, None)
        case effects.Accept(session_id=session_id):
            return inputs.Answered(next(c for c in CALLS if c.session_id == session_id))
    return inputs.Heard(effect)


@settings(max_examples=1000, deadline=None)
@given(st.lists(MOMENTS, max_size=25), st.booleans(), st.sampled_from(["", "22:00-07:00"]))
def test_whatever_happens_nothing_is_left_ringing(
    moments: list[tuple[Input | str, float]], auto_answer: bool, hours: str
) -> None:
    phone = Story(auto_answer=auto_answer, do_not_disturb=hours)
    asked: list[effects.Asking] = []
    for given_, pause_s in moments:
        phone.wait(pause_s)
        if isinstance(given_, str):
            if not asked:
                continue
            given_ = outcome(asked.pop(0), given_)
        try:
            phone.then(given_)
        except (CallError, ExchangeUnreachable):
            assert isinstance(given_, inputs.Command)
            continue
        asked += [e for e in phone.last.effects if isinstance(e, effects.Asking)]
        assert sum(isinstance(each, effects.Initiate) for each in asked) <= 1
        holds(phone)
    phone.then(inputs.LineWent("gone"))
    phone.wait(RING_S + CALLING_GRACE_S)
    holds(phone)
    assert phone.tone is None
    assert phone.state.ringing == ()
    assert phone.state.phase in (Phase.IDLE, Phase.ANSWERING, Phase.IN_CALL)


def holds(phone: Story) -> None:
    """What was wanted of the world is what the state says."""
    state = phone.state
    assert phone.tone is state.tone
    assert phone.due_at_s == state.due_at_s
    assert (phone.session is not None) == (state.phase is Phase.IN_CALL)
    assert (state.call is not None) == (state.phase not in (Phase.IDLE, Phase.RINGING))
    assert bool(state.ringing) == (state.phase is Phase.RINGING) or state.call is not None
