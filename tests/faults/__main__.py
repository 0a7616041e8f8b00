"""Every fault in turn, and a table of what became of the events: `make faults ARGS="--only reply_lost --seed 7"`."""

import argparse
import logging
import random
import sys
from collections import deque
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local.processes import StartFailed
from tests.faults import caches, database, jobs, messages, process, queue
from tests.faults.disks import CannotInject
from tests.faults.pipeline import Pipeline, Setting, opened
from tests.faults.trial import Outcome, Scenario, run

MODULES = (database, process, queue, messages, caches, jobs)
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for module in MODULES for scenario in module.SCENARIOS}
EVENTS = 13_000
TABLE_WIDTH = 160
FIGURES = ("sent", "acked", "indeterminate", "stored", "quarantined", "waiting", "duplicated", "lost", "phantom")
MUST_BE_ZERO = ("waiting", "duplicated", "lost", "phantom")


def main(arguments: list[str]) -> int:
    """Runs the chosen scenarios; returns 1 when anything was lost, doubled, made up, derived wrongly or not tried."""
    asked = _parsed(arguments)
    logging.getLogger("infra.local").setLevel(logging.ERROR)
    console = Console()
    console.width = max(console.width, TABLE_WIDTH)
    console.print(f"{len(asked.only)} faults, {asked.events:,} events each, seed {asked.seed}")
    report = Report(console, asked.events, asked.seed)
    chosen = [SCENARIOS[name] for name in asked.only]
    for setting in dict.fromkeys(scenario.setting for scenario in chosen):
        report.try_all(setting, deque(scenario for scenario in chosen if scenario.setting == setting))
    console.print(_table(report.outcomes, asked.seed))
    return 0 if report.holds else 1


@dataclass
class Report:
    """What the scenarios tried so far came to."""

    console: Console
    events: int
    seed: int
    outcomes: list[Outcome] = field(default_factory=list)
    holds: bool = True

    def try_all(self, setting: Setting, left: deque[Scenario]) -> None:
        """Try scenarios one after the other on one pipeline; after one that goes wrong the others get a new one."""
        while left:
            try:
                with opened(setting, self.seed) as pipeline:
                    while left:
                        self._try(left.popleft(), pipeline)
            except CannotInject as reason:
                self._say(f"[yellow]skipped {', '.join(scenario.name for scenario in left)}: {reason}")
                return
            except Exception as error:  # noqa: BLE001 — the other scenarios are worth their figures all the same
                self._say(f"[red]{type(error).__name__}: {error}")
                self.holds = False
                if isinstance(error, StartFailed):
                    return

    def _try(self, scenario: Scenario, pipeline: Pipeline) -> None:
        self.console.print(f"[bold]{scenario.name}[/bold]: {scenario.summary}", highlight=False)
        columns = TextColumn("  events acknowledged"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(scenario.name, total=self.events)
            outcome = run(scenario, pipeline, self.events, self.seed, lambda acked: progress.advance(task, acked))
        self.outcomes.append(outcome)
        self.holds &= outcome.count.balances
        self._say(outcome.reached, *(f"[red]{problem}" for problem in outcome.count.problems))

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.console.print(f"  {line}", highlight=False)


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="these faults alone")
    parser.add_argument("--events", type=int, default=EVENTS, help=f"how many each fault meets (default {EVENTS:,})")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats the traffic of another run")
    return parser.parse_args(arguments)


def _table(outcomes: list[Outcome], seed: int) -> Table:
    table = Table(title=f"What became of the events (seed {seed})", box=box.SIMPLE_HEAD)
    table.add_column("fault", no_wrap=True)
    for name in (*FIGURES, "wrong", "again", "dead", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for outcome in outcomes:
        table.add_row(*_row(outcome))
    total = [f"{sum(getattr(outcome.count, name) for outcome in outcomes):,}" for name in FIGURES]
    table.add_section()
    table.add_row("all", *total)
    return table


def _row(outcome: Outcome) -> list[str]:
    figures = [(name, getattr(outcome.count, name)) for name in FIGURES]
    shown = [f"[red]{value:,}" if value and name in MUST_BE_ZERO else f"{value:,}" for name, value in figures]
    rest = [len(outcome.count.problems), outcome.again, outcome.dead_letters, round(outcome.seconds)]
    return [outcome.name, *shown, *(f"{value:,}" for value in rest)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
