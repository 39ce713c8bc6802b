"""The commands over a real ssh: tests/rig/run ssh

As root, with ssh and a Debian's apt-get. A line a scenario to standard error, and one for them all to
standard output.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable

from tests.rig.ssh.house import MEMBER, STRANGER, House, house, in_own_namespace


class Failed(Exception):
    """A scenario did not go as it must."""


def expect(is_so: bool, what: object) -> None:
    if not is_so:
        raise Failed(str(what))


def status(at: House) -> str:
    """On ssh's terminal a coloured screen; without one, JSON that is whole."""
    shown = at.ssh(MEMBER, "callbox status", terminal=True)
    expect(shown.returncode == 0 and "\x1b[" in shown.stdout, shown)
    expect("in the session" in shown.stdout, shown.stdout)
    plain = at.ssh(MEMBER, "callbox status")
    expect("\x1b" not in plain.stdout, plain.stdout)
    told = json.loads(at.ssh(MEMBER, "callbox status --json").stdout)
    expect(told["call"]["session"] == "hall", told)
    return "one screen in colour, plain in a pipe, JSON"


def stranger(at: House) -> str:
    """Who is not in the group is refused by the kernel, and told which group it takes."""
    for command in ("status", "end", "metrics", "events --follow"):
        refused = at.ssh(STRANGER, f"callbox {command}")
        expect(refused.returncode == 3 and refused.stdout == "", refused)
        expect("group callbox" in refused.stderr, refused.stderr)
    return "a stranger is refused with exit code 3, and told of the group"


def steer(at: House) -> str:
    """What a member says is done in the unit, which runs as another user."""
    for command, key, value in (
        ("mute on", "is_muted", True),
        ("mute off", "is_muted", False),
        ("camera rear", "camera", "rear"),
        ("route earpiece", "route", "earpiece"),
        ("pip on", "is_pip", True),
    ):
        done = at.ssh(MEMBER, f"callbox {command} --json")
        expect(done.returncode == 0 and json.loads(done.stdout)[key] == value, done)
    return "mute, camera, route, pip"


def top(at: House) -> str:
    """Live on ssh's terminal, and ended by its Ctrl-C."""
    with subprocess.Popen(
        at.ssh_command(MEMBER, "callbox top --interval 0.3", terminal=True),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as shown:
        assert shown.stdin is not None
        assert shown.stdout is not None
        seen = b""
        while seen.count(b"of a core") < 3 and (part := shown.stdout.read1()):
            seen += part
        shown.stdin.write(b"\x03")
        shown.stdin.flush()
        seen += shown.stdout.read()
        code = shown.wait(20)
    expect(seen.count(b"of a core") >= 3 and code == 0, (code, seen[-400:]))
    expect(b"encode" in seen, seen[-400:])
    return "drawn three times, ended by Ctrl-C with 0"


def events(at: House) -> str:
    """Followed by one, while another steers; ssh's end ends them."""
    with subprocess.Popen(
        at.ssh_command(MEMBER, "callbox events --follow --json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stderr is not None
        expect("Following" in following.stderr.readline(), "it does not follow")
        began_s = time.monotonic()
        at.ssh(MEMBER, "callbox mute on")
        told = json.loads(following.stdout.readline())
        took_s = time.monotonic() - began_s
        following.terminate()
    expect(told["event"] == "user_muted" and told["details"]["muted"] is True, told)
    return f"a mute by another ssh is told, {took_s:.1f} s after it was typed"


def doctor(at: House) -> str:
    """By a member who may not read the configuration: its remedy is sudo, and the rest is looked at."""
    done = at.ssh(MEMBER, f"callbox doctor --json --config {at.folder}/unit/callbox.toml")
    found = {check["part"]: check for check in json.loads(done.stdout)}
    expect(done.returncode == 1, done)
    expect("sudo" in found["configuration"]["remedy"], found["configuration"])
    expect(found["camera"]["verdict"] == "ok", found)
    return f"{len(found)} parts; what a member may not read is named, with sudo as the remedy"


def end(at: House) -> str:
    """The call ends and begins again."""
    expect(at.ssh(MEMBER, "callbox end").returncode == 0, "the call does not end")
    refused = at.ssh(MEMBER, "callbox mute")
    expect(refused.returncode == 1 and "callbox join" in refused.stderr, refused)
    expect(at.ssh(MEMBER, "callbox join").returncode == 0, "it is not called again")
    return "ended, refused what needs a call, called again"


ORDER: tuple[Callable[[House], str], ...] = (status, stranger, steer, top, events, doctor, end)
TOLD = ("stranger", "events")


def main() -> int:
    in_own_namespace()
    results: dict[str, str] = {}
    with house() as at:
        for scenario in ORDER:
            name = scenario.__name__
            try:
                results[name] = scenario(at)
                say(f"{name:20} {results[name]}")
            except (Failed, AssertionError, subprocess.TimeoutExpired, ValueError) as error:
                say(f"{name:20} FAILED: {error}")
    figures = "".join(f"; {results[name]}" for name in TOLD if name in results)
    print(f"{len(results)} of {len(ORDER)}{figures}")
    return int(len(results) < len(ORDER))


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
