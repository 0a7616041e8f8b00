"""Days older than a site keeps in MongoDB: they are in the archive, and every figure of them stays what it was."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import encode
from footfall import sites
from footfall.clock import now
from footfall.errors import Unavailable
from footfall.lake import archive, loader
from footfall.people.erasing import Subject
from footfall.questions import event_counts, funnel, lake_check
from footfall.schemas.site import Site
from footfall.settings import LakeSettings, from_environment
from footfall.stores import lake as files
from pymongo.collection import Collection

from functions.jobs.retention import archive as archiving
from functions.jobs.retention import handler as retention_handler
from functions.jobs.retention.erasure import erase
from functions.jobs.retention.handler import handler
from functions.jobs.rollup import handler as rollup
from functions.jobs.rollup import writing
from tests.functions.jobs.test_lake import MARCH, STEPS
from tests.support.builders import LambdaContext
from tests.support.interrupting import Died
from tests.support.visits import Mongo, a_shop, happen, know, mark, person, roll_up, view

DAYS = ("2026-02-27", "2026-02-28", "2026-03-01")
FIGURES = ("daily_metrics", "funnel_analytics", "daily_dimensions", "daily_sessions")
CHANGES = {"_id", "token", "read_at"}
PEOPLE = ("ann", "bob", "cid")


@pytest.fixture
def shop(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A shop whose events of three days in spring are figures and columns, and no longer wanted in MongoDB."""
    monkeypatch.setattr(archiving, "RESTS", timedelta(0))
    know(database, a_shop("home", "search", hot_days=35))
    database["users"].insert_many([person(number, name) for number, name in enumerate(PEOPLE, 1)])
    happen(database, *visits())
    roll_up()
    yield database
    sites._known.clear()


def visits() -> list[dict[str, Any]]:
    """What three people did on three days, a bot among them."""
    pages = ("home", "search", "product")
    seen = [
        view(page, who, 5 * place - 1440 * day, properties={"n": place, "half": 0.5}, sequence=place)
        for day in range(3)
        for who in PEOPLE[: 3 - day]
        for place, page in enumerate(pages)
    ]
    return [*seen, {**view("home", "bob", 30), "bot": True}, view("home", "ann", 31, eventType="click", value=7)]


def stored(shop: Mongo) -> list[dict[str, Any]]:
    return list(shop["events"].find({"site_id": "demo"}).sort("_id", 1))


def archived(shop: Mongo) -> list[dict[str, Any]]:
    """The events of all files that count, as they were stored."""
    found: list[Any] = []
    for one in shop["archived_days"].find({"site_id": "demo"}):
        with archive.fetched(one["key"]) as file:
            found += [archive.event_of(text) for text in archive.texts_in(file)]
    return sorted(found, key=lambda event: str(event["_id"]))


def figures(shop: Mongo) -> dict[str, Any]:
    """All figures of days, without what is another with each writing, and what the lake says of its days."""
    found: dict[str, Any] = {}
    for name in FIGURES:
        documents = shop[name].find({"site_id": "demo"}).sort("_id", 1)
        found[name] = [{part: value for part, value in one.items() if part not in CHANGES} for one in documents]
    found["lake"] = [period["days"] for period in shop["lake_periods"].find().sort("period", 1)]
    return found


def retain() -> None:
    handler({}, LambdaContext(60_000))


def someone(*ids: str) -> Subject:
    """Returns a person who was seen under these ids, and nobody else was."""
    return Subject("demo", frozenset(ids), frozenset(), frozenset())


def late(shop: Mongo, *events: dict[str, Any]) -> None:
    happen(shop, *events)


def asked() -> tuple[list[int], int, list[Any], list[Any]]:
    """What a funnel from the columns, the counts and the check say."""
    checked = lake_check.answer("demo", MARCH)
    reached = [step.users for step in funnel.answer("demo", STEPS).steps]
    return reached, event_counts.answer("demo").total_events, checked.differing_days, checked.damaged_files


def test_every_event_of_an_old_day_is_in_the_archive_to_the_byte_and_no_longer_in_mongodb(shop: Mongo) -> None:
    before, answers = stored(shop), asked()
    retain()
    assert stored(shop) == []
    assert [encode(event) for event in archived(shop)] == [encode(event) for event in before]
    assert [one["date"] for one in shop["archived_days"].find().sort("date", 1)] == list(DAYS)
    assert asked() == answers == ([3, 1], len(before), [], [])


def test_days_computed_anew_from_the_archive_have_the_same_figures_and_columns(shop: Mongo) -> None:
    before = figures(shop)
    retain()
    mark(shop, *DAYS)
    assert roll_up()["left"] == 0
    assert (figures(shop), list(shop["stale_days"].find())) == (before, [])


