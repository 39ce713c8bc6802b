"""Makes the documents that are drawn from the code, or checks that they are up to date.

python -m tests.house.documents           write docs/conformance.md
python -m tests.house.documents --check   fail when one is stale or a row has no test
"""

import contextlib
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.house.rows import HERE, ROWS

DOCS = Path(__file__).parents[2] / "docs"

HEAD = """# Conformance

Each row of the call session's specification and the tests that hold it. Made from the tests by
`make docs`; CI fails when it is stale, or when a row that is ours has no test.

| row | state | tests |
|---|---|---|
"""


class Collector:
    """A pytest plug-in that notes which test names which row."""

    def __init__(self) -> None:
        self.tests: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for marker in item.iter_markers("spec"):
                for row in marker.args:
                    self.tests[row].add(item.nodeid.split("[")[0])


def collect() -> dict[str, set[str]]:
    collector = Collector()
    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["--collect-only", "--quiet", "tests"], plugins=[collector])
    if code != pytest.ExitCode.OK:
        sys.exit("The tests could not be collected; run pytest --collect-only to see why.")
    return collector.tests


def conformance(tests: dict[str, set[str]]) -> str:
    lines = []
    for row, owner in ROWS.items():
        names = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in sorted(tests[row]))
        lines.append(f"| {row.replace('.', ' · ', 1)} | {owner} | {names} |\n")
    return HEAD + "".join(lines)


def complaints(tests: dict[str, set[str]]) -> list[str]:
    unknown = [
        f"{row}: no such row (tests/house/rows.py)" for row in sorted(set(tests) - set(ROWS))
    ]
    bare = [f"{row}: no test" for row, owner in ROWS.items() if owner == HERE and not tests[row]]
    return unknown + bare


def main() -> None:
    tests = collect()
    problems = complaints(tests)
    target = DOCS / "conformance.md"
    text = conformance(tests)
    if "--check" in sys.argv[1:]:
        if not target.exists() or target.read_text() != text:
            problems.append(f"{target.name} is stale: run `make docs` and commit it")
    else:
        target.write_text(text)
        print(f"wrote {target}")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
