"""The lake as jobs/rollup writes it, read by DuckDB alone: every event once, in files that answers take whole."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from footfall import sites
from footfall.errors import Invalid
from footfall.questions import funnel, lake_check
from footfall.questions.funnel import FunnelQuestion
from footfall.questions.lake_check import LakeCheck, LakeCheckQuestion
from footfall.settings import LakeSettings, from_environment
from footfall.stores import lake as files

from functions.etl.events import steps
from functions.jobs.retention.handler import handler as retention
from functions.jobs.rollup import handler as rollup
from functions.jobs.rollup import lake
from tests.support.builders import NOON, LambdaContext, an_event, at
from tests.support.interrupting import Died
from tests.support.telling import DAY, said, tell
from tests.support.visits import Mongo, a_shop, know, roll_up

STEPS = FunnelQuestion.model_validate(
    {"steps": ["pageview", "click"], "from": date(2026, 2, 1), "to": date(2026, 3, 31)}
)
MARCH = LakeCheckQuestion.model_validate({"from": date(2026, 2, 1), "to": date(2026, 3, 31)})


@pytest.fixture
def pipeline(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A database with the site `demo`, whose events etl/events processes."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda *_: None)
    know(database, a_shop("home", "search"))
    yield database
    sites._known.clear()


@pytest.fixture
def folder(pipeline: Mongo) -> Path:
    """The folder that the lake is in."""
    return Path(from_environment(LakeSettings).lake_location.removeprefix("file://"))


def rows(folder: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    """What DuckDB reads of all files, in the order of time."""
    found = [str(file) for file in folder.rglob("*.parquet")]
    return duckdb.read_parquet(found, hive_partitioning=True).order("time, tie").project(columns).fetchall()


def rows_kept(database: Mongo, folder: Path, columns: str) -> list[tuple[Any, ...]]:
    """The same of the files that are current."""
    found = [str(folder / key) for keys in kept(database).values() for key in keys]
    return duckdb.read_parquet(found, hive_partitioning=True).order("time, tie").project(columns).fetchall()


def kept(database: Mongo) -> dict[str, list[str]]:
    """The keys of the files of each period."""
    found = database["lake_periods"].find().sort("period", 1)
    return {period["period"]: sorted(file["key"] for file in period["files"]) for period in found}


def reached() -> list[int]:
    """How many reach a page view and then a click, as people and as sessions."""
    asked = [STEPS, STEPS.model_copy(update={"unit": "session"})]
    return [step.users for question in asked for step in funnel.answer("demo", question).steps]


def check() -> LakeCheck:
    return lake_check.answer("demo", MARCH)


def looks(minute: float, visitor: str = "v", **but: Any) -> None:
    tell(an_event(visitorId=visitor, timestamp=at(minute), **but))


def test_every_event_is_there_once_with_its_columns(pipeline: Mongo, folder: Path) -> None:
    looks(0, url="https://shop.example/", device="Mobile")
    looks(1, eventType="click")
    looks(2, visitor="crawler", context={"userAgent": "Googlebot/2.1"})
    tell(said(minute=3, userId="ann", total=5))
    roll_up()
    told = rows(folder, "site, month, period, type, page_type, page, device, order_id, bot, signed_in, origin, tie")
    assert [row[:3] for row in told] == [("demo", "2026-03", "2026-03")] * 4
    assert [row[3:] for row in told] == [
        ("pageview", "home", "/", "Mobile", None, False, False, "collect", 0),
        ("click", None, None, "Other", None, False, False, "collect", 0),
        ("pageview", None, None, "Other", None, True, False, "collect", 0),
        ("order_completed", None, None, "Other", "o1", False, True, "collect", 0),
    ]
    assert rows(folder, "epoch_ms(time) - epoch_ms(TIMESTAMP '2026-03-01 12:00:00')")[1] == (60_000,)
    sessions = [row[0] for row in rows(folder, "session")]
    assert sessions[0] == sessions[1] != 0
    assert sessions[3] == 0, "an order that was told without a page is part of no visit"


def test_events_of_one_moment_are_told_apart_in_the_order_they_have(pipeline: Mongo, folder: Path) -> None:
    for visitor in ("v", "w", "x"):
        looks(1, visitor)
    looks(1, "w", eventType="click")
    looks(2)
    roll_up()
    assert rows(folder, "tie") == [(0,), (1,), (2,), (3,), (0,)]


def test_a_session_whose_start_a_late_event_moves_is_one_on_all_its_days(pipeline: Mongo, folder: Path) -> None:
    midnight = DAY / 2
    for minute in (midnight - 1, midnight + 1):
        looks(minute, sessionId="s")
    roll_up()
    began = [row[0] for row in rows(folder, "session")]
    looks(midnight - 600, sessionId="s")
    late = reached()
    roll_up()
    moved = [row[0] for row in rows_kept(pipeline, folder, "session")]
    assert len(set(began)) == len(set(moved)) == 1
    assert began[0] != moved[0], "a session's number begins with its start"
    assert late == reached() == [1, 0, 1, 0]


def test_how_quick_pages_are_and_what_is_in_stock_are_columns(pipeline: Mongo, folder: Path) -> None:
    know(pipeline, a_shop("home", "search", dimensions=[{"name": "level", "property": "stock.level"}]))
    looks(0, eventType="page_exit", vitals={"lcp": 5_000, "inp": 300, "cls": 0.01})
    looks(1, eventType="Product Viewed", properties={"product_id": "p", "availability": "SoldOut"})
    looks(2, eventType="Product Viewed", properties={"product_id": "p", "stock": {"level": "low"}})
    roll_up()
    assert rows(folder, "vitals, stock, level") == [
        ("lcp poor, inp fair, cls good", None, None),
        (None, "out", None),
        (None, None, "low"),
    ]


def test_what_turned_out_about_a_visitor_rewrites_nothing_and_is_in_the_answer(pipeline: Mongo) -> None:
    looks(0)
    looks(1, visitor="w", eventType="click")
    looks(0.5, visitor="w")
    tell(an_event(visitorId="x", timestamp=at(40 * DAY)), received_at=NOON + timedelta(days=41))
    roll_up()
    before = kept(pipeline)
    assert reached()[:2] == [2, 1]
    for visitor in ("v", "w"):
        known = an_event(eventType="identify", visitorId=visitor, userId="ann", timestamp=at(40 * DAY))
        tell(known, received_at=NOON + timedelta(days=41))
    roll_up()
    assert reached()[:2] == [1, 1]
    assert kept(pipeline)["2026-03"] == before["2026-03"]


def test_a_month_that_is_over_is_kept_together_and_takes_late_events(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (0, 1, 2):
        looks(day * DAY)
    with monkeypatch.context() as on_the_third:
        on_the_third.setattr(lake, "now", lambda: NOON + timedelta(days=2))
        roll_up()
    assert list(kept(pipeline)) == ["2026-03-01", "2026-03-02", "2026-03-03"]
    looks(DAY + 1, eventType="click")
    roll_up()
    assert list(kept(pipeline)) == ["2026-03"]
    assert (reached(), check().differing_days) == ([1, 1, 3, 1], [])


def test_days_whose_month_ends_are_put_together_by_themselves(pipeline: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    looks(0)
    looks(DAY, eventType="click")
    with monkeypatch.context() as on_the_third:
        on_the_third.setattr(lake, "now", lambda: NOON + timedelta(days=2))
        roll_up()
    roll_up()
    assert list(kept(pipeline)) == ["2026-03"]
    assert (reached()[:2], check().differing_days, check().damaged_files) == ([1, 1], [], [])


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_damaged_file_is_said_read_around_and_made_anew(pipeline: Mongo, folder: Path, damage: str) -> None:
    looks(0)
    looks(1, eventType="click")
    roll_up()
    (file,) = folder.rglob("*.parquet")
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-9])
    assert reached() == [1, 1, 1, 1]
    assert [found.problem for found in check().damaged_files] == [damage]
    rollup.handler({"site_id": "demo", "date": "2026-03-01"}, LambdaContext())
    assert (reached(), check().damaged_files) == ([1, 1, 1, 1], [])


def test_a_damaged_month_is_made_anew_day_by_day(pipeline: Mongo, folder: Path) -> None:
    looks(0)
    looks(DAY, eventType="click")
    roll_up()
    for file in folder.rglob("*.parquet"):
        file.unlink()
    rollup.handler({"site_id": "demo", "date": "2026-03-01"}, LambdaContext())
    assert [(found.date.day, found.problem) for found in check().differing_days] == [(2, "missing")]
    roll_up()
    assert (reached()[:2], check().differing_days, check().damaged_files) == ([1, 1], [], [])


@pytest.mark.parametrize("broken", [{"files": None}, {"days": "none"}, {"files": {}, "days": 5}])
def test_a_broken_manifest_is_as_if_it_were_not_there_and_made_anew(pipeline: Mongo, broken: dict[str, Any]) -> None:
    looks(0)
    looks(1, eventType="click")
    roll_up()
    pipeline["lake_periods"].update_many({}, {"$set": broken})
    assert reached() == [1, 1, 1, 1]
    assert [found.problem for found in check().differing_days] == ["missing"]
    retention({}, LambdaContext())
    rollup.handler({"site_id": "demo", "date": "2026-03-01"}, LambdaContext())
    assert (reached(), check().differing_days, list(kept(pipeline))) == ([1, 1, 1, 1], [], ["2026-03"])


def test_what_waits_for_a_rollup_is_answered_and_said(pipeline: Mongo) -> None:
    looks(0)
    roll_up()
    looks(1, eventType="click")
    assert reached() == [1, 1, 1, 1]
    assert [(found.problem, found.stored, found.in_lake) for found in check().differing_days] == [("waits", 2, 1)]


def test_other_events_than_are_stored_are_said(pipeline: Mongo) -> None:
    looks(0)
    looks(1)
    roll_up()
    pipeline["events"].update_one({}, {"$set": {"event_id": "another"}})
    assert [found.problem for found in check().differing_days] == ["differs"]


def test_files_that_nothing_names_any_more_are_removed_after_an_hour(pipeline: Mongo, folder: Path) -> None:
    looks(0)
    roll_up()
    looks(1)
    roll_up()
    assert len(list(folder.rglob("*.parquet"))) == 2
    retention({}, LambdaContext())
    assert len(list(folder.rglob("*.parquet"))) == 2
    for file in folder.rglob("*.parquet"):
        old = file.stat().st_mtime - 3_700
        os.utime(file, (old, old))
    retention({}, LambdaContext())
    (left,) = folder.rglob("*.parquet")
    assert kept(pipeline)["2026-03"] == [left.relative_to(folder).as_posix()]
    assert reached()[:1] == [1]


def test_a_site_that_keeps_so_many_days_keeps_no_longer_in_the_lake(pipeline: Mongo) -> None:
    looks(0)
    roll_up()
    (answer,) = retention({"site_id": "demo", "retention_days": 30}, LambdaContext())["cleanups"]
    assert (answer["removed"]["events"], answer["removed"]["lake_periods"]) == (1, 1)
    assert (kept(pipeline), reached()[:1]) == ({}, [0])


def test_rare_kinds_share_a_file_and_common_ones_have_their_own(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "FEWEST_ROWS", 3)
    for minute in range(3):
        looks(minute)
    looks(5, eventType="click")
    looks(6, eventType="track", event="Colour/Picked ä")
    roll_up()
    names = [key.split("name=")[1].split("/")[0] for key in kept(pipeline)["2026-03"]]
    assert names == ["other", "pageview"]
    assert reached() == [1, 1, 1, 1]
    (period,) = pipeline["lake_periods"].find()
    assert [file.get("kind") for file in period["files"]] == [{"type": "pageview"}, None]


@pytest.mark.parametrize("call", range(6))
def test_a_writer_that_ends_at_any_call_leaves_the_lake_whole(
    pipeline: Mongo, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    looks(0)
    roll_up()
    looks(1, eventType="click")
    looks(DAY)
    left = call

    def die(real: Any) -> Any:
        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Died
            return real(*arguments, **options)

        return called

    with monkeypatch.context() as changed, suppress(Died):
        for module, name in ((files, "put"), (files, "get"), (rollup, "replace_days"), (rollup, "unmark")):
            changed.setattr(module, name, die(getattr(module, name)))
        roll_up()
    assert reached() == [1, 1, 2, 1]
    roll_up()
    assert (reached(), check().differing_days, check().damaged_files) == ([1, 1, 2, 1], [], [])


def test_no_more_than_two_months_are_compared_at_once(pipeline: Mongo) -> None:
    with pytest.raises(Invalid):
        lake_check.answer("demo", MARCH.model_copy(update={"from_": date(2026, 1, 1)}))
