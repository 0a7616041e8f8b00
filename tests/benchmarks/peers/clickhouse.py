"""ClickHouse's answers and times, as JSON: `python clickhouse.py LAKE-FOLDER`, in the environment that has chdb.

It reads the lake's own Parquet files, and a MergeTree table of the same events in the order that suits it best.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from chdb.session import Session

STEPS = ("page_type = 'home'", "page_type = 'search'", "page_type = 'product'", "type = 'order_completed'")
FILES = "name={pageview.home,pageview.search,pageview.product,order_completed}"
WEEK = 7 * 86_400_000
REPETITIONS = 5
SETTINGS = "SETTINGS max_threads = 1, schema_inference_make_columns_nullable = 0"


def main(folder: str) -> None:
    """Print what was found and measured."""
    files = _steps(f"file('{folder}/site=bench/*/*/{FILES}/*.parquet', Parquet)")
    with tempfile.TemporaryDirectory() as place:
        session = Session(place)

        def ask(query: str) -> list[list[Any]]:
            return [json.loads(line) for line in str(session.query(query, "JSONCompactEachRow")).splitlines()]

        ask("CREATE DATABASE bench ENGINE = Atomic")
        ask(f"CREATE TABLE bench.events ENGINE = MergeTree ORDER BY (step, who, moment) AS {files} {SETTINGS}")
        ask("OPTIMIZE TABLE bench.events FINAL")
        found = {
            "parquet": _measured(lambda: ask(_funnel(files))),
            "merge_tree": _measured(lambda: ask(_funnel("SELECT * FROM bench.events"))),
        }
    print(json.dumps(found))


def _steps(events: str) -> str:
    # the events of the steps: which step each is, whose, and when
    cases = ", ".join(f"{step}, {number}" for number, step in enumerate(STEPS))
    return f"SELECT multiIf({cases}, 9) AS step, who, toUnixTimestamp64Milli(time) AS moment, device FROM {events}"  # noqa: S608 - our own


def _funnel(events: str) -> str:
    levels = ", ".join(f"countIf(level >= {number})" for number in range(1, len(STEPS) + 1))
    conditions = ", ".join(f"step = {number}" for number in range(len(STEPS)))
    people = (
        f"SELECT any(device) AS device, windowFunnel({WEEK})(toUInt64(moment), {conditions}) AS level"  # noqa: S608 - our own
        f" FROM ({events}) GROUP BY who"
    )
    return f"SELECT device, {levels} FROM ({people}) WHERE level > 0 GROUP BY device {SETTINGS}"  # noqa: S608 - our own


def _measured(work: Callable[[], Any]) -> dict[str, Any]:
    answer = work()
    times = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return {"answer": answer, "seconds": statistics.median(times)}


if __name__ == "__main__":
    main(sys.argv[1])
