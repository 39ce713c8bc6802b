"""What an input does to a phone. Pure: no time but ``now_s``, no I/O."""

from dataclasses import dataclass

from device.phone import commands_on, facts_on
from device.phone.draft import Draft
from device.phone.effects import Effect, Enter, Leave, Play, SetTimer
from device.phone.events import PhoneEvent
from device.phone.inputs import Command, Input
from device.phone.state import PhoneState
from device.phone.table import Phase, Trigger


@dataclass(frozen=True, slots=True)
class Step:
    state: PhoneState
    effects: tuple[Effect, ...]
    events: tuple[PhoneEvent, ...]


def step(state: PhoneState, given: Input, now_s: float) -> Step:
    """The phone after an input. A command that cannot be raises CallError or ExchangeUnreachable, and
    changes nothing; a fact that came too late is passed over."""
    draft = Draft(state, now_s)
    if isinstance(given, Command):
        commands_on.take(draft, given)
    else:
        facts_on.take(draft, given)
    _settle(draft)
    after = draft.state
    return Step(after, (*_follows(state, after), *draft.effects), tuple(draft.events))


def _settle(draft: Draft) -> None:
    if draft.state.phase is Phase.IDLE and draft.state.ringing:
        draft.move(Trigger.RUNG)
    elif draft.state.phase is Phase.RINGING and not draft.state.ringing:
        draft.move(Trigger.STOPPED)


def _follows(before: PhoneState, after: PhoneState) -> list[Effect]:
    """What is a function of the state is done wherever it came from."""
    effects: list[Effect] = []
    if after.tone is not before.tone:
        effects.append(Play(after.tone))
    was_in, is_in = before.phase is Phase.IN_CALL, after.phase is Phase.IN_CALL
    if after.session is not None and after.session != before.session:
        effects.append(Enter(after.session))
    elif was_in and not is_in:
        effects.append(Leave())
    if after.due_at_s != before.due_at_s:
        effects.append(SetTimer(after.due_at_s))
    return effects
