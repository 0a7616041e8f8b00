"""The long run: lives of shops through the whole product, and reckoned by hand; ends with 1 when anything differed."""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local.shared import addresses_shared_with
from tests.oracle.findings import Finding, Findings, told_smallest
from tests.oracle.processes import PROCESSES, together
from tests.oracle.product import a_product
from tests.oracle.telling import lines

LIVES = 2_000
MOST_SHOWN = 12


def main(arguments: list[str]) -> int:
    """Tries the lives on every core and prints what differed; returns 1 when anything did."""
    asked = _parsed(arguments)
    console = Console(width=160, highlight=False, emoji=False)
    console.print(f"{asked.lives:,} lives in {PROCESSES} processes, seed {asked.seed}")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = addresses_shared_with(os.getpid(), Path(folder) / "parts.json")
        findings = _together(parts, asked.lives, asked.seed, console)
        if findings.found:
            console.print(_table(findings))
            with a_product(parts, "oracle_main") as product:
                for finding, others in told_smallest(product, findings, asked.show):
                    _show(console, finding, others)
    differed = f"[red]{len(findings.found)} kinds of figures differed" if findings.found else "nothing differed"
    sums = f"{findings.lives:,} lives, {findings.events:,} events, {findings.figures:,} figures compared"
    console.print(f"{sums} in {time.monotonic() - started:,.0f} s, seed {asked.seed}: {differed}")
    return 1 if findings.found else 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make oracle", description=__doc__)
    parser.add_argument("--lives", type=int, default=LIVES, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the same seed, the same lives")
    parser.add_argument("--show", type=int, default=MOST_SHOWN, help="how many lives are shown at most")
    return parser.parse_args(arguments)


def _together(parts: Mapping[str, str], lives: int, seed: int, console: Console) -> Findings:
    findings = Findings()
    columns = TextColumn("lives"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("lives", total=lives)
        for part in together(parts, lives, seed):
            findings.add(part)
            progress.update(task, completed=findings.lives)
    return findings


def _table(findings: Findings) -> Table:
    table = Table("figure", "lives", "for example", title_justify="left", box=None)
    for kind, finding in sorted(findings.found.items(), key=lambda each: -each[1].lives):
        table.add_row(kind, f"{finding.lives:,}", _shortened(str(finding.difference)))
    return table


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"


def _show(console: Console, finding: Finding, others: list[str]) -> None:
    console.print(f"\n[bold]{finding.difference.kind}[/bold], the smallest life that shows it:")
    for line in lines(finding.life):
        console.print(f"  {line}", markup=False)
    console.print(f"  {_shortened(str(finding.difference))}", markup=False, style="red")
    if others:
        console.print(f"  there differ too: {', '.join(others)}", markup=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
