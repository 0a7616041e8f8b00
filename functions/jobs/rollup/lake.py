"""The lake's files of days that were read, written beside those that answers read until all are there."""

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

from bson import ObjectId
from footfall.clock import now
from footfall.days import day_of, zone_named
from footfall.lake import parquet
from footfall.lake.columns import DayColumns, Kind, Table, kind_of, named
from footfall.lake.contents import columns_of
from footfall.lake.definition import definition, written_by
from footfall.lake.periods import Period, folder_of, is_over, month_of, name_of, period_of
from footfall.schemas.lake import LakeFile, LakePeriod, LakeSpan
from footfall.schemas.site import Site
from footfall.stores import lake
from footfall.stores.collections import lake_periods
from footfall.stores.mongo import database

LONGEST_NAME = 100
FEWEST_ROWS = 2_000
"""Events of a kind of which there are fewer in a period share a file with those of other such kinds."""
MOST_FILES = 200


@dataclass(frozen=True)
class Written:
    """A period whose files are stored; it counts once its document has taken the place of those that it was made of.

    `seen` are their tokens, by key.
    """

    document: LakePeriod
    seen: Mapping[str, str]


def write(site: Site, days: Mapping[date, DayColumns], *, anew: bool) -> list[Written]:
    """Store the files of the periods that days are in; returns them, to be made current.

    Days that the lake holds as they are are left, unless they are to be written `anew`.
    """
    today = day_of(now(), zone_named(site.time_zone))
    months = {month_of(day) for day in days}
    kept = [period for month in months for period in periods_of(site.site_id, month)]
    groups: defaultdict[Period, list[date]] = defaultdict(list)
    whole = [period for month in months for period in periods_of(site.site_id, month, **written_by(site))]
    held = {day["date"]: day for one in whole for day in one["days"]}
    for day in sorted(days):
        if anew or held.get(day.isoformat()) != days[day].day():
            groups[_kept_in(day, kept) or period_of(day, today)].append(day)
    return [_write(site, period, {day: days[day] for day in found}) for period, found in groups.items()]


def close(site: Site) -> list[Written]:
    """Store the files of months that are over and whose days still have files of their own."""
    today = day_of(now(), zone_named(site.time_zone))
    spans = lake_periods.read(database(), LakeSpan, {"site_id": site.site_id})
    months = {month_of(date.fromisoformat(span["first"])) for span in spans if span["first"] == span["last"]}
    return [_write(site, month, {}) for month in sorted(months) if is_over(month, today)]


def periods_of(site_id: str, within: Period, **which: object) -> list[LakePeriod]:
    """Returns what the lake holds of a stretch of days; `which` are conditions besides."""
    days = {"first": {"$gte": within.first.isoformat()}, "last": {"$lte": within.last.isoformat()}}
    return lake_periods.of(database()).find({"site_id": site_id, **days, **which}).to_list()


def _kept_in(day: date, kept: Iterable[LakePeriod]) -> Period | None:
    found = next((one for one in kept if one["first"] <= day.isoformat() <= one["last"]), None)
    return (
        Period(found["period"], date.fromisoformat(found["first"]), date.fromisoformat(found["last"]))
        if found
        else None
    )


def _write(site: Site, period: Period, days: Mapping[date, DayColumns]) -> Written:
    there = periods_of(site.site_id, period)
    older = periods_of(site.site_id, period, **written_by(site))
    tables: defaultdict[Kind | None, list[Table]] = defaultdict(list)
    for columns in days.values():
        for kind, table in columns.tables():
            tables[kind].append(table)
    try:
        files = _files(site, period, tables, _not_replaced(older, days), days.keys())
    except parquet.Broken:  # the days that only these files have are computed anew
        older = []
        files = _files(site, period, tables, [], days.keys())
    others = [day for one in older for day in one["days"] if date.fromisoformat(day["date"]) not in days]
    document = LakePeriod(
        _id=f"{site.site_id}:{period.name}",
        site_id=site.site_id,
        period=period.name,
        first=period.first.isoformat(),
        last=period.last.isoformat(),
        definition=definition(site),
        token=str(ObjectId()),
        written_at=now(),
        days=sorted([*others, *(columns.day() for columns in days.values())], key=lambda day: day["date"]),
        files=files,
    )
    return Written(document, {one["_id"]: one["token"] for one in there})


def _not_replaced(periods: Iterable[LakePeriod], days: Collection[date]) -> list[LakeFile]:
    # the files of periods of which some day stays
    names = {str(day) for day in days}
    return [file for one in periods if not {day["date"] for day in one["days"]} <= names for file in one["files"]]


def _files(
    site: Site,
    period: Period,
    tables: Mapping[Kind | None, Sequence[Table]],
    older: Iterable[LakeFile],
    replaced: Collection[date],
) -> list[LakeFile]:
    parts = _parts(tables, older)
    files: list[LakeFile] = []
    bodies: list[tuple[str, bytes]] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, part in parts.items():
            target = Path(folder) / "new.parquet"
            rows = parquet.write(columns_of(site), part.tables, _fetched(part.files, Path(folder)), replaced, target)
            if rows:
                body = target.read_bytes()
                files.append(_file(site, period, kind, rows, body))
                bodies.append((files[-1]["key"], body))
    there = {file["key"] for part in parts.values() for file in part.files}
    lake.put_all((key, body) for key, body in bodies if key not in there)
    return files


@dataclass
class _Part:
    # what one file is made of
    tables: list[Table] = field(default_factory=list)
    files: list[LakeFile] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(len(table["who"]) for table in self.tables) + sum(file["rows"] for file in self.files)


def _parts(tables: Mapping[Kind | None, Sequence[Table]], older: Iterable[LakeFile]) -> dict[Kind | None, _Part]:
    # by kind; those that are rare share a file
    parts: defaultdict[Kind | None, _Part] = defaultdict(_Part)
    for kind, found in tables.items():
        parts[kind].tables += found
    for file in older:
        parts[kind_of(file["kind"]) if "kind" in file else None].files.append(file)
    common = sorted((kind for kind in parts if kind), key=lambda kind: -parts[kind].rows)[:MOST_FILES]
    own: list[Kind | None] = [kind for kind in common if parts[kind].rows >= FEWEST_ROWS]
    shared = _Part()
    for kind, part in parts.items():
        if kind not in own:
            shared.tables += part.tables
            shared.files += part.files
    return {kind: part for kind, part in [*((kind, parts[kind]) for kind in own), (None, shared)] if part.rows}


def _fetched(files: Sequence[LakeFile], folder: Path) -> list[Path]:
    paths = []
    for number, body in enumerate(lake.get_all(file["key"] for file in files)):
        if body is None:
            raise parquet.Broken
        paths.append(folder / f"old-{number}.parquet")
        paths[-1].write_bytes(body)
    return paths


def _file(site: Site, period: Period, kind: Kind | None, rows: int, body: bytes) -> LakeFile:
    folder = f"{folder_of(site.site_id)}month={period.month}/period={period.name}"  # as Hive, Athena and DuckDB know it
    key = f"{folder}/name={_name(kind)}/{name_of(body)}"
    found = LakeFile(key=key, rows=rows, bytes=len(body))
    if kind:
        found["kind"] = named(kind)
    return found


def _name(kind: Kind | None) -> str:
    if kind is None:
        return "other"
    event_type, name, page_type = kind
    return quote(".".join(filter(None, [event_type, page_type, name])), safe=" ")[:LONGEST_NAME] or "other"
