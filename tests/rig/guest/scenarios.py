"""What has to hold on real kernel drivers. Each gives what it measured, and raises Failed otherwise."""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.rig.guest.machine import Disk, Failed, Guest, booted

PYTHON = "cd /rig && LG_WD=/run /opt/callbox/current/bin/python -m tests.rig.guest.inside"
DOOR_LINE = "cat /sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio26/value"
SEEN = "cat /run/seen 2>/dev/null || echo 0"
CONFIGURATION = "cd /etc/callbox && sha256sum callbox.toml exchange.pem"
STATE = """cd /var/lib/callbox-exchange && /opt/callbox/current/bin/python -c '
import sqlite3
data = sqlite3.connect("file:exchange.db?mode=ro", uri=True)
print(*data.execute("pragma integrity_check").fetchone())'
"""
PRESS_P95_MS = 100.0
CALL_WITHIN_S = 400.0
"""Three Pythons that start at once, emulated."""
NOTICED_WITHIN_S = 10.0
"""A second on a board."""
WATCHDOG_WITHIN_S = 60.0
HUNG_WITHIN_S = 300.0
POWER_CUTS = int(os.environ.get("RIG_POWER_CUTS", "3"))


def expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise Failed(what)


@contextmanager
def on_a_bench(disk: Disk) -> Iterator[Guest]:
    """Booted without callbox and its exchange; the same for each scenario."""
    if "bench" in disk.states:
        with booted(disk, state="bench") as guest:
            yield guest
        return
    with booted(disk, has_units=False) as guest:
        guest.wait("systemctl is-active rig-board", lambda said: said == "active", 60)
        guest.save("bench")
        yield guest


@contextmanager
def in_a_call(disk: Disk) -> Iterator[Guest]:
    """Booted, and the far end has seen a picture; the same for each scenario."""
    if "call" in disk.states:
        with booted(disk, state="call") as guest:
            wait_call(guest)
            yield guest
        return
    with booted(disk) as guest:
        wait_call(guest)
        guest.save("call")
        yield guest


def wait_call(guest: Guest, within_s: float = CALL_WITHIN_S) -> float:
    """Until the far end sees a picture that the unit takes from now on."""
    since_ms = int(guest.run("date +%s%3N"))
    try:
        return guest.wait(SEEN, lambda said: int(said) > since_ms, within_s, every_s=1.0)
    except Failed as error:
        units = guest.run(
            "systemctl --no-pager -n 40 status callbox callbox-exchange far-end", check=False
        )
        raise Failed(f"{error}\n{units}") from None


def drivers(disk: Disk) -> str:
    """All modules are there: what is missing is a failure."""
    with on_a_bench(disk) as guest:
        guest.run("modprobe -a snd-aloop gpio-sim i6300esb")
        guest.run("test -c /dev/watchdog -a -c /dev/gpiochip0")
        cards = guest.run("cat /proc/asound/cards")
        expect("Loopback" in cards, cards)
        boot_s = guest.boot_s
    return f"gpio-sim, snd-aloop, i6300esb; up after {boot_s:.0f} s"


def buttons(disk: Disk) -> str:
    """Presses reach the session, bounces count once, lamps and relay are read back."""
    with on_a_bench(disk) as guest:
        said = guest.run(f"{PYTHON}.gpio", 300)
        seen = json.loads(said.splitlines()[-1])
        door = door_of_the_killed(guest)
    expect(seen["p95_ms"] < PRESS_P95_MS, f"p95 under {PRESS_P95_MS:.0f} ms: {said}")
    expect(seen["bounces"] == 1, f"bounces count once: {said}")
    expect(1.0 <= seen["open_s"] < 2.0, f"the door is open for a second: {said}")
    expect(seen["lit_at_the_end"] == [], f"no lamp is lit after the call: {said}")
    return f"press to event median {seen['median_ms']:.0f} ms, p95 {seen['p95_ms']:.0f} ms; {door}"


