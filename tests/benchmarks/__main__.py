"""Every benchmark in turn: `python -m tests.benchmarks [NAME …]`."""

import subprocess
import sys

NAMES = (
    "collect",
    "ingest",
    "funnel",
    "lake",
    "questions",
    "behaviour",
    "recommendations",
    "training",
    "customers",
    "imports",
    "cold_start",
)


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all of them, each in a process of its own that prints its figures."""
    for name in names:
        if name not in NAMES:
            raise SystemExit(f"no benchmark {name}: there are {', '.join(NAMES)}")
    for name in names or NAMES:
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
