"""Why people leave a funnel: what is a reason and what is none."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from footfall.questions import dropoff_breaks, dropoff_signals, dropoff_traits
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, a_shop, an_order, happen, keep_feedback, know, person, roll_up, view

Mongo = Database[dict[str, Any]]
Event = dict[str, Any]
DROPOFF = "/api/funnel/dropoff"
PAGES = ["home", "search", "payment"]
RANGE = {"from": "2026-02-27", "to": "2026-03-02"}
POOR = {"lcp": 9_000, "cls": 0.1}


def asked(**query: Any) -> dict[str, Any]:
    return ask(handler, DROPOFF, RANGE | query)


def transition(number: int = 2, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in asked(**query)["transitions"] if one["order"] == number)
    return found


def why(number: int = 2, **query: Any) -> dict[tuple[str, str | None], tuple[int, int, int, int]]:
    """Returns the counts of each reason."""
    reasons = transition(number, **query)["reasons"]
    return {
        (one["name"], one["value"]): (one["left"], one["left_of"], one["stayed"], one["stayed_of"]) for one in reasons
    }


def people(database: Mongo, left: int, stayed: int) -> tuple[list[str], list[str]]:
    """Stores so many people, each with a look at home, and at search where they stayed."""
    names = [f"v{number:03}" for number in range(left + stayed)]
    database["users"].insert_many([person(number, name, date=NOON) for number, name in enumerate(names, 100)])
    happen(database, *(view("home", name) for name in names), *(view("search", name, 2) for name in names[left:]))
    return names[:left], names[left:]


def did(kind: str, names: Iterable[str], minutes: float = 1, **but: Any) -> list[Event]:
    return [view("home", name, minutes, eventType=kind, **but) for name in names]


@pytest.mark.parametrize(
    ("name", "kind", "but"),
    [
        ("javascript_error", "javascript_error", {}),
        ("rage_click", "rage_click", {}),
        ("coupon_denied", "Coupon Denied", {}),
        ("out_of_stock", "Product Viewed", {"properties": {"product_id": "p", "availability": "Out of Stock"}}),
        ("out_of_stock", "view_item", {"properties": {"item_id": "p", "in_stock": False}}),
    ],
)
def test_what_happens_more_often_to_those_who_leave_is_a_reason(
    shop: Mongo, name: str, kind: str, but: dict[str, Any]
) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did(kind, [*left[:30], *stayed[:4]], **but), *did(kind, stayed, minutes=3, **but))
    for _ in range(2):
        (reason,) = transition()["reasons"]
        assert (reason["name"], reason["value"]) == (name, None)
        assert (reason["left"], reason["left_of"], reason["left_share"]) == (30, 40, 75.0)
        assert (reason["stayed"], reason["stayed_of"], reason["stayed_share"]) == (4, 40, 10.0)
        assert (reason["lift"], reason["lift_low"], reason["lift_high"], reason["extra"]) == (7.5, 2.91, 19.33, 26.0)
        assert reason["p_value"] < 1e-7
        roll_up()


def test_a_visit_that_ends_on_the_page_is_a_reason(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did("page_exit", [*left[:35], *stayed]))
    assert why() == {("exit", None): (35, 40, 0, 40)}
    roll_up()
    assert why() == {("exit", None): (35, 40, 0, 40)}


def test_pages_that_were_slow_are_compared_among_those_that_were_measured(shop: Mongo) -> None:
    left, stayed = people(shop, 60, 60)
    quick = {"lcp": 1_000, "cls": 0.01}
    happen(shop, *did("page_exit", left[:40], vitals=POOR), *did("page_exit", left[40:50], vitals=quick))
    happen(shop, *did("page_exit", stayed[:5], vitals=POOR), *did("page_exit", stayed[5:35], vitals=quick))
    for _ in range(2):
        found = why()
        assert found["poor_lcp", None] == (40, 50, 5, 35)
        assert found.keys() == {("poor_lcp", None), ("exit", None)}
        roll_up()


def test_texts_that_were_read_as_negative_are_a_reason_and_others_are_none(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    texts = did("feedback", [*left, *stayed], properties={"text": "so"})
    happen(shop, *texts)
    negative = {*left[:30], *stayed[:3]}
    keep_feedback(shop, [(text, text["visitor_id"] in negative) for text in texts])
    assert why() == {("negative_feedback", None): (30, 40, 3, 40)}


def test_what_people_have_is_a_reason_where_those_who_left_have_it_more_often(shop: Mongo) -> None:
    for number in range(90):
        name, is_mobile = f"v{number:02}", number < 40
        shop["users"].insert_one(person(100 + number, name, date=NOON - timedelta(days=number % 2)))
        here: Event = {"device": "Mobile" if is_mobile else "Desktop", "path": "/sale" if is_mobile else "/"}
        came: Event = {"attribution": {"utmParams": {"utm_source": "newsletter"}}} if is_mobile else {}
        happen(shop, view("home", name, **here, **came))
        if not is_mobile or number % 10 == 0:
            happen(shop, view("search", name, 1, **here))
    for _ in range(2):
        found = why()
        assert found.pop(("device", "Mobile")) == (36, 36, 4, 54)
        assert found.pop(("page", "/sale")) == (36, 36, 4, 54)
        assert found.pop(("source", "newsletter")) == (36, 36, 4, 54)
        assert {name for name, _ in found} <= {"channel"}
        roll_up()


def test_who_was_there_before_is_a_reason(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    before = {"$set": {"date": NOON - timedelta(days=3)}}
    shop["users"].update_many({"person_id": {"$in": [*left[:30], *stayed[:3]]}}, before)
    for _ in range(2):
        assert why() == why(unit="session") == {("visitor", "returning"): (30, 40, 3, 40)}
        roll_up()


def test_of_many_people_some_are_asked_whether_they_were_there_before(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, stayed = people(shop, 100, 100)
    before = {"$set": {"date": NOON - timedelta(days=3)}}
    shop["users"].update_many({"person_id": {"$in": [*left[:90], *stayed[:10]]}}, before)
    monkeypatch.setattr(dropoff_traits, "MOST_PROFILES", 3 * 120)
    returning, left_of, others, stayed_of = why()["visitor", "returning"]
    assert left_of + stayed_of == 120
    assert returning > 0.7 * left_of
    assert others < 0.3 * stayed_of


def test_a_dimension_of_the_site_is_looked_at(shop: Mongo) -> None:
    know(shop, a_shop(*PAGES, dimensions=[{"name": "theme", "property": "theme"}]))
    names = [f"v{number:02}" for number in range(80)]
    shop["users"].insert_many([person(number, name) for number, name in enumerate(names, 100)])
    themes: list[Event] = [{"properties": {"theme": "dark" if number < 30 else "light"}} for number in range(80)]
    happen(shop, *(view("home", name, **but) for name, but in zip(names, themes, strict=True)))
    happen(shop, *(view("search", name, 1) for name in names[40:]))
    assert why() == {("theme", "dark"): (30, 40, 0, 40)}


def test_fewer_than_thirty_on_a_side_tell_nothing(shop: Mongo) -> None:
    left, _ = people(shop, 29, 400)
    happen(shop, *did("javascript_error", left))
    answer = asked()
    assert (answer["looked_at"], answer["transitions"][1]["reasons"]) == (0, [])


def test_what_came_after_going_on_or_on_another_page_is_no_reason(shop: Mongo) -> None:
    left, _ = people(shop, 40, 40)
    happen(shop, *(view("about", name, 1) for name in left), *did("javascript_error", left, minutes=2))
    assert why() == {}
    happen(shop, *did("rage_click", left, minutes=45))
    assert why() == {}, "longer than half an hour"


def test_the_largest_loss_comes_first_with_what_it_cost(shop: Mongo) -> None:
    _, stayed = people(shop, 40, 60)
    happen(shop, *(view("payment", name, 3) for name in stayed[:10]))
    shop["orders"].insert_many([an_order(f"o{name}", name, 1_000) for name in stayed[:10]])
    roll_up()
    answer = asked()
    assert [(one["step_before"], one["step"], one["drop_off"]) for one in answer["transitions"]] == [
        ("search", "payment", 50),
        ("home", "search", 40),
    ]
    lost = answer["transitions"][0]
    steps = ask(handler, "/api/funnel", RANGE)["steps"]
    assert (lost["users"], lost["drop_off_rate"], lost["value_lost"]) == (60, 83.33, 500.0)
    for name in ("drop_off_rate", "value_lost", "value_lost_low", "value_lost_high"):
        assert lost[name] == steps[2][name]
    assert transition(3, unit="session")["value_lost"] is None


def test_filters_narrow_who_is_compared_and_not_what_happened_to_them(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did("rage_click", [*left[:30], *stayed[:3]], device="Desktop", path="/elsewhere"))
    assert why(device="Mobile") == {("rage_click", None): (30, 40, 3, 40)}
    assert why(device="Desktop") == {}
    assert ("rage_click", None) in why(page_type="!cart")


def test_a_site_without_events_has_no_reasons(shop: Mongo) -> None:
    answer = ask(handler, DROPOFF, {"from": TODAY, "to": TODAY})
    assert answer["range"] == {"from": TODAY, "to": TODAY, "time_zone": "UTC"}
    assert [(one["users"], one["reasons"], one["breaks"]) for one in answer["transitions"]] == [(0, [], [])] * 2


def test_the_more_events_there_are_the_fewer_dimensions_are_compared(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(shop, a_shop(*PAGES, dimensions=[{"name": "theme", "property": "theme"}]))
    people(shop, 2, 1)
    whole = asked()["dimensions"]
    assert whole[:5] == ["device", "visitor", "source", "theme", "country"]
    roll_up()
    assert asked()["dimensions"] == whole
    monkeypatch.setattr(dropoff_traits, "MOST_VALUES", 12)
    assert asked()["dimensions"] == whole[:5], "four entries to steps are in the lake"
    monkeypatch.setattr(dropoff_traits, "MOST_VALUES", 1)
    assert asked()["dimensions"] == whole[:3]


def test_too_many_days_have_no_breaks_and_too_many_texts_are_refused(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, _ = people(shop, 2, 0)
    texts = did("feedback", left, properties={"text": "bad"})
    happen(shop, *texts)
    keep_feedback(shop, [(text, True) for text in texts])
    monkeypatch.setattr(dropoff_breaks, "MOST_FIGURES", 11)
    assert transition()["breaks"] is None
    monkeypatch.setattr(dropoff_signals, "MOST_FEEDBACK", 1)
    assert refusal(handler, DROPOFF, RANGE) == (422, ["from"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"steps": "home"}, "steps"),
        ({"steps": ",".join(["home"] * 33)}, "steps"),
        ({"steps": "home,nothing of the kind"}, "steps"),
        ({"window": "0d"}, "window"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"breakdown": "device"}, "breakdown"),
        ({"continent": "Europe"}, "continent"),
        ({"order": "any", "steps": "home,home"}, "steps"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, Any], field: str) -> None:
    people(shop, 1, 1)
    assert refusal(handler, DROPOFF, RANGE | query) == (422, [field])
