"""The health score of a business through the Lambda handler, on a real MongoDB."""

from datetime import date, timedelta
from typing import Any

import pytest
from footfall.day_versions import change_versions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database
from pyroaring import BitMap

from functions.api.metrics.handler import handler
from tests.support.asking import ask, refusal
from tests.support.visits import TODAY, a_shop, know

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
SCORE = "/api/metrics/health-score"
LAST = date.fromisoformat(TODAY)
WEEK = {"from": str(LAST - timedelta(days=6)), "to": TODAY}
BEFORE = LAST - timedelta(days=7)
VISITS = {"visitors": 0, "page_views": 0, "sessions": 0, "bounces": 0, "session_seconds": 0.0, "conversions": 0}
TRADE = {"orders": 0, "revenue": 0, "refunds": 0}


def a_day(shop: Mongo, day: date, customers: range = range(0), **but: Any) -> None:
    """Store the figures of a day as jobs/rollup does."""
    people = {"people": BitMap(customers).serialize(), "revenue": but.get("revenue", 0)}
    own = {"_id": f"demo:{day}", "site_id": "demo", "date": str(day), "customers": people}
    visits = {**VISITS, **{name: told for name, told in but.items() if name in VISITS}}
    mobile = {"by_device": {"Mobile": {**visits, "people": BitMap().serialize()}}}
    shop["daily_metrics"].replace_one({"_id": own["_id"]}, {**VISITS, **TRADE, **own, **but, **mobile}, upsert=True)


def texts(shop: Mongo, **labels: int) -> None:
    """Store how many texts of feedback the last day has with each label."""
    nothing = dict.fromkeys(["positive", "neutral", "negative", "unsupported", "unread", "score", "squares"], 0)
    own = {"_id": f"demo:{LAST}", "site_id": "demo", "date": str(LAST)}
    shop["feedback_days"].replace_one({"_id": own["_id"]}, {**own, "whole": {**nothing, **labels}}, upsert=True)


def two_weeks(shop: Mongo) -> None:
    """A week like the one before it: twenty orders of twenty customers, half of whom had bought before."""
    a_day(shop, LAST - timedelta(days=13))
    a_day(shop, BEFORE, range(20), orders=20, revenue=10_000, sessions=1_000, conversions=20)
    a_day(shop, LAST, range(10, 30), orders=20, revenue=10_000, sessions=1_000, conversions=20)


def parts(answer: Json) -> dict[str, Json]:
    """Its parts by their names."""
    return {part["name"]: part for part in answer["parts"]}


def test_a_score_is_the_sum_of_its_parts_each_with_its_figure_and_how_it_is_judged(shop: Mongo) -> None:
    two_weeks(shop)
    texts(shop, positive=15, negative=5, neutral=9)
    answer = ask(handler, SCORE, WEEK)
    found = {name: (part["figure"], part["weight"], part["points"]) for name, part in parts(answer).items()}
    assert found == {
        "revenue": (0.0, 30.0, 15.0),
        "conversion": (0.0, 20.0, 10.0),
        "sessions": (0.0, 15.0, 7.5),
        "returning_customers": (50.0, 15.0, 15.0),
        "refunds": (0.0, 10.0, 10.0),
        "sentiment": (75.0, 10.0, 7.5),
    }
    assert (answer["score"], answer["grade"], answer["missing"]) == (65.0, "B", None)
    assert all(part["judged"] and part["missing"] is None for part in answer["parts"])
    assert parts(answer)["refunds"]["worst"] == 20.0
    assert (answer["range"]["from"], answer["compared_with"]["to"]) == (WEEK["from"], str(BEFORE))


def test_what_is_not_judged_says_why_and_leaves_its_weight_to_the_rest(shop: Mongo) -> None:
    two_weeks(shop)
    texts(shop, positive=9, neutral=30)
    answer = ask(handler, SCORE, WEEK)
    sentiment = parts(answer)["sentiment"]
    assert (sentiment["figure"], sentiment["weight"], sentiment["points"]) == (None, None, None)
    assert sentiment["missing"] == "9 positive and negative texts of feedback; it is judged by 10 or more"
    assert round(sum(part["weight"] or 0 for part in answer["parts"]), 2) == 100
    assert answer["score"] == 63.89


