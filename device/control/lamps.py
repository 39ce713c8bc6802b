"""The lamps of the unit: what a call, or the lack of one, lights."""

import logging

from device.session.snapshot import Link, Snapshot
from hal import Lamp, Outputs

logger = logging.getLogger(__name__)


def lit(call: Snapshot | None, in_trouble: bool = False) -> frozenset[Lamp]:
    """Of the call that is on, or was last; ``in_trouble``: there is none, though there ought to be.
    ERROR is lit while something that ought to work does not, not for what failed once."""
    if call is None or not call.is_live:
        return frozenset({Lamp.ERROR} if in_trouble else ())
    states = {
        Lamp.IN_CALL: True,
        Lamp.MUTED: call.muted,
        Lamp.RECORDING: call.recording_id is not None,
        Lamp.ERROR: _is_broken(call),
    }
    return frozenset(lamp for lamp, is_lit in states.items() if is_lit)


def _is_broken(call: Snapshot) -> bool:
    return (
        call.exchange_lost_at_s is not None
        or call.camera_failed
        or call.is_without_sound
        or any(peer.link is Link.LOST for peer in call.peers)
    )


class LampPanel:
    """Keeps the unit's lamps as they should be. A lamp that fails is logged and hurts no call."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._call: Snapshot | None = None
        self._in_trouble = False
        self._lit: frozenset[Lamp] = frozenset()

    def show_call(self, call: Snapshot) -> None:
        """A call as it is now."""
        self._call = call
        self._show()

    def show_trouble(self, in_trouble: bool) -> None:
        """Whether the unit is in no call though it ought to be: it tries in vain, or its call broke."""
        self._in_trouble = in_trouble
        self._show()

    def _show(self) -> None:
        wanted = lit(self._call, self._in_trouble)
        try:
            for lamp in wanted ^ self._lit:
                self._outputs.set_lamp(lamp, lamp in wanted)
            self._lit = wanted
        except Exception:  # gpiozero has several errors, lgpio its own
            logger.exception("a lamp cannot be switched")