def test_late_events_are_counted_with_the_archived_ones_and_then_archived_with_them(shop: Mongo) -> None:
    before = stored(shop)
    retain()
    come = [view("search", "cid", -1440 + 50), view("home", "cid", 3)]
    late(shop, *come)
    assert asked()[1] == len(before), "until the next rollup the last state counts"
    assert [day.problem for day in lake_check.answer("demo", MARCH).differing_days] == ["waits", "waits"]
    roll_up()
    assert asked()[1:] == (len(before) + 2, [], [])
    whole = figures(shop)
    retain()
    assert (stored(shop), len(archived(shop))) == ([], len(before) + 2)
    mark(shop, *DAYS)
    roll_up()
    assert figures(shop) == whole

    shop["archived_days"].delete_many({})
    shop["events"].insert_many([*before, *come])
    mark(shop, *DAYS)
    roll_up()
    assert figures(shop) == whole, "as if all of them had been in MongoDB"


def test_an_event_that_comes_again_counts_once_and_goes_and_another_of_its_id_stays(shop: Mongo) -> None:
    before, whole = stored(shop), figures(shop)
    retain()
    again, another = dict(before[0]), {**before[1], "body_sha256": "another"}
    shop["events"].insert_many([again, another])
    mark(shop, *DAYS)
    roll_up()
    assert figures(shop) == whole
    retain()
    assert [event["_id"] for event in stored(shop)] == [another["_id"]]
    assert len(archived(shop)) == len(before)


