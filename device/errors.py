"""Everything that can go wrong above the hardware, as one tree.

    CallboxError
    ├── ConfigError                a setting of callbox.toml; names file, key and remedy
    ├── CallError                  the caller asked for what cannot be
    │   ├── InvalidSettings        a field of CallSettings; nothing was opened
    │   ├── CallInProgress         a second start while a session is live
    │   ├── NotInSession           a method without a live session
    │   ├── AudioModeUnavailable   the route asked for is not there
    │   ├── NotPermitted           the token does not grant it
    │   └── NotAvailable           this unit cannot do it (says why)
    ├── ExchangeError              the exchange refused or could not be reached; has its code
    │   ├── ExchangeUnreachable    no answer, refused connection, wrong certificate
    │   └── TokenRefused           the call token or the credentials were refused
    ├── MediaError                 a link to a peer could not be made or broke
    └── ControlError               a running unit refused what was asked over its socket; has its code
        └── UnitUnreachable        no unit runs, or this user may not speak to it
            └── UnitSilent         one is there, and does not answer

Hardware has its own tree in :mod:`hal.errors`. ``code`` is stable across releases and is what
``on_error`` carries; the message is for a person and says what to do.
"""


class CallboxError(Exception):
    """Root of the tree."""

    code = "error"


class ConfigError(CallboxError):
    code = "config_invalid"


class CallError(CallboxError):
    code = "call_error"


class InvalidSettings(CallError):
    """``field`` is the name of the offending field of CallSettings."""

    code = "settings_invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class CallInProgress(CallError):
    code = "call_in_progress"


class NotInSession(CallError):
    code = "not_in_session"


class AudioModeUnavailable(CallError):
    code = "audio_mode_unavailable"


class NotPermitted(CallError):
    code = "not_permitted"


class NotAvailable(CallError):
    code = "not_available"


class ExchangeError(CallboxError):
    """The exchange said no. ``code`` is the exchange's own word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ExchangeUnreachable(ExchangeError):
    def __init__(self, message: str) -> None:
        super().__init__("exchange_unreachable", message)


class TokenRefused(ExchangeError):
    """Codes: token_malformed, token_signature, token_algorithm, token_expired, token_not_yet_valid,
    token_wrong_session, token_wrong_user, token_reused, auth_token_empty, auth_token_refused,
    session_id_empty, exchange_not_configured."""


class MediaError(CallboxError):
    code = "media_error"


class ControlError(CallboxError):
    """``code`` is the unit's word for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UnitUnreachable(ControlError):
    """``may_run``: there is one, perhaps, that this user may not speak to."""

    def __init__(self, message: str, may_run: bool = False) -> None:
        super().__init__("unit_unreachable", message)
        self.may_run = may_run


class UnitSilent(UnitUnreachable):
    """It has taken the connection, and has said nothing in time or hung up."""

    def __init__(self, message: str) -> None:
        super().__init__(message, may_run=True)
