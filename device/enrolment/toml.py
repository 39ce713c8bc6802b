"""Settings put into a callbox.toml that a person has written, and nothing else of it touched."""

import json
import re
import tomllib
from collections.abc import Mapping

from device.errors import ConfigError

Strings = Mapping[str, Mapping[str, str | None]]
"""By table and key. None: the key is not to be there."""

_NEW = """\
# Made at enrolment.
[unit]

[exchange]

[call]
idle_timeout_s = 0

[hardware]
{hardware}"""
_BOARD = """\
camera = "picamera"  # on the ribbon connector; "webcam": a USB one
audio = "alsa"       # which sound card is which route: docs/sound.md
buttons = "gpio"     # at the pins under [hardware.pins]; "disabled": there are none
"""
_SIMULATED = """\
camera = "simulated"  # a test card
audio = "simulated"   # silence
buttons = "disabled"
"""


def new_config(is_simulated: bool) -> str:
    """A callbox.toml for a unit that has none yet."""
    return _NEW.format(hardware=_SIMULATED if is_simulated else _BOARD)


def merged(text: str, wanted: Strings, name: str) -> str:
    """The text with these keys set, and every other line as it is, comments too. ``name``: the file.

    Raises ConfigError for what is not TOML, and where the keys stand in another way than as lines
    below the heading of their table.
    """
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not TOML: {error}") from error
    lines = text.split("\n")
    for table, values in wanted.items():
        for key, value in values.items():
            lines = _with(lines, table, key, value)
    changed = "\n".join(lines)
    if not _is(changed, _expected(before, wanted)):
        raise ConfigError(
            f"{name} has its settings in a way that cannot be added to. Write each as a line of its "
            "own below [unit] or [exchange]."
        )
    return changed


def _is(text: str, settings: dict[str, object]) -> bool:
    try:
        return tomllib.loads(text) == settings
    except tomllib.TOMLDecodeError:
        return False


def _expected(settings: dict[str, object], wanted: Strings) -> dict[str, object]:
    for table, values in wanted.items():
        there = settings.setdefault(table, {})
        if isinstance(there, dict):
            there.update(values)
            for key in [key for key, value in values.items() if value is None]:
                del there[key]
    return settings


def _with(lines: list[str], table: str, key: str, value: str | None) -> list[str]:
    heading = re.compile(rf"\s*\[\s*{table}\s*\]\s*(#.*)?")
    start = next((at for at, line in enumerate(lines) if heading.fullmatch(line)), None)
    if start is None:
        below = lines[:-1] if lines[-1] == "" else lines
        lines = [*below, *([""] if below else []), f"[{table}]", ""]
        start = len(lines) - 2
    after = range(start + 1, len(lines))
    end = next((at for at in after if re.match(r"\s*\[", lines[at])), len(lines))
    setting = re.compile(rf"""\s*["']?{key}["']?\s*=""")
    found = next((at for at in range(start + 1, end) if setting.match(lines[at])), None)
    new = [] if value is None else [f"{key} = {_string(value)}"]
    at, rest = (found, found + 1) if found is not None else (_last(lines, start, end),) * 2
    return [*lines[:at], *new, *lines[rest:]]


def _string(value: str) -> str:
    """As TOML has it: a JSON string, but for surrogates in pairs and for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _last(lines: list[str], start: int, end: int) -> int:
    """After the last line of a table that is not empty."""
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return end
