"""What the board's own readings mean. Pure."""

from device.control.readings import Check, Verdict
from device.doctor.grading import graded
from hal import BoardStatus, Throttling

MIB = 1024 * 1024
HOT_C, TOO_HOT_C = 70.0, 80.0
"""A Raspberry Pi begins to slow down at 80 °C."""
LITTLE_MEMORY, TOO_LITTLE_MEMORY = 128 * MIB, 64 * MIB
UNDER_VOLTAGE = Throttling.UNDER_VOLTAGE, Throttling.UNDER_VOLTAGE_SEEN
SLOWED = (
    Throttling.FREQUENCY_CAPPED | Throttling.THROTTLED | Throttling.SOFT_TEMPERATURE_LIMIT,
    Throttling.FREQUENCY_CAPPED_SEEN
    | Throttling.THROTTLED_SEEN
    | Throttling.SOFT_TEMPERATURE_LIMIT_SEEN,
)
"""Now, and since callbox was started."""
WORN_PERCENT, WORN_OUT_PERCENT = 80, 100

_POWER = "Use the supply made for this board and a short, thick cable."
_COOLING = "Give the board air or a heat sink, and keep it out of the sun."


def check_board(status: BoardStatus) -> list[Check]:
    return [
        Check("board", Verdict.OK, status.model),
        _temperature(status.temperature_c),
        *_throttling(status.throttling),
        _memory(status.memory_available_bytes, status.cma_free_bytes),
        _storage(status.storage_wear_percent),
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


def _throttling(now: Throttling | None) -> list[Check]:
    if now is None:
        return [Check("power", Verdict.SKIPPED, "this board does not say")]
    return [
        _flags("power", now, UNDER_VOLTAGE, "under-voltage", _POWER),
        _flags("throttling", now, SLOWED, "slowed down", f"{_COOLING} {_POWER}"),
    ]


def _flags(
    part: str, now: Throttling, masks: tuple[Throttling, Throttling], word: str, remedy: str
) -> Check:
    if now & masks[0]:
        return Check(part, Verdict.FAILED, f"{word} now", remedy)
    if now & masks[1]:
        return Check(part, Verdict.WARNING, f"{word} since callbox was started", remedy)
    return Check(part, Verdict.OK, f"never {word} while callbox looked")


def _storage(wear_percent: int | None) -> Check:
    if wear_percent is None:
        return Check("storage", Verdict.SKIPPED, "it does not say how worn it is; SD cards do not")
    seen = f"{wear_percent} % of its life is used"
    remedy = "Copy the system to new storage soon; worn storage loses what is written."
    is_bad, is_poor = wear_percent > WORN_OUT_PERCENT, wear_percent > WORN_PERCENT
    return graded("storage", seen, is_bad, is_poor, remedy)


def _memory(available_bytes: int | None, cma_free_bytes: int | None) -> Check:
    if available_bytes is None:
        return Check("memory", Verdict.SKIPPED, "this board does not say")
    seen = f"{available_bytes // MIB} MiB available"
    if cma_free_bytes is not None:  # not graded: what lies in it for a while makes room when asked
        seen += f", {cma_free_bytes // MIB} MiB free for camera and codec (CMA)"
    remedy = (
        "End what else runs here; a picture of 720p wants a board with 512 MiB for callbox alone."
    )
    is_bad, is_poor = available_bytes < TOO_LITTLE_MEMORY, available_bytes < LITTLE_MEMORY
    return graded("memory", seen, is_bad, is_poor, remedy)
