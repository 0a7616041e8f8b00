"""The same funnel in SQL: DuckDB over the lake's own files, each step the next event behind the one before."""

import statistics
import time
from pathlib import Path

import duckdb

STEPS = ("pageview.home", "pageview.search", "pageview.product", "order_completed")
REPETITIONS = 3
WEEK = 7 * 86_400_000
COLUMNS = "who, device, epoch_ms(time) AS moment"


def funnel(folder: Path) -> tuple[dict[str, list[int]], float]:
    """Returns how many people reached each step by device, and the seconds that took on one thread."""
    connection = duckdb.connect(config={"threads": 1})
    query = _query(folder)
    found = connection.execute(query).fetchall()
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        connection.execute(query).fetchall()
        times.append(time.perf_counter() - started)
    return {device: list(users) for device, *users in found}, statistics.median(times)


def _query(folder: Path) -> str:
    # from every first step the chain of next events is the quickest there is; who fits it in seven days reached it
    steps = range(1, len(STEPS))
    files = [f"read_parquet('{folder}/site=bench/*/*/name={name}/*.parquet')" for name in STEPS]
    parts = [f"step{number} AS (SELECT {COLUMNS} FROM {file})" for number, file in enumerate(files)]  # noqa: S608 - our own
    joins = [
        f"ASOF LEFT JOIN step{number} ON step{number}.who = step0.who AND step{number}.moment > step{number - 1}.moment"
        for number in steps
    ]
    within = [f"step{number}.moment - step0.moment <= {WEEK}" for number in steps]
    reached = [f"coalesce(bool_or({each}), false) AS r{number}" for number, each in enumerate(within, 1)]
    people = (
        f"SELECT any_value(step0.device) AS device, {', '.join(reached)}"  # noqa: S608 - our own
        f" FROM step0 {' '.join(joins)} GROUP BY step0.who"
    )
    counted = ", ".join(f"countif(r{number})" for number in steps)
    return f"WITH {', '.join(parts)} SELECT device, count(*), {counted} FROM ({people}) GROUP BY device"  # noqa: S608 - our own
