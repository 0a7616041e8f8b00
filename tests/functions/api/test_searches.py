"""/api/analytics/searches through its Lambda handler."""

from datetime import timedelta
from typing import Any

import pytest

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import Mongo, an_order, happen, person, roll_up, view

SEARCHES = "/api/analytics/searches"
RANGE = {"from": "2026-03-01", "to": "2026-03-01"}
FIGURES = ("searches", "people", "results_told", "without_results", "avg_results", "clicked", "added", "ordered")


def search(term: str | None, minutes: float = 0, who: str = "ann", results: Any = None, **but: Any) -> dict[str, Any]:
    told = {"query": term, "results": results}
    return view("", who, minutes, eventType="track", event="Products Searched", pageType=None, properties=told, **but)


def done(what: str, minutes: float, who: str = "ann") -> dict[str, Any]:
    told: dict[str, Any] = {"eventType": "track", "event": what, "pageType": None}
    return view("", who, minutes, **told, properties={"product_id": "lamp"})


def a_day(shop: Mongo) -> None:
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].insert_one(person(9, "cookie", link=link, linked_at=NOON))
    happen(
        shop,
        view("home"),
        search("Lamp", 1, results=12),
        search("lamp ", 2, results=14),
        done("Product Clicked", 3),
        search("lmap", 4, results=0),
        search("lamp", 5, results=14),
        done("add_to_cart", 6),
        view("home", "cookie"),
        search("LAMP", 1, "cookie", device="Desktop"),
        done("Product Viewed", 0, "bob"),
        search(None, 1, "bob", results="0"),
    )
    entry = {"order_id": "o1", "told_id": "o1", "placed_at": NOON + timedelta(minutes=9), "total": 1, "currency": "EUR"}
    shop["orders"].insert_one(an_order("o1", "ann", 1, placed_at=entry["placed_at"]))
    shop["user_sessions"].update_one({"visitor_id": "ann"}, {"$set": {"orders": [entry]}})


def table(**query: Any) -> dict[str, tuple[Any, ...]]:
    data = ask(handler, SEARCHES, RANGE | query)["data"]
    return {row["term"]: tuple(row[name] for name in FIGURES) for row in data}


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_terms_are_told_with_what_was_found_and_what_came_of_them(shop: Mongo, rolled_up: bool) -> None:
    a_day(shop)
    if rolled_up:
        roll_up()
    assert table() == {
        "lamp": (3, 1, 2, 0, 14.0, 1, 1, 1),
        "lmap": (1, 1, 1, 1, 0.0, 0, 0, 0),
        "unknown": (1, 1, 1, 1, 0.0, 0, 0, 0),
    }
    overall = ask(handler, SEARCHES, RANGE)["overall"]
    assert tuple(overall[name] for name in FIGURES) == (5, 2, 4, 2, 7.0, 1, 1, 1)
    assert (overall["without_results_rate"], overall["clicked_rate"], overall["ordered_rate"]) == (50.0, 20.0, 20.0)
    assert table(device="Desktop") == {"lamp": (1, 1, 0, 0, None, 0, 0, 0)}
    assert list(table(sort_by="without_results")) == ["lmap", "unknown", "lamp"]


def test_the_list_goes_on_behind_its_last_term(shop: Mongo) -> None:
    happen(shop, view("home"), *(search(f"t{number % 5}", number) for number in range(8)))
    first = ask(handler, SEARCHES, {**RANGE, "page_size": 3})
    second = ask(handler, SEARCHES, {**RANGE, "page_size": 3, "after": first["next"]})
    assert [row["term"] for row in first["data"] + second["data"]] == ["t0", "t1", "t2", "t3", "t4"]
    assert (first["total"], second["next"]) == (5, None)


def test_beyond_the_most_frequent_terms_all_others_are_one(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.questions.searches.MOST_LISTED", 1)
    happen(shop, view("home"), *(search(term, at) for at, term in enumerate("abacad")))
    assert {term: row[0] for term, row in table().items()} == {"a": 3, "other": 3}


def test_a_site_without_searches_has_an_empty_list_with_its_range(shop: Mongo) -> None:
    answer = ask(handler, SEARCHES, RANGE)
    assert (answer["data"], answer["overall"]["searches"], answer["overall"]["avg_results"]) == ([], 0, None)
    assert answer["range"]["to"] == "2026-03-01"


@pytest.mark.parametrize(("query", "field"), [({"sort_by": "luck"}, "sort_by"), ({"no_such": "1"}, "no_such")])
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, SEARCHES, query) == (422, [field])
