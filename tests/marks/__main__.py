"""How right the marks of a trend are: `make marks ARGS="--series 200 --seed 7"`, on every core.

Ends with 1 when a constant rate is marked in more than one of twenty series, and not by chance.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import groupby, product
from math import sqrt
from typing import TypeVar

from footfall.days import PeriodName
from rich.console import Console
from rich.table import Table

from tests.marks.measures import FalseMarks, Power, false_marks, power
from tests.marks.series import Nature, Setting

SERIES = 200
SEED = 1
PERIODS: tuple[PeriodName, ...] = ("day", "week")
NATURES = (
    Nature("steady"),
    Nature("weekdays", weekdays=True),
    Nature("spread", spread=0.15),
    Nature("both", weekdays=True, spread=0.3),
    Nature("restless", weekdays=True, spread=0.15, memory=0.2),
)
EXPLAINED = (
    "weekdays: rates and people differ by weekday · spread: the rate varies by 15 % of itself from day to day · both:"
    " weekdays, and a spread of 30 % · restless: weekdays, a spread of 15 %, correlated by 0.2 with the day before"
)
RATES = (0.005, 0.02, 0.1, 0.5, 0.9)
TRIES = (5, 25, 250, 5_000, 100_000)
DAYS = (30, 120, 365)
CONSTANT = [
    Setting(nature, period, rate, tries, days)
    for period, days, nature, rate, tries in product(PERIODS, DAYS, NATURES, RATES, TRIES)
]
BREAKS = (1.2, 1.5, 2.0, 0.8, 0.5)
"""How many times as frequent the rarer outcome becomes; the break begins within a period."""
RANGES: tuple[tuple[PeriodName, int, float], ...] = (("day", 120, 79.7), ("week", 365, 243.3))
"""Of series with a break: the days, and when it is."""
BROKEN = [
    Setting(nature, period, rate, tries, days, begins, factor)
    for (period, days, begins), nature, factor, rate, tries in product(
        RANGES, (NATURES[0], NATURES[-1]), BREAKS, (0.02, 0.2, 0.9), (25, 250, 5_000)
    )
]
ALLOWED = 5.0
"""Series of a hundred."""
DOUBT = 3
"""Standard deviations."""
Measured = TypeVar("Measured")


def main() -> int:
    """Prints both tables; returns 1 when too many constant rates are marked."""
    arguments = _arguments()
    console = Console(width=150)
    console.print(f"{arguments.series} series of each kind, seed {arguments.seed}; {EXPLAINED}")
    started = time.monotonic()
    constant = _each(partial(false_marks, series=arguments.series, seed=arguments.seed), CONSTANT)
    console.print(_of_constant_rates(constant))
    console.print(_of_breaks(_each(partial(power, series=arguments.series, seed=arguments.seed), BROKEN)))
    wrong = [one for one in constant if is_wrong(one)]
    for one in wrong:
        console.print(f"{one.share:.1f} of 100 are marked: {one.setting}")
    console.print(f"{len(CONSTANT)} constant and {len(BROKEN)} broken kinds in {time.monotonic() - started:,.0f} s")
    return 1 if wrong else 0


def is_wrong(found: FalseMarks) -> bool:
    """Tells whether more are marked than may be, and not by the chance of which series were drawn."""
    return found.share > ALLOWED + DOUBT * sqrt(ALLOWED * (100 - ALLOWED) / found.series)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make marks", description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES, help="how many of each kind (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="the same seed, the same series (default: %(default)s)")
    return parser.parse_args()


def _each(measure: Callable[[Setting], Measured], settings: Iterable[Setting]) -> list[Measured]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(measure, settings))


def _of_constant_rates(measured: list[FalseMarks]) -> Table:
    title = "Of 100 series with a constant rate so many are marked"
    table = Table("by", "days", "nature", "mean", "most", "at a rate of", "and tries a day", title=title)
    for (period, days, nature), group in groupby(measured, lambda one: _kind(one.setting)):
        found = list(group)
        most = max(found, key=lambda one: one.marked)
        mean = sum(one.share for one in found) / len(found)
        figures = f"{mean:.1f}", f"{most.share:.1f}", f"{100 * most.setting.rate:g} %", f"{most.setting.tries:,}"
        table.add_row(period, str(days), nature, *figures)
    return table


def _kind(setting: Setting) -> tuple[str, int, str]:
    return setting.period, setting.days, setting.nature.name


def _of_breaks(measured: list[Power]) -> Table:
    title = "Of 100 breaks so many are marked / on their first period / beside something else / after so many periods"
    rates = list(dict.fromkeys((one.setting.rate, one.setting.tries) for one in measured))
    table = Table("by", "nature", "×", *(f"{100 * rate:g} % of {tries:,}" for rate, tries in rates), title=title)
    for (period, nature, factor), group in groupby(
        measured, lambda one: (one.setting.period, one.setting.nature.name, one.setting.factor)
    ):
        table.add_row(period, nature, f"{factor:g}", *map(_figures, group))
    return table


def _figures(found: Power) -> str:
    marked, exact, elsewhere = (100 * count // found.series for count in (found.marked, found.exact, found.elsewhere))
    return f"{marked} / {exact} / {elsewhere} / {found.late:g}"


if __name__ == "__main__":
    sys.exit(main())
