"""The purchases of CDNOW's customers, from the files that `lifetimes` carries: what published estimates are of.

Fader and Hardie, Forecasting repeat sales at CDNOW, Interfaces 31 (2001): everybody who bought there first in the first
quarter of 1997, until the end of June 1998. The package is read from, never imported.
"""

from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from footfall.forecasts.trade_log import Activity, Amounts, Complaints, TradeLog

SAMPLE, MASTER = "CDNOW_sample.txt", "CDNOW_master.txt"
LAST_DAY = date(1998, 6, 30).toordinal()


class Row(NamedTuple):
    """One purchase: whose, on which day, and for how much, in cents."""

    customer: str
    day: int
    cents: int


def cdnow(name: str) -> TradeLog:
    """Every purchase of one of the two files; skips the test where `lifetimes` is not installed."""
    rows = list(_rows(_folder() / name))
    numbers = {customer: number for number, customer in enumerate(dict.fromkeys(row.customer for row in rows))}
    orders = np.array([(numbers[row.customer], row.day, row.cents) for row in rows], np.int64).T
    return TradeLog(len(numbers), Amounts(*orders), Amounts(*none(3)), Activity(*none(6)), Complaints(*none(2)))


def none(columns: int) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """So many columns without a row."""
    return [np.zeros(0, np.int64) for _ in range(columns)]


def _folder() -> Path:
    found = find_spec("lifetimes")
    if found is None or found.origin is None:
        pytest.skip("the package lifetimes, which carries CDNOW's purchases, is not installed: requirements/test.txt")
    return Path(found.origin).parent / "datasets"


def _rows(path: Path) -> Iterator[Row]:
    # customer, perhaps the number within the sample, day, pieces, dollars
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields and fields[0].isdigit():
            customer, day, dollars = fields[-4], fields[-3], fields[-1]
            yield Row(customer, date.fromisoformat(day).toordinal(), round(float(dollars) * 100))
