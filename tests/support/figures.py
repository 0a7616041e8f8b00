"""Every day's figures: as jobs/rollup has stored them, and as they are computed from nothing."""

import struct
from collections.abc import Iterable
from typing import Any

from footfall import sites
from footfall.days import day_of, zone_named
from footfall.schemas.event import Json
from pymongo.database import Database
from pyroaring import BitMap

from functions.jobs.rollup.recompute import recompute

Mongo = Database[dict[str, Any]]


def stored(database: Mongo) -> list[Json]:
    """Every day's figures as they are stored."""
    kept = ("daily_metrics", "funnel_analytics", "daily_dimensions", "daily_sessions")
    return named([found for name in kept for found in database[name].find()], database)


def computed(database: Mongo) -> list[Json]:
    """Every day's figures as they are computed from nothing."""
    site = sites.get_site(database, "demo")
    moments = [event["timestamp"] for event in database["events"].find()]
    days = {day_of(moment, zone_named(site.time_zone)).isoformat() for moment in moments}
    days |= {archive["date"] for archive in database["archived_days"].find()}
    rollups = [rollup for part in recompute(site, days, lambda: True) for rollup in part]
    return named(
        [
            found
            for each in rollups
            for found in (each.metrics, *each.funnels, *each.dimensions, *each.sessions)
            if found
        ],
        database,
    )


def named(documents: Iterable[Any], database: Mongo) -> list[Json]:
    """Figures with people by name, as their numbers follow arrival, and without what every rollup has of its own."""
    people = {found["number"]: found["person_id"] for found in database["users"].find()}
    shown = [_shown(each, people) for each in documents]
    return sorted(shown, key=lambda each: str(each["_id"]))


def _shown(document: Json, people: dict[int, str]) -> Json:
    if "dimension" in document:
        return {**document, "people": [_in_bitmap(packed, people) for packed in document["people"]]}
    if "figures" in document:
        return _in_order(document, people)
    return _steps(document, people) if "entries" in document else _day(document, people)


def _in_order(document: Json, people: dict[int, str]) -> Json:
    # of sessions that are known by a number, whatever order they came in
    figures = {name: struct.unpack(f"<{len(packed) // 8}q", packed) for name, packed in document["figures"].items()}
    columns = {**figures, "people": [people.get(number, "") for number in figures["people"]]}.values()
    values = [
        [document["texts"][name][code] for code in struct.unpack(f"<{len(packed) // 2}H", packed)]
        for name, packed in document["codes"].items()
    ]
    return {"_id": document["_id"], "cut": document["cut"], "rows": sorted(zip(*columns, *values, strict=True))}


def _day(document: Json, people: dict[int, str]) -> Json:
    buyers = document["buyers"]
    totals = struct.unpack(f"<{len(buyers['totals']) // 8}q", buyers["totals"])
    return {
        **{name: value for name, value in document.items() if name not in ("token", "read_at")},
        "buyers": sorted(zip(_names(buyers["people"], people), totals, strict=True)),
        "customers": {**document["customers"], "people": _in_bitmap(document["customers"]["people"], people)},
        "by_device": {
            device: {**one, "people": _in_bitmap(one["people"], people)}
            for device, one in document["by_device"].items()
        },
    }


def _in_bitmap(packed: bytes, people: dict[int, str]) -> list[str]:
    return sorted(people[number] for number in BitMap.deserialize(packed))


def _steps(document: Json, people: dict[int, str]) -> Json:
    return {**document, "entries": {**document["entries"], "people": _names(document["entries"]["people"], people)}}


def _names(packed: bytes, people: dict[int, str]) -> list[str]:
    return [people[number] for number in struct.unpack(f"<{len(packed) // 4}I", packed)]
