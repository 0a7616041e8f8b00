"""Which values a dimension has over a range of days, and how many sessions or events have each.

What sessions have is counted in sessions, all of which have a value, if only that it is not known; the rest in events.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple, TypedDict

import numpy as np
from pymongo.errors import ExecutionTimeout

from footfall.breakdowns.days import NUMBERS
from footfall.breakdowns.packed import CODES
from footfall.days import DayRange
from footfall.dimensions import LONGEST, SEGMENT, Dimension
from footfall.errors import FieldProblem, Invalid
from footfall.people.profiles import NAMES_APART
from footfall.questions.breakdown import figures_of_days
from footfall.questions.kept_days import kept_days, runs_without
from footfall.questions.lake_values import NOWHERE, lake_values
from footfall.questions.read_sessions import packed_days, read_sessions
from footfall.rollups import Rollups
from footfall.stores.collections import events, user_sessions
from footfall.stores.mongo import Condition, Pipeline, database

Counted = Literal["sessions", "events"]
MOST_VALUES = 1_000
MOST_READ = 10_000
"""How many values as they are stored are read, to be folded and put in order."""
MOST_MILLISECONDS = 8_000
SCALARS = ("int", "long", "double", "bool")


class ValueCounts(NamedTuple):
    """At most a thousand values with their counts, the largest first, and what all others amount to."""

    counted: Counted
    values: list[tuple[str, int]]
    other: int


class _Value(TypedDict):
    value: object
    count: int


class _Values(TypedDict):
    counted: int
    values: list[_Value]


def values_in(rollups: Rollups, dimension: Dimension, days: DayRange, *, bots: bool) -> ValueCounts:
    """Returns the values of a dimension over a range of days, those of `bots` too or not.

    Raises Invalid when there are too many sessions or events to count them within the time of a request.
    """
    counted = _of_people if dimension.needs_person else _stored
    try:
        return counted(rollups, dimension, days, bots)
    except ExecutionTimeout:
        raise _too_many("sessions" if dimension.session else "events") from None


def _too_many(counted: Counted) -> Invalid:
    return Invalid([FieldProblem("from", f"there are too many {counted} to count them now; ask for fewer days")])


def _stored(rollups: Rollups, dimension: Dimension, days: DayRange, bots: bool) -> ValueCounts:
    kept = _of_days(rollups, dimension, days, bots)
    some = NOWHERE
    if not dimension.session and len(kept) < len(days):
        some = lake_values(rollups, dimension, days, kept, MOST_READ, bots=bots)
    left = list(runs_without(days, kept.keys() | some.days))
    found = _read(rollups, dimension, left, bots) if left else NOTHING
    shown: Counter[str] = Counter()
    for values in kept.values():
        shown.update(values)
    total = shown.total() + some.counted + found["counted"]
    for value, count in some.values:
        shown[dimension.shown(value)] += count
    for each in found["values"]:
        shown[dimension.shown(each["value"])] += each["count"]
    if dimension.session:
        return _ranked("sessions", shown, total)
    nothing = shown.pop(dimension.missing, 0)
    return _ranked("events", shown, total - nothing)


def _of_days(rollups: Rollups, dimension: Dimension, days: DayRange, bots: bool) -> Mapping[str, Mapping[str, int]]:
    # the counts of days that are up to date and tell them all, by their dates; of lines, days know the first alone,
    # and of what bots did nothing but their sessions
    counts: dict[str, Counter[str]] = {day: Counter() for day in kept_days(rollups, days)}
    if dimension.level == "line" or not counts or (bots and not dimension.session):
        return {}
    name = dimension.name
    found = _sessions(rollups, name, days, bots) if dimension.session else _events(rollups, name, days)
    for date, values in found:
        if values is None:
            counts.pop(date, None)
        elif date in counts:
            counts[date].update(values)
    return counts


DayCounts = Iterator[tuple[str, Mapping[str, int] | None]]
"""Of a day, how many sessions or events have each value; None where not all values are told."""


def _sessions(rollups: Rollups, name: str, days: DayRange, bots: bool) -> DayCounts:
    for day in packed_days(rollups, days, [name], bots=bots):
        codes = np.bincount(np.frombuffer(day["codes"][name], CODES), minlength=len(day["texts"][name]))
        told = dict(zip(day["texts"][name], codes.tolist(), strict=False))
        yield day["date"], None if name in day["cut"] else {value: number for value, number in told.items() if number}


def _events(rollups: Rollups, name: str, days: DayRange) -> DayCounts:
    for day in figures_of_days(rollups, name, days):
        told = dict(zip(day["values"], np.frombuffer(day["events"], NUMBERS).tolist(), strict=False))
        yield day["date"], None if day["cut"] else {value: number for value, number in told.items() if number}


def _ranked(counted: Counted, shown: Mapping[str, int], total: int) -> ValueCounts:
    ranked = sorted(shown.items(), key=lambda each: (-each[1], each[0]))[:MOST_VALUES]
    return ValueCounts(counted, ranked, total - sum(count for _, count in ranked))


def _read(rollups: Rollups, dimension: Dimension, runs: Iterable[DayRange], bots: bool) -> _Values:
    collection = user_sessions if dimension.session else events
    field = dimension.session or dimension.event
    there: Condition = {} if dimension.session else {field: {"$exists": True}}
    pipeline: Pipeline = [
        {"$match": {**_within(rollups, runs, "started_at" if dimension.session else "timestamp", bots), **there}},
        *_one_by_one(field, several=dimension.level == "line"),
        {"$group": {"_id": _bounded("$value"), "count": {"$sum": 1}}},
        {"$group": {"_id": None, "counted": {"$sum": "$count"}, "values": LARGEST}},
    ]
    found = collection.aggregate(
        database(),
        _Values,
        pipeline,
        session=rollups.session,
        max_milliseconds=MOST_MILLISECONDS,
        allow_disk_use=True,
    )
    return next(found, NOTHING)


NOTHING = _Values(counted=0, values=[])


LARGEST: Condition = {
    "$topN": {"n": MOST_READ, "sortBy": {"count": -1, "_id": 1}, "output": {"value": "$_id", "count": "$count"}}
}


def _within(rollups: Rollups, runs: Iterable[DayRange], moment: str, bots: bool) -> dict[str, object]:
    during = [{moment: {"$gte": days.start, "$lt": days.end}} for days in runs]
    when = during[0] if len(during) == 1 else {"$or": during}
    return {"site_id": rollups.site.site_id, **when, **({} if bots else {"bot": False})}


def _one_by_one(field: str, several: bool) -> Pipeline:
    # an event counts once for each different value of its lines
    if not several:
        return [{"$project": {"_id": 0, "value": f"${field}"}}]
    return [{"$project": {"_id": 0, "value": {"$setUnion": [f"${field}", []]}}}, {"$unwind": "$value"}]


def _bounded(value: str) -> Condition:
    kind = {"$type": value}
    texts = {"case": {"$eq": [kind, "string"]}, "then": {"$substrCP": [value, 0, LONGEST]}}
    numbers = {"case": {"$in": [kind, SCALARS]}, "then": value}
    return {"$switch": {"branches": [texts, numbers], "default": None}}


def _of_people(rollups: Rollups, dimension: Dimension, days: DayRange, bots: bool) -> ValueCounts:
    row, values = _of_segments(dimension) if dimension.name == SEGMENT else (dimension, _itself)
    _, told = read_sessions(rollups, days, {dimension.name: row}, bots=bots)
    coded = told[dimension.name]
    shown: Counter[str] = Counter()
    for text, count in zip(coded.texts, np.bincount(coded.codes, minlength=len(coded.texts)).tolist(), strict=True):
        shown.update(dict.fromkeys(values(text), count))
    return _ranked("sessions", +shown, shown.total())


def _itself(text: str) -> list[str]:
    return [text]


def _of_segments(dimension: Dimension) -> tuple[Dimension, Callable[[str], list[str]]]:
    # those too that the site has saved, as a filter takes them; since values are cut, all names of somebody are told
    # by a short text that stands for them
    texts: dict[str, str] = {}
    told = replace(dimension, person="segment_names", fold=lambda names: texts.setdefault(names, str(len(texts))))

    def values(text: str) -> list[str]:
        names = {short: names for names, short in texts.items()}.get(text)
        return dimension.shown_of(names.split(NAMES_APART)) if names else [dimension.missing]

    return told, values
