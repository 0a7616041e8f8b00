"""Heatmaps, from events, from the lake and from both, equal to what is reckoned by hand."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from footfall.events.spots import element_of, place_on_page, place_on_screen, scrolled_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.layers.core.heatmap_oracle import Done, heatmap
from tests.support.asking import ask, question, refusal
from tests.support.builders import NOON, LambdaContext
from tests.support.visits import happen, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
Query = dict[str, Any]
RANGE = {"from": "2026-02-27", "to": "2026-03-02"}
SCREEN = {"width": 1_000, "height": 500}


def asked(page: str = "%2Fcart", **query: Any) -> dict[str, Any]:
    """Asks as the gateway passes it on: it unquotes the path."""
    return ask(handler, f"/api/heatmap/{unquote(page)}", RANGE | query)


def do(kind: str, who: str = "ann", minutes: float = 1, path: str | None = "/cart", **but: Any) -> dict[str, Any]:
    """Something that was done on a page."""
    return view("", who, minutes, eventType=kind, path=path, **but)


def look(
    who: str = "ann", minutes: float = 0, path: str | None = "/cart", page: str = "cart", **but: Any
) -> dict[str, Any]:
    return view(page, who, minutes, path=path, **but)


def at(x: float, y: float, page: Mapping[str, float] | None = None) -> dict[str, Any]:
    return {"coordinates": {"x": x, "y": y, "viewport": SCREEN, **({"page": page} if page else {})}}


def test_clicks_are_counted_by_their_place_in_the_view_and_on_the_page(shop: Mongo) -> None:
    page = {"x": 0, "y": 2_600, "width": 1_000, "height": 5_000}
    happen(shop, look(), do("click", **at(0, 0, page)), do("click", "bob", **at(1_000, 500)))
    happen(shop, do("click", **at(49, 24.9)), do("click", **at(50, 25, {**page, "x": 50})))
    for _ in range(2):
        answer = asked()
        bins = [(one["x"], one["y"], one["count"]) for one in answer["bins"]]
        assert bins == [(0, 0, 2), (5, 5, 1), (95, 95, 1)]
        assert [(one["x"], one["y"], one["count"]) for one in answer["page_bins"]] == [(0, 50, 1), (5, 50, 1)]
        assert (answer["count"], answer["count_people"], answer["views"], answer["people"]) == (4, 2, 1, 1)
        assert (answer["unplaced"], answer["name"], answer["grid"]) == (0, "/cart", 20)
        assert [(one["x"], one["count"]) for one in asked(grid=10)["bins"]] == [(0, 3), (90, 1)]
        roll_up()


@pytest.mark.parametrize(
    "coordinates",
    [
        None,
        {},
        {"x": 1, "y": 1},
        {"x": 1, "y": 1, "viewport": None},
        {"x": 1, "y": 1, "viewport": [1_000, 500]},
        {"x": 1, "y": 1, "viewport": {"width": 0, "height": 500}},
        {"x": 1, "y": 1, "viewport": {"width": 1e300, "height": 500}},
        {"x": -1, "y": 1, "viewport": SCREEN},
        {"x": 1_001, "y": 1, "viewport": SCREEN},
        {"x": 1, "y": 501, "viewport": SCREEN},
        {"x": "1", "y": 1, "viewport": SCREEN},
        {"x": True, "y": 1, "viewport": SCREEN},
        {"y": 1, "viewport": SCREEN},
    ],
)
def test_what_tells_no_place_in_the_view_is_counted_and_not_guessed(shop: Mongo, coordinates: object) -> None:
    happen(shop, look(), do("click", coordinates=coordinates))
    for _ in range(2):
        answer = asked()
        assert (answer["count"], answer["unplaced"], answer["bins"], answer["page_bins"]) == (1, 1, [], [])
        roll_up()


@pytest.mark.parametrize(
    ("value", "depth"),
    [
        *((75, "75"), (75.9, "75"), ("75", "75"), (" 75% ", "75"), (0, "0"), (100, "100"), (-1, None), (101, None)),
        *((True, None), (None, None), ("deep", None), ("nan", None), (float("nan"), None), ("1e999", None)),
    ],
)
def test_how_far_a_scroll_went_is_a_number_from_0_to_100(value: object, depth: str | None) -> None:
    assert scrolled_to(value) == depth


@pytest.mark.parametrize(
    ("element", "named"),
    [
        *(("button#buy ", "button#buy"), ("", None), (" ", None), (None, None), (7, None), ({}, None)),
        *(({"tag": "a", "id": "buy"}, "a#buy"), ({"id": "buy"}, "#buy"), ({"tag": "a"}, "a"), ({"id": 7}, None)),
        *(({"selector": "ul > a", "id": "x"}, "ul > a"), ("x" * 300, "x" * 256)),
    ],
)
def test_an_element_is_what_the_client_calls_it(element: object, named: str | None) -> None:
    assert element_of(element) == named


def test_places_are_told_in_hundredths() -> None:
    assert place_on_screen({"x": 999, "y": 5, "viewport": SCREEN}) == "99 1"
    assert place_on_page({"page": {"x": 10, "y": 30, "width": 20, "height": 3_000}}) == "50 1"
    assert place_on_page("here") is None
    assert place_on_page({"page": {"x": 10**30, "y": 30, "width": 20, "height": 3_000}}) is None


def test_a_view_is_scrolled_by_the_same_person_until_they_view_the_page_again(shop: Mongo) -> None:
    happen(shop, do("scroll", minutes=-1, value=100), look(), do("scroll", minutes=1, value=25))
    happen(shop, do("scroll", minutes=2, value=50), look(minutes=3), do("scroll", "bob", 4, value=100))
    happen(shop, look(minutes=5, path="/other"), do("scroll", minutes=6, value=75), do("scroll", minutes=7, value="?"))
    for _ in range(2):
        answer = asked(metric="scroll")
        depths = {one["depth"]: (one["views"], one["share"], one["ended"]) for one in answer["scroll_depth"]}
        assert depths[20] == (2, 100.0, 0)
        assert depths[50] == (2, 100.0, 1)
        assert depths[70] == (1, 50.0, 1)
        assert depths[80] == (0, 0.0, 0)
        assert (answer["count"], answer["unplaced"], answer["bins"], answer["elements"]) == (6, 3, [], [])
        assert [(one["y"], one["count"]) for one in answer["page_bins"]][9:11] == [(45, 2), (50, 1)]
        roll_up()


def test_a_page_is_named_by_its_path_or_by_its_type(shop: Mongo) -> None:
    happen(shop, look(path="/p/1", page="product"), look(path="/p/2", page="product", minutes=1), look(minutes=2))
    happen(shop, do("click", path="/p/1"), do("click", path="/p/2"), do("click", path="/p/3"))
    for _ in range(2):
        assert (asked("%2Fp%2F1")["views"], asked("%2Fp%2F1")["count"]) == (1, 1)
        assert (asked("product")["views"], asked("product")["count"]) == (2, 2)
        assert (asked("Product")["views"], asked("Product")["count"]) == (2, 2)
        assert asked("payment")["views"] == 0
        assert refusal(handler, "/api/heatmap/!lamp", RANGE) == (404, [])
        roll_up()


def test_what_tells_no_path_is_on_no_page(shop: Mongo) -> None:
    happen(shop, look(path="/p/1", page="product"), look(path=None, page="product", minutes=1), do("click", path=None))
    for _ in range(2):
        assert (asked("product")["views"], asked("product")["count"]) == (1, 0)
        roll_up()


@pytest.mark.parametrize("path", ["/", "/$where", "/a.b/../c", "/what?", "/100%", "/{page}", "/%2F", "/bücher", "//x"])
def test_a_page_may_be_called_anything(shop: Mongo, path: str) -> None:
    stored = [{**document, "path": path} for document in (look(), do("click", **at(1, 1)))]
    happen(shop, *stored)
    for _ in range(2):
        answer = ask(handler, f"/api/heatmap/{path}", RANGE)
        assert (answer["name"], answer["views"], answer["count"]) == (path, 1, 1)
        roll_up()


def test_a_page_that_was_not_seen_is_a_404_with_those_near(shop: Mongo) -> None:
    happen(shop, look(path="/checkout"), look(path="/about", page="other"))
    for _ in range(2):
        for page, near in (("/chekout", "/checkout"), ("/Zz", "/"), ("othr", "other")):
            answer = handler(question(f"/api/heatmap/{page}", RANGE), LambdaContext())
            assert answer["statusCode"] == 404
            assert near in answer["body"]
            assert page not in answer["body"].replace(f"/api/heatmap/{page}", "")
        empty = asked("%2Fcheckout", device="Tablet")
        assert (empty["views"], empty["by_device"], empty["bins"]) == (0, [], [])
        roll_up()


def test_a_shop_without_events_has_an_empty_heatmap_with_its_range(shop: Mongo) -> None:
    answer = asked("%2Fnothing")
    assert answer["range"] == {**RANGE, "time_zone": "UTC"}
    assert (answer["views"], answer["count"], answer["bins"], answer["by_device"]) == (0, 0, [], [])
    assert {one["share"] for one in answer["scroll_depth"]} == {0.0}


def test_bots_and_other_sites_are_in_no_heatmap(shop: Mongo) -> None:
    happen(shop, look(), {**do("click"), "bot": True})
    shop["events"].insert_one({**do("click"), "_id": "other:1", "site_id": "other"})
    for _ in range(2):
        assert (asked()["views"], asked()["count"]) == (1, 0)
        roll_up()


def test_a_heatmap_is_narrowed_by_dimensions(shop: Mongo) -> None:
    happen(shop, look(country="x"), do("click", device="Desktop"), do("click", "bob"))
    for _ in range(2):
        assert asked(device="Desktop")["count"] == 1
        assert asked(device="!desktop")["count"] == 1
        assert asked(country="IT")["count"] == 0
        roll_up()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"metric": "look"}, "metric"),
        ({"grid": 0}, "grid"),
        ({"grid": 30}, "grid"),
        ({"grid": 100}, "grid"),
        ({"grid": "x"}, "grid"),
        ({"page": "/cart"}, "page"),
        ({"page_type": "cart"}, "page_type"),
        ({"nothing": "x"}, "nothing"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: Query, field: str) -> None:
    assert refusal(handler, "/api/heatmap//cart", query) == (422, [field])


def numbers(most: int) -> st.SearchStrategy[float]:
    return st.sampled_from([-1, 0, 1, most / 3, most / 2, most - 1, most, most + 1])


places = st.none() | st.tuples(numbers(1_000), numbers(500), st.just(1_000), st.just(500))
whole_pages = st.none() | st.tuples(numbers(1_000), numbers(4_000), st.just(1_000), st.sampled_from([0, 4_000]))
MINUTES = [-1_500, -1_440, 0, 0, 1, 719, 720, 721, 1_500]
KINDS = ["pageview", "pageview", "click", "click", "rage_click", "dead_click", "hover", "scroll", "scroll"]
doings = st.builds(
    Done,
    st.sampled_from(KINDS),
    st.sampled_from(["ann", "bob", "cookie"]),
    st.sampled_from(["Desktop", "Mobile"]),
    st.sampled_from(["/cart", "/cart", "/cart/2", "/home"]),
    st.sampled_from(MINUTES).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    places,
    whole_pages,
    st.sampled_from([None, "button", "a#buy", "button.buy"]),
    st.sampled_from([None, 10, 25, "50%", 99.5, 100, 101, "?"]),
)
histories = st.lists(doings, min_size=1, max_size=14).map(lambda events: sorted(events, key=lambda event: event.when))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories, st.sampled_from(["click", "rage_click", "hover", "scroll"]), st.sampled_from([10, 25, 50]))
def test_every_heatmap_is_what_is_reckoned_by_hand_from_events_from_the_lake_and_from_both(
    shop: Mongo, events: list[Done], metric: str, grid: int
) -> None:
    for collection in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        shop[collection].delete_many({})
    link = {"at": NOON, "event_id": "e", "person_id": "ann"}
    shop["users"].update_one({"_id": "demo:cookie"}, {"$set": person(9, "cookie", link=link)}, upsert=True)
    happen(shop, look(minutes=-1_500), *map(stored, range(len(events)), events))
    first = Done("pageview", "ann", "Mobile", "/cart", NOON - timedelta(minutes=1_500))
    merged = sorted([first, *(event._replace(person=WHO[event.person]) for event in events)], key=lambda one: one.when)
    by_path = [event for event in merged if event.path == "/cart"]
    of_type = [event for event in merged if event.path in {one.path for one in merged if is_cart(one)}]
    for again in (roll_up, lambda: mark(shop, "2026-03-01"), roll_up):
        assert_right(by_path, "%2Fcart", metric, grid)
        assert_right(of_type, "cart", metric, grid)
        again()


WHO = {"ann": "ann", "bob": "bob", "cookie": "ann"}


def is_cart(event: Done) -> bool:
    return event.kind == "pageview" and event.path.startswith("/cart")


def stored(number: int, event: Done) -> dict[str, Any]:
    told: dict[str, Any] = {} if event.value is None else {"value": event.value}
    coordinates = {**point(event.at, "viewport"), **({"page": point(event.on_page)} if event.on_page else {})}
    if event.element:
        told["element"] = event.element
    kind = {"eventType": event.kind, "pageType": "cart" if is_cart(event) else ""}
    but = {**kind, **told, "device": event.device, "path": event.path, "coordinates": coordinates}
    return {**view("", event.person, **but), "timestamp": event.when, "sequence": number + 1}


def point(at: Sequence[float] | None, inside: str = "") -> dict[str, Any]:
    if at is None:
        return {}
    size = {"width": at[2], "height": at[3]}
    return {"x": at[0], "y": at[1], **({inside: size} if inside else size)}


def assert_right(events: Sequence[Done], page: str, metric: str, grid: int) -> None:
    answer = asked(page, metric=metric, grid=grid)
    for name, expected in heatmap(events, metric, grid).items():
        assert answer[name] == expected, name
