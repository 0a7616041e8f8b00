"""Conditions of a funnel's steps, as `product_viewed[category=lamps]`: from the lake, from events, and from both."""

from datetime import timedelta
from typing import Any

import pytest
from footfall.funnels.steps import Alternative, Condition, parsed, parted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.api.funnel.handler import handler
from functions.api.metrics.handler import handler as metrics
from tests.layers.core.funnel_oracle import Rules, Seen, furthest, users
from tests.support.asking import ask, reached, refusal
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import Mongo, a_shop, happen, know, roll_up, view

FUNNEL = "/api/funnel"
RANGE = {"from": "2026-02-26", "to": "2026-03-03"}
NAMES, COUNTRIES, PAGES = ["ann", "bob"], ["IT", "DE", None], ["home", "search", "cart"]


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, RANGE | query)


@pytest.mark.parametrize(
    ("step", "alternatives"),
    [
        ("home", [("home", [])]),
        ("product_viewed[category=lamps]", [("product_viewed", [("category", "lamps", False)])]),
        (
            "a[page=/x|y]|b[os!=iOS][sex = male]",
            [("a", [("page", "/x|y", False)]), ("b", [("os", "iOS", True), ("sex", "male", False)])],
        ),
        ("Clicked [CTA]", [("Clicked [CTA]", [])]),
        ("a[b]=c]", [("a[b]=c]", [])]),
    ],
)
def test_a_step_is_names_with_conditions(step: str, alternatives: list[tuple[str, list[Any]]]) -> None:
    expected = [Alternative(word, tuple(Condition(*each) for each in told)) for word, told in alternatives]
    assert parsed(step) == tuple(expected)


def test_commas_within_a_condition_do_not_part_steps() -> None:
    assert parted("a[page=/x,y],b , c[os=iOS]", ",") == ["a[page=/x,y]", "b", "c[os=iOS]"]


seen = st.tuples(
    st.builds(
        Seen,
        st.integers(1, 2),
        st.just("Mobile"),
        st.sampled_from(PAGES),
        st.sampled_from([-1440, 0, 0, 1, 2, 700]).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    ),
    st.sampled_from(COUNTRIES),
)
# what is asked for, and the same as labels of page and country
STEPS = [
    ("home[country=it],search|search", "home@IT,search"),
    ("home,search[country!=IT]|cart[country=DE],cart", "home,search@DE|search@None|cart@DE,cart"),
    ("home[country!=de][country!=unknown],home", "home@IT,home"),
]


def _labelled(steps: str) -> list[str]:
    # a name without a country is that of any
    def of_countries(name: str) -> list[str]:
        return [name] if "@" in name else [f"{name}@{country}" for country in COUNTRIES]

    return ["|".join(each for name in step.split("|") for each in of_countries(name)) for step in steps.split(",")]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(seen, min_size=1, max_size=8).map(lambda events: sorted(events, key=lambda each: each[0].at)),
    st.sampled_from(STEPS),
    st.sampled_from(["ordered", "strict"]),
    st.sampled_from([None, ("cart[country=IT]", "cart@IT")]),
    st.integers(0, 8),
)
def test_conditions_are_what_the_definition_says_wherever_events_are(
    shop: Mongo,
    events: list[tuple[Seen, str | None]],
    steps: tuple[str, str],
    order: str,
    exclude: tuple[str, str] | None,
    rolled_up: int,
) -> None:
    for name in ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups"):
        shop[name].delete_many({})
    forget_answers()
    stored = [
        {
            **view(event.page, NAMES[event.person - 1], eventId=f"{99 - place}"),
            **({"country": country} if country else {}),
            "timestamp": event.at,
            "sequence": place,
        }
        for place, (event, country) in enumerate(events)
    ]
    labelled = [event._replace(page=f"{event.page}@{country}") for event, country in events]
    rules = Rules(order=order, exclude=exclude[1] if exclude else None)
    expected = users(furthest(labelled, _labelled(steps[1]), rules=rules), len(steps[1].split(",")))
    query = {"steps": steps[0], "order": order, **({"exclude": exclude[0]} if exclude else {})}
    if stored[:rolled_up]:
        happen(shop, *stored[:rolled_up])
        roll_up()
    if stored[rolled_up:]:
        happen(shop, *stored[rolled_up:])
    assert reached(funnel(**query)) == expected
    roll_up()
    assert reached(funnel(**query)) == expected


@pytest.mark.parametrize("rolled_up", [False, True], ids=["from events", "from the lake"])
def test_a_condition_may_be_about_lines_sessions_and_people(shop: Mongo, rolled_up: bool) -> None:
    shop["users"].update_one({"person_id": "ann"}, {"$set": {"sex": "f"}})
    lines = {"products": [{"product_id": "cup", "category": "Table"}, {"product_id": "lamp", "category": "Light"}]}
    product = {"eventType": "track", "event": "Product Viewed", "pageType": None}
    happen(
        shop,
        view("home", "ann", url="https://shop.example/?utm_source=news"),
        view("", "ann", 1, **product, properties=lines),
        view("home", "bob"),
        view("", "bob", 1, **product, properties={"products": [{"product_id": "cup"}]}),
    )
    if rolled_up:
        roll_up()
    assert reached(funnel(steps="home,product_viewed")) == [2, 2]
    assert reached(funnel(steps="home,product_viewed[category=light]")) == [2, 1]
    assert reached(funnel(steps="home,product_viewed[product!=lamp]")) == [2, 1]
    assert reached(funnel(steps="home[source=news],product_viewed")) == [1, 1]
    assert reached(funnel(steps="home[sex=female],product_viewed[product=cup][category=Table]")) == [1, 1]


def test_a_named_funnel_may_have_conditions_unless_it_is_the_first(shop: Mongo) -> None:
    funnels = [
        {"name": "usual", "steps": ["home", "search"]},
        {"name": "from Italy", "steps": ["home[country=IT]", "search"]},
    ]
    know(shop, a_shop("home", "search", funnels=funnels))
    happen(shop, {**view("home"), "country": "IT"}, view("search", minutes=1), view("home", "bob"))
    roll_up()
    assert reached(funnel(funnel="from Italy")) == [1, 1]
    assert reached(funnel(funnel="usual")) == [2, 1]
    points = ask(metrics, "/api/metrics/dashboard", RANGE)["top_drop_off_points"]
    assert [point["funnel"] for point in points] == ["usual"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"steps": "home[contry=IT],search"}, "steps"),
        ({"steps": "home,search", "exclude": "cart[contry=IT]"}, "exclude"),
        ({"steps": "home,[country=IT]"}, "steps"),
        ({"steps": "home" + "[os=a]" * 51 + ",search"}, "steps"),
        ({"steps": ["home" + "[os=a]" * 40, "search" + "[os=a]" * 11]}, "steps"),
    ],
    ids=["unknown dimension", "unknown dimension of what is excluded", "no name", "too long", "too many"],
)
def test_a_condition_that_cannot_be_is_refused(shop: Mongo, query: dict[str, Any], field: str) -> None:
    happen(shop, view("home"), view("search", minutes=1), view("cart", minutes=2))
    assert refusal(handler, FUNNEL, RANGE | query) == (422, [field])
