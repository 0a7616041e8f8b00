"""jobs/rollup on a real MongoDB: days recomputed whole, marks kept until what they stand for is done."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast, get_type_hints
from zoneinfo import ZoneInfo

import pytest
from footfall import sites
from footfall.clock import now
from footfall.days import DayRange
from footfall.errors import NotFound
from footfall.funnels.columns import unpack
from footfall.funnels.following import ordered
from footfall.funnels.summary import Summary, step_figures
from footfall.questions import funnel
from footfall.schemas.funnel import DEVICES, FunnelDocument
from footfall.schemas.site import Funnel, Site
from pyroaring import BitMap

from functions.jobs.rollup import handler as rollup
from functions.jobs.rollup import queries, recompute, writing
from functions.jobs.rollup.handler import handler
from tests.support.builders import NOON, Hurried, a_site
from tests.support.visits import TODAY, YESTERDAY, Mongo, a_shop, an_order, happen, know, mark, person, roll_up, view


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """A database with the site `demo`, whose funnel is home → search."""
    know(database, a_shop("home", "search"))
    yield database
    sites._known.clear()


def figures(database: Mongo, day: str = TODAY) -> dict[str, Any]:
    return database["daily_metrics"].find_one({"_id": f"demo:{day}"}) or {}


def users(database: Mongo, day: str = TODAY) -> dict[tuple[str, str], int]:
    """How many people the entries of a day lead to each step, by the device they began on."""
    found = list(database["funnel_analytics"].find({"date": day}))
    steps = {document["order"]: document["step"] for document in found}
    names = [steps[order] for order in sorted(steps)]
    whole_day = DayRange(date.fromisoformat(day), date.fromisoformat(day), ZoneInfo("UTC"))
    entered = unpack([cast(FunnelDocument, document) for document in found], whole_day, len(names))
    if not names:
        return {}
    attempts = ordered(entered.steps, entered.timeline)
    summary = Summary(len(names), attempts, entered.timeline)
    totals = summary.totals([(device,) for device in DEVICES], entered.told("device", attempts, 0).codes)
    return {
        (device, step.name): step.users
        for device in {document["device"] for document in found}
        for step in step_figures(names, totals, DEVICES.index(device))
    }


def stale(database: Mongo) -> list[str]:
    return sorted(mark["date"] for mark in database["stale_days"].find())


def test_a_stale_day_is_recomputed_and_its_mark_deleted(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bob")])
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob", device="Desktop"))
    summary = roll_up()
    assert {**summary, "milliseconds": 0} == {
        "sites": 1,
        "days": 1,
        "events": 3,
        "left": 0,
        "people_unknown": 0,
        "milliseconds": 0,
    }
    assert users(shop) == {
        ("Desktop", "home"): 1,
        ("Desktop", "search"): 0,
        ("Mobile", "home"): 1,
        ("Mobile", "search"): 1,
    }
    assert stale(shop) == []


def test_documents_carry_entries_and_the_question_reads_figures_in_them(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bob")])
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob"))
    roll_up()
    document = shop["funnel_analytics"].find_one({"_id": f"demo:{TODAY}:Mobile:default:search"}) or {}
    assert document.keys() == get_type_hints(FunnelDocument).keys()
    assert (document["order"], document["entries"]["count"]) == (2, 1)
    answer = funnel.answer("demo", funnel.FunnelQuestion.model_validate({"device": ["Mobile"]}))
    assert (answer.steps[1].users, answer.steps[1].conversion_rate, answer.steps[1].drop_off) == (1, 50.0, 1)
    assert answer.steps[1].avg_seconds == 60.0


def test_a_days_figures_count_people_views_sessions_pages_and_sources(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bob")])
    happen(
        shop,
        view("home", path="/", attribution={"utmParams": {"source": "news"}}),
        view("search", minutes=1, path="/search"),
        view("home", "bob", device="Desktop", path="/"),
        view("home", "bob", minutes=1, eventType="click", device="Desktop"),
    )
    roll_up()
    day = figures(shop)
    counted = ("visitors", "page_views", "sessions", "bounces", "session_seconds", "conversions")
    assert [day[name] for name in counted] == [2, 3, 2, 0, 120.0, 0]
    assert {page["page"]: page["views"] for page in day["pages"]} == {"/": 2, "/search": 1}
    assert day["sources"] == [
        {"source": "direct", "sessions": 1, "conversions": 0},
        {"source": "news", "sessions": 1, "conversions": 0},
    ]
    assert {device: set(BitMap.deserialize(one["people"])) for device, one in day["by_device"].items()} == {
        "Mobile": {1},
        "Desktop": {2},
    }


def test_a_source_that_an_older_version_stored_by_its_host_has_its_name(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bob")])
    happen(shop, *(view("home", who, attribution={"utmParams": {"source": "google"}}) for who in ("ann", "bob")))
    shop["user_sessions"].update_one({"visitor_id": "bob"}, {"$set": {"attribution.source": "google.com"}})
    roll_up()
    assert figures(shop)["sources"] == [{"source": "google", "sessions": 2, "conversions": 0}]


def test_revenue_belongs_to_the_day_of_the_order_and_refunds_to_theirs(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    shop["orders"].insert_many(
        [
            an_order("o1", "ann", 1_000, placed_at=NOON - timedelta(days=1), refunded_at=NOON, refunded=400),
            an_order("o2", "ann", 500),
            an_order("o3", "ann", 700, currency="USD"),
        ]
    )
    mark(shop, YESTERDAY, TODAY)
    roll_up()
    assert [figures(shop, YESTERDAY)[name] for name in ("orders", "revenue", "refunds")] == [1, 1_000, 0]
    assert [figures(shop, TODAY)[name] for name in ("orders", "revenue", "refunds")] == [1, 500, 400]
    assert figures(shop, TODAY)["other_currencies"] == [{"currency": "USD", "orders": 1}]


def test_bots_are_left_out(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bot")])
    happen(shop, view("home"), {**view("home", "bot"), "bot": True})
    roll_up()
    assert users(shop)["Mobile", "home"] == 1
    assert [figures(shop)[name] for name in ("visitors", "page_views", "sessions")] == [1, 1, 1]


def test_a_visitor_who_turned_out_to_be_somebody_is_counted_as_them(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_many([person(1, "ann"), person(2, "cookie", link=link)])
    happen(shop, view("home", "cookie"), view("search", "cookie", minutes=1, userId="ann"))
    roll_up()
    assert users(shop) == {("Mobile", "home"): 1, ("Mobile", "search"): 1}
    assert figures(shop)["visitors"] == 1


def test_what_happens_to_people_without_their_being_there_is_no_visit(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"), view("", "ann", 5, eventType="identify"), view("", "ann", 6, eventType="order_refunded"))
    assert roll_up()["events"] == 1


def test_a_mark_renewed_while_its_day_is_computed_stays(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"))
    write = writing.replace_days

    def slow(*arguments: Any) -> Any:
        mark(shop, TODAY)
        return write(*arguments)

    monkeypatch.setattr(rollup, "replace_days", slow)
    assert roll_up()["days"] == 1
    assert stale(shop) == [TODAY]


def test_a_day_another_run_wrote_meanwhile_is_left_to_the_next(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"))
    write = writing.replace_days

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(rollup, "replace_days", write)
        happen(shop, view("search", minutes=1))
        roll_up()
        return write(*arguments)

    monkeypatch.setattr(rollup, "replace_days", overtaken)
    assert roll_up()["left"] == 1
    assert users(shop)["Mobile", "search"] == 1, "the run that began earlier and saw less has not overwritten it"


def test_a_day_whose_people_are_not_stored_yet_stays_marked(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"), view("home", "too new"))
    assert roll_up()["people_unknown"] == 1
    assert (users(shop)["Mobile", "home"], stale(shop)) == (1, [TODAY])
    shop["users"].insert_one(person(2, "too new"))
    assert roll_up()["people_unknown"] == 0
    assert (users(shop)["Mobile", "home"], stale(shop)) == (2, [])


def test_what_vanished_from_a_day_vanishes_from_its_rollups(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"), view("home", minutes=1, device="Tablet"))
    roll_up()
    shop["events"].delete_many({"device": "Tablet"})
    mark(shop, TODAY)
    roll_up()
    assert {device for device, _ in users(shop)} == {"Mobile"}
    for collection in ("events", "user_sessions"):
        shop[collection].delete_many({})
    mark(shop, TODAY)
    roll_up()
    assert (users(shop), figures(shop), stale(shop)) == ({}, {}, [])


def test_computing_again_changes_nothing_but_the_version(shop: Mongo) -> None:
    shop["users"].insert_many([person(1, "ann"), person(2, "bob")])
    happen(shop, view("home"), view("search", minutes=1), view("home", "bob", minutes=-1440))
    assert roll_up()["days"] == 2
    before, version = everything(shop), version_of(shop)
    mark(shop, TODAY, YESTERDAY)
    roll_up()
    assert everything(shop) == before
    assert version_of(shop) != version


def test_a_run_with_nothing_to_do_keeps_the_version(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"))
    roll_up()
    version = version_of(shop)
    assert roll_up()["days"] == 0
    assert version_of(shop) == version


def everything(database: Mongo) -> list[dict[str, Any]]:
    of_the_run = {"token", "read_at"}
    return [
        {name: value for name, value in document.items() if name not in of_the_run}
        for collection in ("funnel_analytics", "daily_metrics")
        for document in database[collection].find().sort("_id", 1)
    ]


def version_of(database: Mongo) -> str:
    return str((database["rollups"].find_one({"_id": "demo"}) or {})["version"])


def test_one_day_can_be_asked_for(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"), view("home", minutes=-1440))
    assert roll_up({"site_id": "demo", "date": YESTERDAY})["days"] == 1
    assert (users(shop, YESTERDAY)["Mobile", "home"], users(shop), stale(shop)) == (1, {}, [TODAY])


def test_a_site_that_is_not_there_is_said_to_be_so(shop: Mongo) -> None:
    with pytest.raises(NotFound):
        roll_up({"site_id": "nobody", "date": TODAY})


def test_a_schedules_event_does_every_stale_day_of_every_site(shop: Mongo) -> None:
    know(shop, a_site(site_id="other"))
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"))
    event = {"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-03-01T12:00:00Z"}
    summary = roll_up({**event, "detail": {}})
    assert (summary["sites"], summary["days"]) == (2, 1)


def test_days_that_do_not_fit_into_the_time_stay_marked(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recompute, "DAYS_PER_WRITE", 2)
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, *(view("home", minutes=-1440 * day) for day in range(5)))

    monkeypatch.setattr(rollup, "start", lambda *arguments: None)
    summary = handler({"site_id": "demo"}, Hurried(4))
    assert (summary["days"], summary["left"], len(stale(shop))) == (3, 2, 2)
    assert (roll_up()["days"], stale(shop)) == (2, [])


def test_days_are_the_sites_own(shop: Mongo) -> None:
    know(shop, a_shop("home", "search", time_zone="Asia/Tokyo"))
    shop["users"].insert_one(person(1, "ann"))
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    shop["events"].insert_one({**view("home"), "timestamp": late})
    mark(shop, "2026-03-02")
    roll_up()
    assert (users(shop, "2026-03-02")["Mobile", "home"], users(shop)) == (1, {})


def test_other_funnels_or_another_time_zone_make_every_day_anew(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"), view("cart", minutes=11.5 * 60))
    roll_up()
    know(shop, a_site(time_zone="Asia/Tokyo", funnels=[Funnel(name="short", steps=["home", "cart"])]))
    assert roll_up()["left"] == 0
    found = {
        (one["date"], one["funnel"], one["step"]): one["entries"]["count"] for one in shop["funnel_analytics"].find()
    }
    assert found == {
        (TODAY, "short", "home"): 1,
        (TODAY, "short", "cart"): 0,
        ("2026-03-02", "short", "home"): 0,
        ("2026-03-02", "short", "cart"): 1,
    }
    assert roll_up()["days"] == 0


def test_the_last_run_is_kept_for_the_status_page(shop: Mongo) -> None:
    shop["users"].insert_one(person(1, "ann"))
    happen(shop, view("home"))
    roll_up()
    run = shop["rollups"].find_one({"_id": "demo"}) or {}
    assert {name: run[name] for name in ("site_id", "days", "events", "left", "people_unknown")} == {
        "site_id": "demo",
        "days": 1,
        "events": 1,
        "left": 0,
        "people_unknown": 0,
    }
    assert run["ran_at"] <= now()
    assert run["milliseconds"] >= 0


def test_neighbouring_days_are_read_in_one_question(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    shop["users"].insert_one(person(1, "ann"))
    roll_up()
    happen(shop, *(view("home", minutes=-1440 * day) for day in (0, 1, 2, 10)))
    roll_up()
    happen(shop, *(view("home", minutes=-1440 * day) for day in (0, 1, 2, 10)))
    asked: list[int] = []
    read = queries.events_of

    def reading(site: Site, days: DayRange, archives: Any) -> Any:
        asked.append(len(days))
        return read(site, days, archives)

    monkeypatch.setattr(queries, "events_of", reading)
    roll_up()
    assert asked == [1, 3]


def test_the_ledgers_sums_are_kept(shop: Mongo) -> None:
    line = {"site_id": "demo", "day": TODAY, "events": 2, "stored": 2, "duplicate": 0, "quarantined": 0, "waiting": 0}
    shop["ledger"].insert_one({**line, "settled_at": now() - timedelta(hours=1)})
    roll_up()
    (kept,) = shop["ledger_sums"].find()
    assert (kept["_id"], kept["days"][TODAY]["stored"]) == ("demo", 2)
