"""jobs/rollup goes on at once while days are left or asked for, one run of a site at a time, every site in turn."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from footfall import sites
from footfall.clock import now
from footfall.errors import Unavailable

from functions.jobs.rollup import handler as rollup
from functions.jobs.rollup import queries, recompute, turns
from functions.jobs.rollup.handler import MOST_STARTED, handler
from tests.support.builders import Hurried, LambdaContext, a_site
from tests.support.interrupting import before_next_call
from tests.support.visits import TODAY, Mongo, a_shop, happen, know, mark, person, roll_up, view

Started = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def shop(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """A database with the site `demo`, one of whose people was there on each of five days; a day is a write."""
    monkeypatch.setattr(recompute, "DAYS_PER_WRITE", 1)
    know(database, a_shop("home", "search"))
    database["users"].insert_one(person(1, "ann"))
    happen(database, *(view("home", minutes=-1440 * day) for day in range(5)))
    yield database
    sites._known.clear()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What rollups start."""
    found: Started = []
    monkeypatch.setattr(rollup, "start", lambda function, event, _: found.append((function, event)))
    return found


def stale(database: Mongo) -> int:
    return database["stale_days"].count_documents({})


def turn_of(database: Mongo, site_id: str = "demo") -> dict[str, Any]:
    found = database["rollups"].find_one({"_id": site_id}) or {}
    return {name: found[name] for name in ("turn", "asked") if name in found}


def another(name: str) -> LambdaContext:
    """The context of another invocation."""
    context = LambdaContext(60_000)
    context.aws_request_id = name
    return context


def test_a_run_that_leaves_days_starts_the_next_at_once(shop: Mongo, started: Started) -> None:
    summary = handler({"site_id": "demo"}, Hurried(5))
    assert summary["left"] == stale(shop) > 0
    assert started == [(LambdaContext.invoked_function_arn, {"site_id": "demo", "started": 1})]


def test_runs_that_start_each_other_do_every_day(shop: Mongo, started: Started) -> None:
    handler({}, Hurried(5))
    for count in range(1, 6):
        if len(started) < count:
            break
        handler(started[-1][1], Hurried(5))
    assert (stale(shop), turn_of(shop)) == (0, {})
    assert [event["started"] for _, event in started] == list(range(1, len(started) + 1))


def test_a_run_that_did_everything_starts_none(shop: Mongo, started: Started) -> None:
    assert roll_up({"site_id": "demo"})["left"] == 0
    assert started == []


def test_a_run_that_came_no_day_further_leaves_the_rest_to_the_schedule(shop: Mongo, started: Started) -> None:
    handler({"site_id": "demo", "started": 1}, Hurried(1))
    assert (stale(shop), started) == (5, [])


def test_so_many_runs_start_each_other_and_no_more(shop: Mongo, started: Started) -> None:
    assert handler({"site_id": "demo", "started": MOST_STARTED}, Hurried(5))["left"]
    assert started == []


def test_where_lambda_does_not_answer_the_schedule_goes_on(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("Lambda does not answer")

    monkeypatch.setattr(rollup, "start", fail)
    assert handler({}, Hurried(5))["left"] > 0
    assert (roll_up()["left"], stale(shop)) == (0, 0)


def test_two_runs_of_a_site_are_never_at_it_together(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile: list[int] = []

    def ask_again() -> None:
        meanwhile.append(handler({"site_id": "demo"}, another("second"))["days"])

    before_next_call(rollup, "replace_days", ask_again, monkeypatch)
    roll_up({"site_id": "demo"})
    assert (meanwhile, stale(shop), turn_of(shop)) == ([0], 0, {})


def test_who_asks_while_a_run_is_under_way_has_another_one_after_it(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_a_day() -> None:
        happen(shop, view("search", minutes=1))
        handler({"site_id": "demo"}, another("second"))

    before_next_call(rollup, "unmark", lambda: None, monkeypatch)
    before_next_call(rollup, "note_run", change_a_day, monkeypatch)
    assert roll_up({"site_id": "demo"})["days"] == 6
    assert (stale(shop), turn_of(shop)) == (0, {})


def test_who_asks_when_no_time_is_left_has_another_invocation(
    shop: Mongo, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = LambdaContext(60_000)

    def ask_late() -> None:
        mark(shop, TODAY)
        handler({"site_id": "demo"}, another("second"))
        context._remaining = 0

    before_next_call(rollup, "note_run", ask_late, monkeypatch)
    handler({"site_id": "demo"}, context)
    assert [event for _, event in started] == [{"site_id": "demo", "started": 1}]


def test_a_turn_whose_process_is_gone_ends_by_itself(shop: Mongo) -> None:
    assert turns.take("demo", "gone")
    assert roll_up()["days"] == 0
    shop["rollups"].update_one({"_id": "demo"}, {"$set": {"turn.until": now() - timedelta(seconds=1)}})
    assert (roll_up()["days"], turn_of(shop)) == (5, {})


def test_an_invocation_that_is_tried_again_goes_on_in_its_own_turn(shop: Mongo) -> None:
    assert turns.take("demo", LambdaContext.aws_request_id)
    assert roll_up()["days"] == 5


def test_a_run_that_lost_its_turn_stops(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RENEWED_SECONDS", 0.0)

    def taken_away() -> None:
        shop["rollups"].update_one({"_id": "demo"}, {"$set": {"turn.by": "another"}})

    before_next_call(rollup, "replace_days", taken_away, monkeypatch)
    assert 0 < roll_up()["days"] < 5
    assert turn_of(shop)["turn"]["by"] == "another"


def test_a_turn_is_renewed_as_long_as_it_is_used(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "RENEWED_SECONDS", 0.0)
    turn = turns.take("demo", "first")
    assert turn
    before = turn_of(shop)["turn"]["until"]
    monkeypatch.setattr(turns, "now", lambda: now() + timedelta(seconds=30))
    assert turn.holds()
    assert turn_of(shop)["turn"]["until"] > before


def test_a_site_with_much_to_do_leaves_the_others_their_share(shop: Mongo, started: Started) -> None:
    know(shop, a_site(site_id="other"))
    shop["users"].insert_one({**person(1, "bob"), "_id": "other:bob", "site_id": "other"})
    shop["events"].insert_one({**view("home", "bob"), "_id": "other:1", "site_id": "other"})
    context = LambdaContext(110_000)
    real = queries.orders_of
    taken = iter([30_000, 30_000, *[0] * 20])

    def slow(*arguments: Any) -> Any:
        context._remaining -= next(taken)
        return real(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "orders_of", slow)
        summary = handler({}, context)
    assert (summary["sites"], summary["days"]) == (2, 3), "two days of the one, the day of the other"
    assert [event for _, event in started] == [{"site_id": "demo", "started": 1}]


def test_the_site_whose_last_run_is_longest_ago_comes_first(shop: Mongo) -> None:
    know(shop, a_site(site_id="other"))
    roll_up({"site_id": "demo"})
    assert [site.site_id for site in rollup._sites(rollup.Command())] == ["other", "demo"]
    roll_up({"site_id": "other"})
    assert [site.site_id for site in rollup._sites(rollup.Command())] == ["demo", "other"]
