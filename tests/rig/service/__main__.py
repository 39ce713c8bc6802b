"""The service's tier of the rig: python -m tests.rig.service [SUITE ...]

As root, with systemd-container and mmdebstrap. Standard error has a line for each scenario, standard
output one for them all.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.rig.service import installation, scenarios
from tests.rig.service.machine import Machine

SUITES = ("bookworm", "trixie")
ORDER: tuple[Callable[[Machine], str], ...] = (
    installation.install,
    installation.verify,
    scenarios.first_boot,
    scenarios.call,
    scenarios.logging,
    scenarios.kill_9,
    scenarios.hang,
    scenarios.hung_camera,
    installation.again,
    scenarios.wrong_configuration,
    scenarios.explained_failure,
    installation.upgrade,
    scenarios.read_only,
    scenarios.last_resort,
    installation.board,
    installation.uninstall,
)
TOLD = ("install", "verify", "kill_9", "hang", "hung_camera")
"""Scenarios whose figures are in the line for all."""


def main(suites: list[str]) -> int:
    # Side by side: most of their time they wait for a watchdog or a next try.
    with ThreadPoolExecutor() as threads:
        found = dict(zip(suites or SUITES, threads.map(run, suites or SUITES), strict=True))
    lines = []
    for suite, results in found.items():
        figures = "".join(f"; {results[name]}" for name in TOLD if name in results)
        lines.append(f"{suite}: {len(results)} of {len(ORDER)}{figures}")
    print(". ".join(lines))
    return int(any(len(results) < len(ORDER) for results in found.values()))


def run(suite: str) -> dict[str, str]:
    """What each scenario measured, up to the first that failed."""
    results: dict[str, str] = {}
    machine = Machine(suite)
    try:
        for scenario in ORDER:
            name = scenario.__name__
            results[name] = scenario(machine)
            say(f"{suite} {name:20} {results[name]}")
    except Exception as error:
        say(f"{suite} {name:20} FAILED: {error}")
        if machine.is_running:
            say(machine.run("journalctl -q --no-pager -n 60", check=False))
    finally:
        machine.close()
    return results


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
