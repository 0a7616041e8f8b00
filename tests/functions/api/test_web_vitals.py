"""/api/analytics/web-vitals through its Lambda handler, on a real MongoDB."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.visits import TODAY, happen, roll_up, view

Mongo = Database[dict[str, Any]]
VITALS = "/api/analytics/web-vitals"
DAYS = {"from": TODAY, "to": TODAY}
STEP = {"lcp": 10, "inp": 10, "ttfb": 10, "cls": 0.001}
GOOD = {"lcp": 2_500, "inp": 200, "cls": 0.1, "ttfb": 800}
POOR = {"lcp": 4_000, "inp": 500, "cls": 0.25, "ttfb": 1_800}


def left(path: str = "/", device: str = "Mobile", **vitals: float) -> dict[str, Any]:
    """The exit of a page, with what was measured of it."""
    return view("home", eventType="page_exit", pageType=None, path=path, device=device, vitals=vitals)


def told(figures: Any) -> Any:
    return figures and tuple(figures[name] for name in ("n", "p75", "good", "poor"))


def test_three_of_four_measurements_are_not_more_than_p75(shop: Mongo) -> None:
    shop["events"].insert_many([left(lcp=lcp) for lcp in (1_000, 2_500, 2_501, 4_001)])
    answer = ask(handler, VITALS, DAYS)
    assert told(answer["overall"]["lcp"]) == (4, 2_510, 50.0, 25.0)
    assert answer["overall"]["inp"] is None


def test_pages_come_by_what_was_measured_of_them_and_each_by_device(shop: Mongo) -> None:
    shop["events"].insert_many(
        [
            left("/lamps", "Mobile", cls=0.3, ttfb=90),
            left("/lamps", "Desktop", cls=0.1),
            left("/lamps", "Desktop", cls=0),
            left("/", lcp=900),
            {**left("/", lcp=9_000), "bot": True},
            view("home", path="/unmeasured"),
        ]
    )
    answer = ask(handler, VITALS, {**DAYS, "page_size": 1})
    assert (answer["total"], answer["total_pages"]) == (2, 2)
    (page,) = answer["pages"]
    assert (page["page"], told(page["cls"]), told(page["ttfb"])) == ("/lamps", (3, 0.3, 66.67, 33.33), (1, 90, 100, 0))
    assert {each["device"]: told(each["cls"]) for each in page["by_device"]} == {
        "Desktop": (2, 0.1, 100.0, 0.0),
        "Mobile": (1, 0.3, 0.0, 100.0),
    }
    assert [one["page"] for one in ask(handler, VITALS, {**DAYS, "page_size": 1, "page": 2})["pages"]] == ["/"]
    assert {each["device"] for each in answer["overall"]["by_device"]} == {"Desktop", "Mobile"}


def measurements(vital: str) -> st.SearchStrategy[list[float]]:
    """Values of a vital, many of them at a threshold."""
    edges = [GOOD[vital], POOR[vital], 0]
    around = st.sampled_from([edge + side * STEP[vital] / 10 for edge in edges for side in (0, 1)])
    return st.lists(around | st.floats(0, 2 * POOR[vital]).map(lambda value: round(value, 4)), min_size=1, max_size=12)


@pytest.mark.parametrize("vital", STEP)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.data())
def test_figures_are_those_reckoned_by_hand(shop: Mongo, vital: str, data: st.DataObject) -> None:
    values = data.draw(measurements(vital))
    shop["events"].delete_many({})
    shop["events"].insert_many([left("/", "Mobile", **{vital: value}) for value in values])
    n, good, poor = len(values), sum(v <= GOOD[vital] for v in values), sum(v > POOR[vital] for v in values)
    third = sorted(values)[math.ceil(0.75 * n) - 1]
    found = told(ask(handler, VITALS, DAYS)["overall"][vital])
    assert found[0] == n
    assert third <= found[1] + 1e-9 < third + STEP[vital] + 2e-9
    assert found[2:] == (round(100 * good / n, 2), round(100 * poor / n, 2))


def test_a_range_without_measurements_is_empty(shop: Mongo) -> None:
    answer = ask(handler, VITALS, DAYS)
    assert (answer["pages"], answer["total"], answer["overall"]["lcp"]) == ([], 0, None)
    assert answer["range"]["from"] == TODAY


def test_nothing_of_another_site_is_measured(shop: Mongo) -> None:
    shop["events"].insert_one({**left(lcp=1), "site_id": "other", "_id": "other:x"})
    assert ask(handler, VITALS, DAYS)["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2015-02-30"}, "from"),
        ({"page": "0"}, "page"),
        ({"device": "Fridge"}, "device"),
        ({"nothing": "x"}, "nothing"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, str], field: str) -> None:
    assert refusal(handler, VITALS, query) == (422, [field])


def test_the_lake_tells_the_same_as_the_events(shop: Mongo) -> None:
    measured: list[dict[str, float]] = [{"lcp": 2_501}, {"cls": 0.0304, "ttfb": 0}, {"inp": 200.01, "lcp": 40}, {}]
    exits = [left(path, device, **each) for each in measured for path in ("/", "/a") for device in ("Mobile", "Other")]
    happen(shop, view("home", path="/"), *exits, {**left(lcp=7), "bot": True})
    unchanged = ask(handler, VITALS, DAYS)
    roll_up()
    assert ask(handler, VITALS, DAYS) | {"complete_to": None} == unchanged | {"complete_to": None}
    assert unchanged["overall"]["lcp"]["n"] == 8
    mobile = ask(handler, VITALS, {**DAYS, "device": "mobile"})
    assert (mobile["overall"]["lcp"]["n"], mobile["total"]) == (4, 2)
    assert told(mobile["overall"]["cls"]) == (2, 0.031, 100.0, 0.0)