def door_of_the_killed(guest: Guest) -> str:
    """Whoever opened the door, and then died or hung: it is shut."""

    def open_door(arguments: str) -> None:
        guest.run("systemctl reset-failed opener; systemctl stop opener", check=False)
        guest.run(
            "systemd-run -q --collect --unit=opener -p KillMode=process"
            " -p StandardOutput=truncate:/run/said"
            f" bash -c '{PYTHON}.door {arguments}'"
        )
        guest.wait("cat /run/said", lambda said: "open" in said, 120)
        expect(guest.run(DOOR_LINE) == "1", "the door is open")

    def kill(name: str) -> None:
        guest.run(f"systemctl kill --kill-who=main -s {name} opener")

    open_door("0 unguarded")
    kill("KILL")
    time.sleep(2)
    expect(guest.run(DOOR_LINE) == "1", "a freed line keeps its level here, as on a Raspberry Pi")
    open_door("50")
    kill("KILL")
    killed_s = guest.wait(DOOR_LINE, lambda said: said == "0", 10)
    open_door("5")
    kill("STOP")
    hung_s = guest.wait(DOOR_LINE, lambda said: said == "0", 30)
    kill("KILL")
    open_door("50")
    guest.run("pkill -KILL -f '[h]al.outputs.keeper'")
    lone_s = guest.wait(DOOR_LINE, lambda said: said == "0", 60)
    return (
        f"door shut {killed_s:.1f} s after kill -9, {hung_s:.1f} s after a hang with 5 s left, "
        f"{lone_s:.1f} s after its keeper was killed"
    )


def sound(disk: Disk) -> str:
    """Tones both ways; the card is taken away in mid-call, and comes back."""
    with on_a_bench(disk) as guest:
        said = guest.run(f"{PYTHON}.sound", 300)
    seen = json.loads(said.splitlines()[-1])
    for hertz in (seen["before_hz"], seen["after_hz"]):
        expect(abs(hertz[0] - 440) < 2 and abs(hertz[1] - 1000) < 2, f"440 and 1000 Hz: {said}")
    expect(seen["gone_s"] < NOTICED_WITHIN_S, f"its going is noticed: {said}")
    return f"tones both ways, before and after an unplugging noticed in {seen['gone_s']:.1f} s"


def watchdogs(disk: Disk) -> str:
    """A hung unit is killed and comes back; a hung kernel is reset, and all comes back."""
    with in_a_call(disk) as guest:
        before = guest.run("systemctl show --property=MainPID --value callbox")
        guest.run("systemctl kill --kill-who=main -s STOP callbox")
        hung_s = wait_call(guest, HUNG_WITHIN_S)
        expect(
            guest.run("systemctl show --property=MainPID --value callbox") != before,
            "another process",
        )
        said = guest.run("journalctl -q -o cat -u callbox -n 200")
        expect("Watchdog timeout" in said, f"the watchdog did it: {said}")
        guest.run("nohup sh -c 'sleep 1; echo c >/proc/sysrq-trigger' >/dev/null 2>&1 &")
        begun_s = time.monotonic()
        told = guest.wait_off(WATCHDOG_WITHIN_S)
        reset_s = time.monotonic() - begun_s
        expect("WATCHDOG" in told, f"the hardware watchdog did it: {told}")
    with booted(disk) as guest:
        wait_call(guest)
    return (
        f"WatchdogSec: in the call again after {hung_s:.0f} s; hardware watchdog: a crashed kernel "
        f"reset after {reset_s:.0f} s, then in the call"
    )


def power_cuts(disk: Disk) -> str:
    """In mid-call; then in the call again, configuration and state whole."""
    chance = random.Random(4)
    took_s = []
    with in_a_call(disk) as guest:
        configuration = guest.run(CONFIGURATION)
        time.sleep(chance.uniform(0, 5))
    for number in range(1, POWER_CUTS + 1):
        with booted(disk) as guest:
            call_s = wait_call(guest)
            took_s.append(guest.boot_s + call_s)
            figures = f"up after {guest.boot_s:.0f} s, in the call {call_s:.0f} s later"
            print(f"power cut {number}: {figures}", file=sys.stderr, flush=True)
            expect(guest.run(CONFIGURATION) == configuration, f"the configuration, cut {number}")
            state = guest.run(STATE)
            expect(state == "ok", f"the exchange's state, cut {number}: {state}")
            time.sleep(chance.uniform(0, 5))
    return (
        f"{len(took_s)} of {POWER_CUTS} power cuts, in the call {max(took_s):.0f} s after the worst"
    )
