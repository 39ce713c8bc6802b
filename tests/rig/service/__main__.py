"""The service's tier of the rig: python -m tests.rig.service [SUITE]

As root, with systemd-container and mmdebstrap. One line a scenario, and one for them all.
"""

import sys
import time
from collections.abc import Callable

from tests.rig.service import scenarios
from tests.rig.service.machine import Machine

SUITES = ("bookworm", "trixie")
ORDER: tuple[Callable[[Machine], str], ...] = (
    scenarios.install,
    scenarios.verify,
    scenarios.first_boot,
    scenarios.call,
    scenarios.logging,
    scenarios.kill_9,
    scenarios.hang,
    scenarios.again,
    scenarios.wrong_configuration,
    scenarios.upgrade,
    scenarios.read_only,
    scenarios.uninstall,
    scenarios.last_resort,
)


def main(arguments: list[str]) -> int:
    suites = [suite for suite in SUITES if suite in arguments] or list(SUITES[:1])
    return max(run(suite) for suite in suites)


def run(suite: str) -> int:
    begun_s = time.monotonic()
    good = 0
    machine = Machine(suite)
    try:
        for scenario in ORDER:
            print(f"  {scenario.__name__:20} {scenario(machine)}", flush=True)
            good += 1
    except Exception as error:
        print(f"  {scenario.__name__:20} FAILED: {error}", flush=True)
        if machine.is_running:
            print(machine.run("journalctl -q --no-pager -n 60"), flush=True)
    finally:
        machine.close()
    total = len(ORDER)
    word = "ok" if good == total else "FAILED"
    took_s = time.monotonic() - begun_s
    print(f"rig service ({suite}): {word}, {good} of {total} in {took_s:.0f} s", flush=True)
    return int(good != total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
