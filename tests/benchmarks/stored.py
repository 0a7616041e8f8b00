"""A stream in MongoDB and in the lake, as jobs/rollup leaves it: straight, without its events."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from footfall.funnels.columns import pack
from footfall.funnels.steps import definition as funnel_definition
from footfall.lake import parquet
from footfall.lake.columns import Table
from footfall.lake.contents import columns_of
from footfall.lake.definition import definition
from footfall.lake.periods import Period, folder_of, month_of, name_of
from footfall.schemas.site import Funnel, Site
from footfall.stores import lake
from pymongo.database import Database

from tests.benchmarks.stream import COUNTRIES, DAY_MILLISECONDS, DAYS, DEVICES, KINDS, SOURCES, Numbers, Stream, date_of

SITE = Site(
    site_id="bench",
    name="bench",
    funnels=[Funnel(name="default", steps=["home", "search", "product", "Order Completed"])],
)
Mongo = Database[dict[str, Any]]


class Stored(NamedTuple):
    """How long it took to write the lake's files, and their bytes."""

    seconds: float
    size: int


def store(database: Mongo, stream: Stream) -> Stored:
    """Store a stream's site, the last of its people, and its events in the lake; returns what writing took."""
    database["sites"].replace_one({"_id": SITE.site_id}, SITE.model_dump(), upsert=True)
    last = {"site_id": SITE.site_id, "person_id": "last", "number": stream.people}
    database["users"].replace_one({"_id": f"{SITE.site_id}:last"}, last, upsert=True)
    day, rank = stream.day, stream.rank
    seconds, size = 0.0, 0
    for month, days in groupby(range(DAYS), lambda number: month_of(date_of(number))):
        numbers = list(days)
        ours = slice(*np.searchsorted(day, [numbers[0], numbers[-1] + 1]))
        tables = dict(_tables(stream, ours, day, rank))
        started = time.perf_counter()
        files = [_write(month, KINDS[kind], table) for kind, table in tables.items()]
        seconds += time.perf_counter() - started
        size += sum(file["bytes"] for file in files)
        database["lake_periods"].insert_one(_period(month, numbers, day, files))
    _store_rollups(database, stream)
    return Stored(seconds, size)


def _store_rollups(database: Mongo, stream: Stream) -> None:
    # the entries of the site's own funnel, by day, device and step
    day = stream.day
    steps = [kind for kind, named in enumerate(KINDS) if _is_step(named)]
    numbers = np.full(len(KINDS), -1)
    numbers[steps] = np.arange(len(steps))
    for number in range(DAYS):
        ours = slice(*np.searchsorted(day, [number, number + 1]))
        database["funnel_analytics"].insert_many(_day_of_funnel(stream, ours, numbers, date_of(number)))
    done = {"site_id": SITE.site_id, "version": "1", "definition": funnel_definition(SITE)}
    database["rollups"].insert_one({"_id": SITE.site_id, **done})


def _is_step(kind: tuple[str, str | None, float]) -> bool:
    event_type, page_type, _ = kind
    return page_type in ("home", "search", "product") or event_type == "order_completed"


def _day_of_funnel(stream: Stream, ours: slice, numbers: Numbers, day: date) -> Iterator[dict[str, Any]]:
    at = ours.start + np.flatnonzero(numbers[stream.kind[ours]] >= 0)
    steps, devices, people = numbers[stream.kind[at]], stream.device[at], stream.who[at]
    since = stream.time[at] % DAY_MILLISECONDS
    for device, name in enumerate(DEVICES):
        for order, step in enumerate(SITE.funnels[0].steps, 1):
            ranks = np.flatnonzero((steps == order - 1) & (devices == device))
            yield {
                "_id": f"{SITE.site_id}:{day}:{name}:default:{step}",
                "site_id": SITE.site_id,
                "date": day.isoformat(),
                "device": name,
                "funnel": "default",
                "step": step,
                "order": order,
                "ranked": len(at),
                "entries": pack(people[ranks], ranks, since[ranks]),
            }


def _tables(stream: Stream, ours: slice, day: Numbers, rank: Numbers) -> Iterator[tuple[int, Table]]:
    kinds = stream.kind[ours]
    for kind, (event_type, page_type, _) in enumerate(KINDS):
        places = ours.start + np.flatnonzero(kinds == kind)
        length = len(places)
        epoch = np.datetime64(date_of(0), "s")
        table: Table = {name: np.full(length, None, object) for name in columns_of(SITE)}
        table |= {
            "who": stream.who[places].astype(np.int32),
            "day": epoch + day[places].astype("timedelta64[D]"),
            "rank": rank[places].astype(np.int32),
            "time": stream.time[places].astype("datetime64[ms]"),
            "session": stream.session[places],
            "session_start": stream.session_start[places].astype("datetime64[ms]"),
            "signed_in": np.zeros(length, np.bool_),
            "bot": np.zeros(length, np.bool_),
            "type": np.full(length, event_type, object),
            "page_type": np.full(length, page_type, object),
            "device": np.array(DEVICES, object)[stream.device[places]],
            "source": np.array(SOURCES, object)[stream.source[places]],
            "country": np.array(COUNTRIES, object)[stream.country[places]],
            "page": np.full(length, f"/{page_type or ''}", object),
        }
        yield kind, table


def _write(month: Period, kind: tuple[str, str | None, float], table: Table) -> dict[str, Any]:
    event_type, page_type, _ = kind
    named = {"type": event_type, **({"page_type": page_type} if page_type else {})}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "new.parquet"
        rows = parquet.write(columns_of(SITE), [table], [], [], file)
        body = file.read_bytes()
    where = f"{folder_of(SITE.site_id)}month={month.month}/period={month.name}/name={'.'.join(named.values())}"
    lake.put(f"{where}/{name_of(body)}", body)
    return {"key": f"{where}/{name_of(body)}", "rows": rows, "bytes": len(body), "kind": named}


def _period(month: Period, days: list[int], day: Numbers, files: list[dict[str, Any]]) -> dict[str, Any]:
    counts = np.bincount(day, minlength=DAYS)
    return {
        "_id": f"{SITE.site_id}:{month.name}",
        "site_id": SITE.site_id,
        "period": month.name,
        "first": str(month.first),
        "last": str(month.last),
        "definition": definition(SITE),
        "token": "1",
        "written_at": datetime.now(UTC),
        "days": [
            {"date": str(date_of(number)), "events": int(counts[number]), "types": {}, "digest": 0, "columns": ""}
            for number in days
        ],
        "files": files,
    }
