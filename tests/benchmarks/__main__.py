"""Every benchmark in turn: `python -m tests.benchmarks [NAME …]`."""

import sys
from importlib import import_module

from tests.benchmarks.rows import show

NAMES = ("collect", "ingest", "funnel", "imports", "cold_start")


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all of them, and print each one's figures as soon as they are there."""
    for name in names or NAMES:
        if name not in NAMES:
            raise SystemExit(f"no benchmark {name}: there are {', '.join(NAMES)}")
        show(name, import_module(f"tests.benchmarks.{name}").run())


if __name__ == "__main__":
    main(sys.argv[1:])
