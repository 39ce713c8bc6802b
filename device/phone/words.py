"""What a phone tells, for a person."""

from device.phone.events import (
    CallConnected,
    DoNotDisturbChanged,
    IncomingCall,
    LineChanged,
    OutgoingCall,
    PhoneCallOver,
    PhoneError,
    PhoneEvent,
    RingingStopped,
)
from device.phone.values import Stop

_STOPS = {
    Stop.ANSWERED_ELSEWHERE: "answered elsewhere",
    Stop.REJECTED: "nobody wanted to answer",
    Stop.BUSY: "busy",
    Stop.CANCELLED: "the caller gave up",
    Stop.UNANSWERED: "nobody answered",
    Stop.ENDED: "ended there",
    Stop.TIMED_OUT: "nobody answered in time",
    Stop.HUNG_UP: "ended here",
    Stop.FAILED: "it failed",
    Stop.GONE: "it was over when the exchange could be reached again",
}


def words_of(event: PhoneEvent) -> str:
    match event:
        case IncomingCall(call=call):
            return f"{call.name} rings."
        case OutgoingCall(call=call):
            return f"Ringing {call.name}."
        case CallConnected(call=call):
            return f"In a call with {call.name}."
        case RingingStopped(call=call, how=how):
            return f"{call.name} rings no more: {_STOPS[how]}."
        case PhoneCallOver(call=call, how=how, message=message):
            return f"The call with {call.name} is over: {_STOPS[how]}. {message}".strip()
        case DoNotDisturbChanged(on=on):
            return "The unit does not ring now." if on else "The unit rings again."
        case LineChanged(is_up=is_up, message=message):
            return "The exchange can be reached." if is_up else message
        case PhoneError(message=message):
            return message