@pytest.mark.parametrize("held", ["stale", "lake", "definition", "digest", "new"])
def test_a_day_stays_in_mongodb_unless_its_columns_are_of_all_its_events(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    before = stored(shop)
    if held == "stale":
        mark(shop, *DAYS)
    elif held == "lake":
        shop["lake_periods"].delete_many({})
    elif held == "definition":
        know(shop, a_shop("home", "search", hot_days=35, time_zone="Europe/Rome"))
    elif held == "digest":
        shop["lake_periods"].update_many({}, {"$inc": {"days.$[].digest": 1}})
    else:
        monkeypatch.setattr(archiving, "RESTS", now() - before[0]["processed_at"] + timedelta(days=1))
    retain()
    assert (stored(shop), shop["archived_days"].count_documents({})) == (before, 0)


@pytest.mark.parametrize("hot_days", [None, 36_500])
def test_a_site_that_keeps_them_longer_has_them_all(shop: Mongo, hot_days: int | None) -> None:
    before = stored(shop)
    know(shop, a_shop("home", "search", hot_days=hot_days))
    retain()
    assert stored(shop) == before


def test_a_site_with_much_to_archive_leaves_others_their_time(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    for site_id in ("second", "third"):
        know(shop, a_shop("home", "search", site_id=site_id, hot_days=35))
    looked = Counter[str]()

    def archive_for_ever(_database: Mongo, site: Site, in_time: Callable[[], bool]) -> int:
        while in_time():
            looked[site.site_id] += 1
        return 0

    monkeypatch.setattr(retention_handler, "archive_days", archive_for_ever)
    handler({"seconds": 2}, LambdaContext(60_000))
    assert looked.keys() == {"demo", "second", "third"}


def test_an_event_whose_text_would_be_another_stays_with_its_day(shop: Mongo) -> None:
    shop["events"].update_one(
        {"timestamp": {"$gte": now() - timedelta(days=9_999)}}, {"$set": {"properties": {"p": 1}}}
    )
    first = stored(shop)[0]
    shop["events"].replace_one({"_id": first["_id"]}, {**first, "properties": {"when": {"$oid": "0" * 24}}})
    kept = {event["_id"] for event in stored(shop) if event["timestamp"].date() == first["timestamp"].date()}
    retain()
    assert {event["_id"] for event in stored(shop)} == kept


def calls() -> list[tuple[Any, str]]:
    writes = ["bulk_write", "insert_one", "replace_one", "delete_many"]
    return [*((Collection, name) for name in writes), (files, "put"), (files, "get"), (files, "remove")]


def ends_at(call: int, work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> bool:
    """Has the process end at the n-th external call of some work; returns whether it did."""
    left = call

    def watched(real: Any) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Died
            return real(*arguments, **options)

        return called

    with monkeypatch.context() as changed, suppress(Died):
        for owner, name in calls():
            changed.setattr(owner, name, watched(getattr(owner, name)))
        work()
    return left < 0


def test_whatever_call_the_job_ends_at_no_event_is_lost_and_the_next_run_goes_on(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "REMOVED_AT_ONCE", 2)
    before, answers, whole = stored(shop), asked(), figures(shop)
    call = 0
    while ends_at(call, retain, monkeypatch):
        there = {event["_id"]: event for event in [*archived(shop), *stored(shop)]}
        assert [there[event["_id"]] for event in before] == before
        mark(shop, *DAYS)
        roll_up()
        assert (figures(shop), asked()) == (whole, answers)
        shop["archived_days"].delete_many({})
        shop["events"].delete_many({})
        shop["events"].insert_many(before)
        call += 1
    assert call > 15
    assert stored(shop) == []

    shop["archived_days"].delete_many({})
    shop["events"].insert_many(before)
    call = 0
    while ends_at(call, retain, monkeypatch):  # without beginning again: each run goes on where the last one ended
        call += 1
    assert ([event["_id"] for event in archived(shop)], stored(shop)) == ([event["_id"] for event in before], [])


def test_a_day_that_is_archived_while_it_is_computed_is_computed_again(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = figures(shop)
    replace = writing.replace_days
    waiting = [retain]

    def late_replace(*arguments: Any) -> Any:
        while waiting:
            waiting.pop()()
        return replace(*arguments)

    monkeypatch.setattr(f"{rollup.__name__}.replace_days", late_replace)
    assert roll_up({"site_id": "demo", "date": DAYS[0]})["left"] == 1
    assert figures(shop) == whole
    assert roll_up({"site_id": "demo", "date": DAYS[0]})["left"] == 0
    assert figures(shop) == whole


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_day_whose_archive_is_damaged_stays_as_it_was_and_is_told(shop: Mongo, harm: str) -> None:
    retain()
    whole, reached = figures(shop), asked()[0]
    key = shop["archived_days"].find_one({"date": DAYS[1]})["key"]  # type: ignore[index]
    body = files.get(key) or b""
    if harm == "missing":
        files.remove(key)
    else:
        files.put(key, body[:-9])
    mark(shop, *DAYS)
    late(shop, view("search", "cid", -1440 + 50))
    assert roll_up()["left"] == 1
    assert (figures(shop), [day["date"] for day in shop["stale_days"].find()]) == (whole, [DAYS[1]])
    retain()
    assert len(stored(shop)) == 1
    found = asked()
    assert found[0] == reached
    assert [(day.problem, str(day.date)) for day in found[2]] == [("waits", DAYS[1])]
    assert [(one.key, one.problem) for one in found[3]] == [(key, harm)]
    files.put(key, body)
    assert roll_up()["left"] == 0
    assert asked()[2:] == ([], [])


def test_columns_of_an_archived_day_that_are_damaged_are_never_made_up_from_what_is_left(shop: Mongo) -> None:
    before = stored(shop)
    retain()
    loader._kept.clear()
    for period in shop["lake_periods"].find():
        for file in period["files"]:
            files.remove(file["key"])
    late(shop, view("search", "cid", -1440 + 50))
    with pytest.raises(Unavailable):
        funnel.answer("demo", STEPS)
    for day in DAYS:
        roll_up({"site_id": "demo", "date": day})
    roll_up()
    assert asked()[1:] == (len(before) + 1, [], [])


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_another_time_zone_has_the_figures_that_it_has_without_an_archive(shop: Mongo, zone: str) -> None:
    before = stored(shop)
    retain()
    know(shop, a_shop("home", "search", hot_days=35, time_zone=zone))
    late(shop, view("search", "cid", 700))
    roll_up()
    whole, counted = figures(shop), event_counts.answer("demo").total_events
    retain()
    roll_up()
    assert (figures(shop), counted) == (whole, len(before) + 1)
    shop["archived_days"].delete_many({})
    shop["events"].delete_many({})
    shop["events"].insert_many([*before, *stored(shop)] or before)
    assert counted == len(before) + 1


def test_a_site_that_keeps_so_many_days_keeps_its_archive_no_longer(shop: Mongo) -> None:
    retain()
    folder = Path(from_environment(LakeSettings).lake_location.removeprefix("file://"))
    assert len(list(folder.rglob("archive/**/*.parquet"))) == 3
    for file in folder.rglob("*.parquet"):
        os.utime(file, (0, 0))
    retain()
    assert len(list(folder.rglob("archive/**/*.parquet"))) == 3, "what is named stays, however old"
    told = {"site_id": "demo", "retention_days": 60}
    (planned,) = handler({**told, "dry_run": True}, LambdaContext())["cleanups"]
    (answer,) = handler(told, LambdaContext())["cleanups"]
    assert planned["removed"]["archived_days"] == answer["removed"]["archived_days"] == 3
    retain()
    assert (list(folder.rglob("archive/**/*.parquet")), event_counts.answer("demo").total_events) == ([], 0)


def test_of_an_erased_person_the_archive_has_nothing_and_of_others_all(shop: Mongo) -> None:
    before = stored(shop)
    retain()
    keys = [one["key"] for one in shop["archived_days"].find()]
    assert erase(shop, someone("cid", "o'neil")) == [DAYS[2]]
    assert archived(shop) == [event for event in before if event["visitor_id"] != "cid"]
    assert [key for key in keys if files.get(key) is None] == [key for key in keys if DAYS[2] in key]
    assert erase(shop, someone("cid")) == []
    mark(shop, DAYS[2])
    roll_up()
    assert asked()[1:] == (len(archived(shop)), [], [])


def test_an_erasure_that_ends_at_any_call_is_done_by_the_next(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored(shop)
    retain()
    call = 0
    while ends_at(call, lambda: erase(shop, someone("ann")), monkeypatch):
        call += 1
    assert archived(shop) == [event for event in before if event["visitor_id"] != "ann"]
    assert call > 3
