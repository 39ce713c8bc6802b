"""The guest's tier of the rig: python -m tests.rig.guest [SCENARIO ...]

Standard error has a line for each scenario, standard output one for them all.
"""

import signal
import sys
import time
from collections.abc import Callable

from tests.rig.guest import scenarios

ORDER: tuple[Callable[[], str], ...] = (
    scenarios.drivers,
    scenarios.buttons,
    scenarios.watchdogs,
    scenarios.power_cuts,
)


def main(names: list[str]) -> int:
    known = {scenario.__name__: scenario for scenario in ORDER}
    if unknown := set(names) - set(known):
        say(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    results = {name: run(known[name]) for name in names or known}
    good = [words for words in results.values() if words]
    print(f"{len(good)} of {len(results)}; {'; '.join(good)}")
    return int(len(good) < len(results))


def run(scenario: Callable[[], str]) -> str:
    """What it measured; nothing if it failed."""
    begun_s = time.monotonic()
    try:
        words = scenario()
    except Exception as error:
        say(f"{scenario.__name__:12} FAILED: {error}")
        return ""
    say(f"{scenario.__name__:12} {time.monotonic() - begun_s:4.0f} s  {words}")
    return words


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # So that a machine which is on is cut off, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
