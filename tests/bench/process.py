"""What processes cost, from /proc (proc(5))."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Memory:
    """``proportional_bytes`` counts a page that several processes share in parts."""

    resident_bytes: int
    proportional_bytes: int


def cpu_s(process: Path) -> float:
    """Seconds in user and system mode, of all its threads."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def thread_cpu_s(process: Path, thread: int) -> float:
    """Of one thread, by its kernel's number."""
    return cpu_s(process / "task" / str(thread))


def memory(process: Path) -> Memory:
    found = {}
    for line in (process / "smaps_rollup").read_text().splitlines()[1:]:
        name, _, size = line.partition(":")
        found[name] = int(size.split()[0]) * 1024
    return Memory(found["Rss"], found["Pss"])


def descendants(program: str) -> list[Path]:
    """This process' descendants that run a program of such a name."""
    parents = dict(_parents())
    found = []
    for pid in parents:
        above: int | None = pid
        while above is not None and above != os.getpid():
            above = parents.get(above)
        if above is not None and program in _name(PROC / str(pid)):
            found.append(PROC / str(pid))
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for process in PROC.iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended in the meantime
                continue
            yield int(process.name), int(fields[1])


def _name(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().partition(b"\0")[0].decode(errors="replace")
    except OSError:
        return ""