def test_changes_are_not_judged_against_days_of_which_some_are_before_any_data(shop: Mongo) -> None:
    two_weeks(shop)
    shop["daily_metrics"].delete_one({"date": str(LAST - timedelta(days=13))})
    answer = ask(handler, SCORE, WEEK)
    for name in ("revenue", "conversion", "sessions"):
        assert parts(answer)[name]["missing"] == "the earlier days are not all known: figures begin later"
    assert (answer["score"], answer["grade"]) == (None, None)
    assert answer["missing"] == "parts of less than half of the weight can be judged"


def test_without_data_there_is_no_score_and_every_part_says_why(shop: Mongo) -> None:
    answer = ask(handler, SCORE, WEEK)
    assert (answer["score"], answer["grade"], answer["complete_to"]) == (None, None, None)
    assert answer["range"] == {**WEEK, "time_zone": "UTC"}
    assert all(part["missing"] and part["points"] is None for part in answer["parts"])


def test_refunds_and_days_that_do_not_tell_their_customers(shop: Mongo) -> None:
    two_weeks(shop)
    a_day(shop, LAST, range(10, 30), orders=20, revenue=10_000, refunds=1_000, sessions=1_000, conversions=20)
    shop["daily_metrics"].update_one({"date": str(BEFORE)}, {"$unset": {"customers": 1}})
    found = parts(ask(handler, SCORE, WEEK))
    assert (found["refunds"]["figure"], found["revenue"]["figure"]) == (10.0, -10.0)
    assert found["returning_customers"]["missing"] == "some days do not tell their customers yet"


def test_it_is_remembered_until_the_next_rollup(shop: Mongo) -> None:
    two_weeks(shop)
    change_versions(shop, "demo", [str(LAST)])
    first = ask(handler, SCORE, WEEK)
    a_day(shop, LAST)
    assert ask(handler, SCORE, WEEK) == first
    change_versions(shop, "demo", [str(LAST)])
    assert ask(handler, SCORE, WEEK) != first


def test_another_sites_days_are_not_judged_and_what_cannot_be_is_refused(shop: Mongo) -> None:
    two_weeks(shop)
    know(shop, a_shop("home", "search", site_id="other"))
    assert ask(handler, SCORE, WEEK, site_id="other")["score"] is None
    assert refusal(handler, SCORE, {"from": TODAY, "to": str(BEFORE)}) == (422, ["to"])
    assert refusal(handler, SCORE, {"compare": "year"}) == (422, ["compare"])


counts = st.integers(0, 40)
a_week = st.fixed_dictionaries(
    {
        "orders": counts,
        "revenue": st.integers(0, 9_000),
        "refunds": st.integers(0, 9_000),
        "sessions": st.integers(0, 60),
        "conversions": counts,
        "customers": st.builds(range, st.integers(0, 20), st.integers(20, 40)),
    }
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a_week, a_week, st.sampled_from(["refunds", "revenue"]), st.integers(0, 5_000))
def test_every_score_is_bounded_additive_the_same_again_and_never_falls_where_a_part_gets_better(
    shop: Mongo, before: Json, week: Json, better: str, more: int
) -> None:
    a_day(shop, LAST - timedelta(days=13))
    a_day(shop, BEFORE, **before)
    a_day(shop, LAST, **week)
    first = ask(handler, SCORE, WEEK)
    assert ask(handler, SCORE, WEEK) == first
    _is_sound(first)
    a_day(shop, LAST, **{**week, better: week[better] + more if better == "revenue" else max(week[better] - more, 0)})
    second = ask(handler, SCORE, WEEK)
    if first["score"] is not None and [one["missing"] for one in first["parts"]] == [
        one["missing"] for one in second["parts"]
    ]:
        assert second["score"] >= first["score"]


def _is_sound(answer: Json) -> None:
    points = [part["points"] for part in answer["parts"] if part["points"] is not None]
    if answer["score"] is None:
        assert not points
        assert answer["missing"]
        return
    assert 0 <= answer["score"] <= 100
    assert round(sum(points), 2) == answer["score"]
    assert all(0 <= part["points"] <= part["weight"] for part in answer["parts"] if part["points"] is not None)


@pytest.mark.parametrize(("score", "grade"), [(100, "A"), (80, "A"), (79.99, "B"), (40, "C"), (20, "D"), (0, "E")])
def test_grades_are_fifths(score: float, grade: str) -> None:
    from footfall.questions.health_score import grade_of

    assert grade_of(score) == grade
