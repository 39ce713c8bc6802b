"""The phone of a unit: its tones, its buttons, its words."""

from collections.abc import Callable

from device.config import Config
from device.exchange.client import ExchangeAccount
from device.phone.events import LineChanged, PhoneEvent
from device.phone.inputs import Dial
from device.phone.phone import Phone
from device.phone.ports import Sessions
from device.phone.pressed import command_for
from device.phone.ringer import Ringer
from device.phone.tone_player import TonePlayer
from device.phone.words import words_of
from device.reporter import Tell
from device.session.call import CallSession
from device.session.gestures import Action
from hal import AudioRouter


class UnitPhone(Phone):
    """``audio`` is the sound card with the tones over it, for the calls."""

    def __init__(
        self,
        config: Config,
        account: ExchangeAccount,
        audio: AudioRouter,
        sessions: Sessions,
        say: Tell,
        show_trouble: Callable[[bool], None],
        on_event: Callable[[PhoneEvent], None],
    ) -> None:
        """``say`` hears in words what ``on_event`` hears."""
        ringing = config.ringing
        self.audio = Ringer(audio, ringing.route, ringing.loudness)
        self._config = config
        self._say = say
        self._show_trouble = show_trouble
        self._tell = on_event
        tones = TonePlayer(self.audio, say)
        super().__init__(account, config.exchange.uid, ringing, sessions, tones, self._on)

    def take(self, action: Action, session: CallSession | None) -> bool:
        """Whether what a button asks for is the phone's. ``session``: the one that is on."""
        command = command_for(action, self.state, self._whom(session))
        if command is not None:
            self.press(command)
        return command is not None

    def _whom(self, session: CallSession | None) -> Dial | None:
        """Whom the call button calls: nobody from a session in which somebody else is."""
        whom = self._config.ringing.whom
        has_company = session is not None and bool(session.snapshot.peers)
        return None if whom is None or has_company else Dial(whom, self._config.call.audio_only)

    def _on(self, event: PhoneEvent) -> None:
        self._tell(event)
        if isinstance(event, LineChanged):
            if self._config.unit.session:
                return  # who is in the session tells of the exchange
            self._show_trouble(not event.is_up)
        self._say(words_of(event))
