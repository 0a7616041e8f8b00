"""A stream in MongoDB and in the lake, as jobs/rollup leaves it: straight, without its events."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
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
from footfall.lake.session_numbers import BITS, HASH_BITS, HASHES, SECOND, WHOLE
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


def store(database: Mongo, streams: Iterable[Stream]) -> Stored:
    """Store a site, and the events of streams, each of other people, in the lake; returns what writing took."""
    database["sites"].replace_one({"_id": SITE.site_id}, SITE.model_dump(), upsert=True)
    files: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    counts, people, seconds = np.zeros(DAYS, np.int64), 0, 0.0
    for stream in streams:
        day, ties = stream.day, stream.ties
        for month, ours in _months(day):
            tables = dict(_tables(stream, ours, day, ties))
            started = time.perf_counter()
            files[month.name] += [_write(month, KINDS[kind], table) for kind, table in tables.items()]
            seconds += time.perf_counter() - started
        counts += np.bincount(day, minlength=DAYS)
        people = max(people, int(stream.who.max()))
    for month, _ in _months(np.arange(DAYS)):
        database["lake_periods"].insert_one(_period(month, counts, files[month.name]))
    last = {"site_id": SITE.site_id, "person_id": "last", "number": people}
    database["users"].replace_one({"_id": f"{SITE.site_id}:last"}, last, upsert=True)
    return Stored(seconds, sum(file["bytes"] for month in files.values() for file in month))


def _months(day: Numbers) -> Iterator[tuple[Period, slice]]:
    # each month, and where its days begin and end in this ascending column of them
    for month, days in groupby(range(DAYS), lambda number: month_of(date_of(number))):
        numbers = list(days)
        yield month, slice(*np.searchsorted(day, [numbers[0], numbers[-1] + 1]))


def store_rollups(database: Mongo, stream: Stream) -> None:
    """Store the entries of the site's own funnel, by day, device and step."""
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


def _tables(stream: Stream, ours: slice, day: Numbers, ties: Numbers) -> Iterator[tuple[int, Table]]:
    kinds = stream.kind[ours]
    for kind, (event_type, page_type, _) in enumerate(KINDS):
        places = ours.start + np.flatnonzero(kinds == kind)
        length = len(places)
        epoch = np.datetime64(date_of(0), "s")
        table: Table = {name: np.full(length, None, object) for name in columns_of(SITE)}
        table |= {
            "who": stream.who[places].astype(np.int32),
            "day": epoch + day[places].astype("timedelta64[D]"),
            "time": stream.time[places].astype("datetime64[ms]"),
            "tie": ties[places].astype(np.int32),
            "session": _numbered(stream.session[places], stream.session_start[places]),
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


def _numbered(sessions: Numbers, starts: Numbers) -> Numbers:
    # as `session_numbers` has them: when each began, and a hash, which nothing makes smaller
    hashed = ((sessions.astype(np.uint64) * np.uint64(0x9E37_79B9_7F4A_7C15)) >> np.uint64(1)).astype(np.int64)
    seconds, milliseconds = np.divmod(starts, SECOND)
    of_millisecond = milliseconds << HASH_BITS | hashed % HASHES
    within: Numbers = np.where(milliseconds, of_millisecond, WHOLE | hashed % WHOLE)
    return seconds << BITS | within


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


def _period(month: Period, counts: Numbers, files: list[dict[str, Any]]) -> dict[str, Any]:
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
            for number in range(DAYS)
            if month.first <= date_of(number) <= month.last
        ],
        "files": files,
    }
