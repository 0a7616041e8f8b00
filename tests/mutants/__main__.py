"""The long run: one line of a fold or a guard changed at a time, and whether a test notices."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local.shared import addresses_shared_with
from tests.mutants.benches import PROCESSES, Benches
from tests.mutants.modules import TESTS
from tests.mutants.trial import ROOT, Mutant, Outcome

MAKER = ROOT / ".venv-mutants" / "bin" / "python"
MOST = 100
OUTCOMES: tuple[Outcome, ...] = ("killed", "survived", "timed out")


def main(arguments: list[str]) -> int:
    """Tries the mutants on every core and prints those that no test noticed; returns 0."""
    asked = _parsed(arguments)
    console = Console(width=160, highlight=False, emoji=False, markup=False)
    made = {path: _made(path) for path in asked.modules}
    chosen = [mutant for mutants in made.values() for mutant in _some(mutants, asked.most, asked.seed)]
    random.Random(asked.seed).shuffle(chosen)
    console.print(
        f"{len(chosen):,} mutants in {PROCESSES} processes, at most {asked.most} of a module, seed {asked.seed}"
    )
    started = time.monotonic()
    outcomes, survivors = _tried(chosen, console)
    console.print(_table(made, outcomes))
    for mutant in sorted(survivors, key=lambda each: (each.path, each.line)):
        console.print(f"{mutant.path}:{mutant.line}\n  - {mutant.before}\n  + {mutant.after}")
    console.print(f"{len(survivors):,} of {len(chosen):,} survived, in {time.monotonic() - started:,.0f} s")
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", help="files of tests/mutants/modules.py (default: all)")
    parser.add_argument("--most", type=int, default=MOST, help="of a module with more, so many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the same seed, the same mutants")
    asked = parser.parse_args(arguments)
    unknown = [path for path in asked.modules if path not in TESTS]
    if unknown:
        parser.error(f"tests/mutants/modules.py has no tests of {', '.join(unknown)}")
    asked.modules = asked.modules or list(TESTS)
    return asked


def _made(path: str) -> list[Mutant]:
    made = subprocess.run([MAKER, "-m", "tests.mutants.changes", path], cwd=ROOT, capture_output=True, check=True)
    return [Mutant(path=path, **json.loads(line)) for line in made.stdout.splitlines()]


def _some(mutants: Sequence[Mutant], most: int, seed: int) -> Sequence[Mutant]:
    return mutants if len(mutants) <= most else random.Random(seed).sample(mutants, most)


def _tried(mutants: Sequence[Mutant], console: Console) -> tuple[Mapping[str, Counter[Outcome]], list[Mutant]]:
    outcomes: defaultdict[str, Counter[Outcome]] = defaultdict(Counter)
    survivors: list[Mutant] = []
    columns = TextColumn("mutants"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with tempfile.TemporaryDirectory() as folder, Progress(*columns, console=console) as progress:
        parts = addresses_shared_with(os.getpid(), Path(folder) / "parts.json")
        with Benches(Path(folder), parts) as benches:
            for mutant, tried in progress.track(benches.try_all(mutants, TESTS), total=len(mutants)):
                outcomes[mutant.path][tried.outcome] += 1
                if tried.outcome == "survived":
                    survivors.append(mutant)
    return outcomes, survivors


def _table(made: Mapping[str, Sequence[Mutant]], outcomes: Mapping[str, Counter[Outcome]]) -> Table:
    table = Table("module", "mutants", "tried", *OUTCOMES, "score", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for path, mutants in made.items():
        table.add_row(path, f"{len(mutants):,}", *_row(outcomes[path]))
    table.add_row("all", f"{sum(map(len, made.values())):,}", *_row(_sum(outcomes.values())))
    return table


def _sum(counts: Iterable[Counter[Outcome]]) -> Counter[Outcome]:
    return sum(counts, Counter[Outcome]())


def _row(counts: Counter[Outcome]) -> list[str]:
    tried = counts.total()
    score = f"{1 - counts['survived'] / tried:.0%}" if tried else "–"
    return [f"{tried:,}", *(f"{counts[outcome]:,}" for outcome in OUTCOMES), score]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
