"""The guest's tier of the rig: python -m tests.rig.guest [SCENARIO ...]

Standard error has a line for each scenario, standard output one for them all.
"""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing

from tests.rig.guest import scenarios
from tests.rig.guest.machine import Disk

ORDER: tuple[Callable[[Disk], str], ...] = (
    scenarios.drivers,
    scenarios.buttons,
    scenarios.sound,
    scenarios.watchdogs,
    scenarios.power_cuts,
)


def main(names: list[str]) -> int:
    known = {scenario.__name__: scenario for scenario in ORDER}
    if unknown := set(names) - set(known):
        say(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    with closing(Disk()) as disk:
        results = {name: run(known[name], disk) for name in names or known}
    good = [words for words in results.values() if words]
    print(f"{len(good)} of {len(results)}; {'; '.join(good)}")
    return int(len(good) < len(results))


def run(scenario: Callable[[Disk], str], disk: Disk) -> str:
    """What it measured; nothing if it failed."""
    begun_s = time.monotonic()
    try:
        words = scenario(disk)
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
