"""Importing real tables: into a running stack until they can be asked about, and the function's own part.

The peer is `csv.DictReader` over the same files. `python -m tests.benchmarks.imports`.
"""

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from footfall.schemas.imports import ImportKind, ReadingOptions
from rich.console import Console

from cli.client import Client
from cli.files import files_of, readers_of
from cli.imports import progress_on, run_import
from cli.up import DEMO_SITE
from infra.local.stack import Stack
from tests.benchmarks.rows import Row, show
from tests.support.import_steps import take_steps
from tests.support.sites import make_site

TABLES = Path(__file__).parents[3] / "shared" / "data" / "shop_funnel"
ORDERS = TABLES.parent / "online_retail" / "online_retail.csv.gz"
TARGET_SECONDS = 40
TARGET_ORDERS_SECONDS = 60
TARGET_CPU_SECONDS = 6
Result = TypeVar("Result")
STEPS = [90_400, 45_200, 6_030, 452]
ROWS_OF_ORDERS = 541_909
CUSTOMERS = 4_338


def run() -> list[Row]:
    """Measures the peer, the function's steps, and the whole way into a fresh stack; returns rows."""
    if not TABLES.is_dir():
        return [Row("import of shop_funnel", "not measured: ../shared/data is not here")]
    paths = sorted(TABLES.glob("*.csv"))
    rows, plain = _timed(lambda: sum(_read(path) for path in paths))
    tally, own = _timed(lambda: take_steps("shop-funnel", [path.name for path in paths], _opened))
    assert tally.events == rows, tally
    whole, bought = _into_a_stack("shop-funnel", TABLES, _funnel), _into_a_stack("orders", ORDERS, _customers)
    return [
        Row(
            "etl/imports, CPU",
            f"{own:.1f} s, {rows / own:,.0f} rows/s",
            f"csv.DictReader {plain:.1f} s",
            f"{own / plain:.1f}",
            f"≤ {TARGET_CPU_SECONDS} s",
        ),
        Row("import, queryable", f"{whole:.1f} s, {rows / whole:,.0f} rows/s", target=f"≤ {TARGET_SECONDS} s"),
        Row(
            "import of Online Retail, queryable",
            f"{bought:.1f} s, {ROWS_OF_ORDERS / bought:,.0f} rows/s",
            target=f"≤ {TARGET_ORDERS_SECONDS} s",
        ),
    ]


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def _opened(name: str) -> IO[bytes]:
    return (TABLES / name).open("rb")


def _read(path: Path) -> int:
    with path.open(newline="") as lines:
        return sum(1 for _ in csv.DictReader(lines))


def _funnel(client: Client) -> None:
    funnel = client.get("/api/funnel?from=2015-01-01&to=2015-04-30")
    assert [step["users"] for step in funnel["steps"]] == STEPS


def _customers(client: Client) -> None:
    assert client.get("/api/metrics")["total_customers"] == CUSTOMERS


def _into_a_stack(kind: ImportKind, path: Path, check: Callable[[Client], None]) -> float:
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), schedules=False) as stack:
        key = make_site(stack, **DEMO_SITE)["api_key"]
        with Client(stack.url, key) as client, progress_on(Console(stderr=True)) as progress:
            began = time.perf_counter()
            files = files_of(kind, [path])
            readers_of(kind, files, ReadingOptions())
            run_import(client, kind, files, progress)
            seconds = time.perf_counter() - began
            check(client)
        return seconds


if __name__ == "__main__":
    show("Importing", run())
