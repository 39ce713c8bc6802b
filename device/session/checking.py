"""Checks the fields of a settings dataclass against their types."""

from dataclasses import fields
from typing import get_type_hints

from device.errors import InvalidSettings


def check_types(settings: object, passed_over: tuple[str, ...] = ()) -> None:
    """Raises InvalidSettings for the first field whose value is not of its annotated type."""
    hints = get_type_hints(type(settings))
    for spec in fields(settings):  # type: ignore[arg-type]
        if spec.name not in passed_over:
            _check(spec.name, getattr(settings, spec.name), hints[spec.name])


def _check(name: str, value: object, hint: object) -> None:
    allowed = getattr(hint, "__args__", (hint,))
    if float in allowed:
        allowed = (*allowed, int)
    # A bool is an int in Python; for a person who set a number it is a mistake.
    mistaken = isinstance(value, bool) and bool not in allowed
    if mistaken or not isinstance(value, allowed):
        names = " or ".join(kind.__name__ for kind in allowed if kind is not type(None))
        raise InvalidSettings(name, f"must be {names}, not {type(value).__name__}")
