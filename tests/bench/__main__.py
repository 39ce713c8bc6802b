"""Runs the benchmarks: ``python -m tests.bench [NAME ...]``. One JSON line each, on standard output."""

import importlib
import json
import pkgutil
import sys

import tests.bench
from tests.bench.bars import is_met


def names() -> list[str]:
    modules = (module.name for module in pkgutil.iter_modules(tests.bench.__path__))
    found = (name.removeprefix("bench_") for name in modules if name.startswith("bench_"))
    return sorted(name.replace("_", "-") for name in found)


def main() -> None:
    wanted = sys.argv[1:] or names()
    unknown = sorted(set(wanted) - set(names()))
    if unknown:
        sys.exit(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(names())}")
    for name in wanted:
        print(f"bench {name} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"tests.bench.bench_{name.replace('-', '_')}")
        for line in module.run():
            print(json.dumps({"bench": name, **line, "met": is_met(line)}), flush=True)


if __name__ == "__main__":
    main()
