"""From a reading and two limits to a verdict."""

from device.control.readings import Check, Verdict


def graded(part: str, seen: str, is_bad: bool, is_poor: bool, remedy: str) -> Check:
    """FAILED where it is bad, WARNING where it is only poor; ``remedy`` for both."""
    if is_bad:
        return Check(part, Verdict.FAILED, seen, remedy)
    if is_poor:
        return Check(part, Verdict.WARNING, seen, remedy)
    return Check(part, Verdict.OK, seen)
