"""What the board's own readings mean. Pure."""

from device.control.readings import Check, Verdict
from hal import BoardStatus

MIB = 1024 * 1024
HOT_C, TOO_HOT_C = 70.0, 80.0
"""A Raspberry Pi begins to slow down at 80 °C."""
LITTLE_MEMORY, TOO_LITTLE_MEMORY = 128 * MIB, 64 * MIB
UNDER_VOLTAGE = 1 << 0
SLOWED = 1 << 1 | 1 << 2 | 1 << 3
SINCE_BOOT = 16
"""How far the bits for what has been are above those for what is."""

_POWER = "Use the supply made for this board and a short, thick cable."
_COOLING = "Give the board air or a heat sink, and keep it out of the sun."


def check_board(status: BoardStatus) -> list[Check]:
    return [
        Check("board", Verdict.OK, status.model),
        _temperature(status.temperature_c),
        *_throttling(status.throttled_bits),
        _memory(status.memory_available_bytes),
    ]


def _temperature(degrees_c: float | None) -> Check:
    if degrees_c is None:
        return Check("temperature", Verdict.SKIPPED, "this board does not say")
    seen = f"{degrees_c:.0f} °C"
    if degrees_c >= TOO_HOT_C:
        return Check(
            "temperature", Verdict.FAILED, f"{seen}: the board slows itself down", _COOLING
        )
    if degrees_c >= HOT_C:
        return Check("temperature", Verdict.WARNING, f"{seen}: it slows down at 80 °C", _COOLING)
    return Check("temperature", Verdict.OK, seen)


def _throttling(bits: int | None) -> list[Check]:
    if bits is None:
        return [Check("power", Verdict.SKIPPED, "this board does not say")]
    return [
        _bits("power", bits, UNDER_VOLTAGE, "under-voltage", _POWER),
        _bits("throttling", bits, SLOWED, "slowed down", f"{_COOLING} {_POWER}"),
    ]


def _bits(part: str, bits: int, mask: int, word: str, remedy: str) -> Check:
    if bits & mask:
        return Check(part, Verdict.FAILED, f"{word} now", remedy)
    if bits >> SINCE_BOOT & mask:
        return Check(part, Verdict.WARNING, f"{word} since the last boot", remedy)
    return Check(part, Verdict.OK, f"never {word} since the last boot")


def _memory(available_bytes: int | None) -> Check:
    if available_bytes is None:
        return Check("memory", Verdict.SKIPPED, "this board does not say")
    seen = f"{available_bytes // MIB} MiB available"
    remedy = (
        "End what else runs here; a picture of 720p wants a board with 512 MiB for callbox alone."
    )
    if available_bytes < TOO_LITTLE_MEMORY:
        return Check("memory", Verdict.FAILED, seen, remedy)
    if available_bytes < LITTLE_MEMORY:
        return Check("memory", Verdict.WARNING, seen, remedy)
    return Check("memory", Verdict.OK, seen)
