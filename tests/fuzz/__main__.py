"""The long run: `python -m tests.fuzz [--inputs N] [--seed N]` on every core; ends with 1 when anything was wrong."""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.local.shared import addresses_shared_with
from tests.fuzz.judge import Tally
from tests.fuzz.parts import PARTS, run_alone
from tests.fuzz.world import a_world

PROCESSES = os.cpu_count() or 1
INPUTS = 100_000
SHOWN = 2_000


def main() -> int:
    """Shares the inputs between the cores and prints what became of them; returns 1 when anything was wrong."""
    arguments = _arguments()
    console = Console(width=140)
    console.print(f"{arguments.inputs:,} inputs in {PROCESSES} processes, seed {arguments.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = addresses_shared_with(os.getpid(), Path(folder) / "parts.json")
        with a_world(parts, "fuzz"):  # what the processes share is made once
            tallies = _together(parts, arguments.inputs, arguments.seed, console)
    _show(console, tallies, time.monotonic() - started)
    return 1 if any(tally.findings for tally in tallies) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help="how many in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the same seed, the same inputs")
    return parser.parse_args()


def _together(parts: Mapping[str, str], inputs: int, seed: int, console: Console) -> list[Tally]:
    tallies = {name: Tally(part.what) for name, part in PARTS.items()}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        work = [
            pool.submit(run_alone, dict(parts), name, inputs // PROCESSES, seed * PROCESSES + process)
            for name in PARTS
            for process in range(PROCESSES)
        ]
        for done in as_completed(work):
            name, tally = done.result()
            tallies[name].add(tally)
            console.print(f"{tally.inputs:,} {tally.part}: {len(tally.findings)} kinds of wrong answers")
    return list(tallies.values())


def _show(console: Console, tallies: list[Tally], seconds: float) -> None:
    table = Table("part", "inputs", "outcomes", "ms each", "slowest ms", "MB", "wrong", title_justify="left")
    for tally in tallies:
        outcomes = ", ".join(f"{count:,}× {outcome}" for outcome, count in tally.outcomes.most_common())
        each = f"{tally.seconds / max(tally.inputs, 1) * 1000:.1f}"
        wrong = sum(finding.times for finding in tally.findings.values())
        slowest, megabytes = f"{tally.slowest[0] * 1000:,.0f}", f"{tally.megabytes:,.0f}"
        table.add_row(tally.part, f"{tally.inputs:,}", outcomes, each, slowest, megabytes, str(wrong))
    console.print(table)
    for tally in tallies:
        console.print(f"slowest of {tally.part}: {tally.slowest[1]}", markup=False, highlight=False)
        for finding in tally.findings.values():
            text = f"{finding.times}× {finding.what}\n    {finding.shortest[:SHOWN]}"
            console.print(text, markup=False, highlight=False)
    console.print(f"{sum(tally.inputs for tally in tallies):,} inputs in {seconds:,.0f} s")


if __name__ == "__main__":
    sys.exit(main())
