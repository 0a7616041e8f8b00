"""Funnels over millions of events from the lake, beside ClickHouse and SQL over the very same files.

`python -m tests.benchmarks.lake [--share 0.1]`; ClickHouse (chdb) lives in an environment of its own, .venv-peers.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks.peers import duckdb_sql
from tests.benchmarks.rows import Row, show
from tests.benchmarks.stream import EVENTS, a_stream

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
TARGETS = {"retention of twelve weeks, of who searched": "≤ 0.5 s", "paths of thirty days": "≤ 0.5 s"}
CURVE: tuple[float, ...] = (1 / 32, 1 / 8, 1 / 2)
"""1, 4 and 16 times the smallest."""


def run(share: float) -> list[Row]:
    """Measures on a fresh MongoDB and a folder of files, without Redis; returns rows."""
    return [*_measured(share, whole=True), *(row for part in CURVE for row in _measured(share * part, whole=False))]


def _measured(share: float, *, whole: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        uri = start_mongodb(supervisor, Path(folder) / "mongodb")
        os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
        os.environ.update(LAKE_LOCATION=f"file://{folder}/lake", LOG_LEVEL="WARNING")
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")
        _forget_settings()
        written = _write(stack.enter_context(MongoClient[dict[str, Any]](uri, tz_aware=True)), share)
        ours = _json([sys.executable, "-m", "tests.benchmarks.asked"])
        if not whole:
            size = f"{round(EVENTS * share):,} events"
            return [Row(f"funnel of 4 steps, {size}", _seconds(ours["warm"]), f"cold {_seconds(ours['cold'])}")]
        return [*written, *_compared(ours, Path(folder) / "lake" / "lake")]


def _forget_settings() -> None:
    from footfall.settings import read_environment
    from footfall.stores import lake

    read_environment.cache_clear()
    lake._place.cache_clear()


def _write(client: MongoClient[dict[str, Any]], share: float) -> list[Row]:
    from footfall.stores import collections

    from tests.benchmarks.stored import store

    collections.prepare(client["footfall"])
    stream = a_stream(share)
    stored = store(client["footfall"], stream)
    events = len(stream.who)
    return [
        Row(
            "writing the lake's files",
            f"{events / stored.seconds:,.0f} events/s",
            f"{events:,} events",
            "",
            "≥ 300,000",
        ),
        Row("bytes of an event in the lake", f"{stored.size / events:.1f}", "", "", "≤ 12"),
    ]


def _compared(ours: dict[str, Any], lake: Path) -> list[Row]:
    answer, seconds = duckdb_sql.funnel(lake)
    assert answer == ours["answer"], "DuckDB"
    rows = [
        Row("funnel of 4 steps, 7 days, by device: cold files", _seconds(ours["cold"]), "", "", "≤ 0.5 s"),
        Row("the same, warm", _seconds(ours["warm"]), "", "", "≤ 0.2 s"),
        _beside("the same as SQL in DuckDB", ours["warm"], seconds),
        Row("memory of that process", f"{ours['megabytes']:.0f} MB", "", "", "≤ 250 MB"),
    ]
    rows += [Row(name, _seconds(seconds), "", "", TARGETS.get(name, "")) for name, seconds in ours["others"].items()]
    if not PEERS.exists():
        return [*rows, Row("ClickHouse", "not measured: `make bench` makes its environment")]
    theirs = _json([str(PEERS), str(ROOT / "tests/benchmarks/peers/clickhouse.py"), str(lake)])
    for found in theirs.values():
        assert {device: list(users) for device, *users in found["answer"]} == ours["answer"], "ClickHouse"
    return [
        *rows,
        _beside("ClickHouse on the same files, ours cold", ours["cold"], theirs["parquet"]["seconds"], "≥ 1.3 ×"),
        _beside("ClickHouse on the same files, ours warm", ours["warm"], theirs["parquet"]["seconds"]),
        _beside("ClickHouse on its own table, ours warm", ours["warm"], theirs["merge_tree"]["seconds"]),
        *(
            _beside(
                f"ClickHouse on its own table, named funnel by {name}",
                seconds,
                theirs["merge_tree"]["seconds"],
                "≥ 10 ×",
            )
            for name, seconds in ours["named"].items()
        ),
    ]


def _beside(name: str, ours: float, theirs: float, target: str = "") -> Row:
    return Row(name, _seconds(ours), _seconds(theirs), f"{theirs / ours:.1f} × quicker", target)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f} s"


def _json(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--share", type=float, default=1.0, help="of five million events")
    show("lake", run(parser.parse_args().share))
