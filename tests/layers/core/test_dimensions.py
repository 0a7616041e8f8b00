"""The table of dimensions: every row reads what documents hold, and shows a bounded value whatever they do."""

from datetime import timedelta
from typing import Any, Literal

import pytest
from footfall.dimensions import BUILT_IN, LONGEST, MOST_OWN, Facts, dimensions_of, is_taken, none_named
from footfall.schemas.event import EventDocument
from footfall.schemas.person import PersonProfile
from footfall.schemas.session import SessionDocument
from footfall.schemas.site import OwnDimension
from footfall.sessions.fold import fold_session
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, a_site, at
from tests.support.documents import fields_of

ROWS = dimensions_of(a_site())
NAMED_IN_THE_CONTRACT = (
    "device country browser os language screen source medium campaign term content channel referrer landing_page"
    " exit_page page page_type product category coupon sex visitor segment"
)
PROFILE = PersonProfile(person_id="ann", first_seen=NOON, sex="F", rfm_segment="Champions")
SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def test_there_is_a_row_for_every_dimension_of_the_contract() -> None:
    assert list(ROWS) == NAMED_IN_THE_CONTRACT.split()


@pytest.mark.parametrize("row", BUILT_IN, ids=lambda row: row.name)
def test_a_row_names_fields_that_documents_have(row: Any) -> None:
    documents: list[tuple[str, type]] = [
        (row.event, EventDocument),
        (row.session, SessionDocument),
        (row.person, PersonProfile),
    ]
    assert all(not field or field in fields_of(document) for field, document in documents)
    assert any(field for field, _ in documents) or row.derived


@given(value=VALUES)
def test_whatever_a_document_holds_is_shown_as_a_bounded_text(value: object) -> None:
    nested = {"attribution": value, "commerce": value, "properties": {"theme": value}}
    document = {**dict.fromkeys(("device", "path", "country"), value), **nested}
    rows = dimensions_of(a_site(dimensions=[OwnDimension(name="theme", property="theme")]))
    for row in rows.values():
        shown = row.values(Facts(event=document, session=document))
        assert all(0 < len(each) <= LONGEST for each in shown)
        assert len(set(shown)) == len(shown) >= 1


def test_a_view_is_read_with_its_session() -> None:
    view = a_document(
        url="https://shop.example/?utm_source=News&utm_medium=email&utm_campaign=May&utm_term=lamp&utm_content=top",
        referrer="https://blog.example/",
        pageType="home",
        device="Mobile",
        screenWidth=390,
        context={"locale": "it-IT", "country": "Italy", "userAgent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"},
    )
    last = a_document(url="https://shop.example/cart", timestamp=at(3))
    facts = Facts(event=view, session=fold_session([last, view], NOON), person=PROFILE)
    found = {name: row.value(facts) for name, row in ROWS.items()}
    assert found == {
        "device": "Mobile",
        "country": "IT",
        "browser": "Firefox",
        "os": "Linux",
        "language": "it",
        "screen": "compact",
        "source": "news",
        "medium": "email",
        "campaign": "may",
        "term": "lamp",
        "content": "top",
        "channel": "email",
        "referrer": "blog.example",
        "landing_page": "/",
        "exit_page": "/cart",
        "page": "/",
        "page_type": "home",
        "product": "unknown",
        "category": "unknown",
        "coupon": "unknown",
        "sex": "female",
        "visitor": "new",
        "segment": "Champions",
    }


def test_nothing_known_is_said_in_one_word_and_a_source_is_direct() -> None:
    shown = {name: row.value(Facts()) for name, row in ROWS.items()}
    assert {name for name, value in shown.items() if value != "unknown"} == {"source", "channel"}
    assert shown["source"] == shown["channel"] == "direct"


def test_of_an_order_each_product_and_category_is_a_value_once() -> None:
    lines = [{"product_id": product, "category": "lamps", "price": 1} for product in ("p1", "p2", "p1")]
    order = a_document(eventType="purchase", properties={"order_id": "o", "coupon": "summer10", "products": lines})
    facts = Facts(event=order)
    assert ROWS["product"].values(facts) == ["p1", "p2"]
    assert (ROWS["product"].value(facts), ROWS["category"].values(facts)) == ("p1", ["lamps"])
    assert ROWS["coupon"].values(facts) == ["SUMMER10"]


def test_without_the_event_a_sessions_own_device_and_country_count() -> None:
    session = fold_session([a_document(device="Tablet", context={"country": "FR"})], NOON)
    assert [ROWS[name].value(Facts(session=session)) for name in ("device", "country")] == ["Tablet", "FR"]


def test_what_older_versions_stored_is_shown_as_todays() -> None:
    session = {"attribution": {"source": "google.com", "channel": "organic_search"}, "country": "Italy"}
    assert [ROWS[name].value(Facts(session=session)) for name in ("source", "country")] == ["google", "IT"]


@pytest.mark.parametrize(("minutes", "visitor"), [(0, "new"), (-5, "new"), (-30, "new"), (-31, "returning")])
def test_who_was_seen_half_an_hour_before_the_session_returns(
    minutes: int, visitor: Literal["new", "returning"]
) -> None:
    profile = PersonProfile(**{**PROFILE, "first_seen": NOON + timedelta(minutes=minutes)})
    assert ROWS["visitor"].value(Facts(session={"started_at": NOON}, person=profile)) == visitor


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("F", "female"),
        ("Female", "female"),
        ("weiblich", "female"),
        ("m", "male"),
        ("divers", "other"),
        ("?", "unknown"),
    ],
)
def test_sex_is_read_in_its_usual_spellings(told: str, shown: str) -> None:
    assert ROWS["sex"].value(Facts(person=PersonProfile(**{**PROFILE, "sex": told}))) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("dark ", "dark"),
        (2, "2"),
        (2.0, "2"),
        (2.5, "2.5"),
        (True, "true"),
        ("", "unknown"),
        ([1], "unknown"),
        ({}, "unknown"),
    ],
)
def test_a_sites_own_dimension_is_read_from_a_property(value: object, shown: str) -> None:
    own = [OwnDimension(name="theme", property="theme"), OwnDimension(name="tier", property="customer.tier")]
    rows = dimensions_of(a_site(dimensions=own))
    event = a_document(properties={"theme": value, "customer": {"tier": value}})
    assert [rows[name].value(Facts(event=event)) for name in ("theme", "tier")] == [shown, shown]


def test_a_name_that_no_dimension_has_is_told_with_those_near_it() -> None:
    assert none_named(a_site(), "contry") == "no dimension has this name; near it are country, content"
    assert none_named(a_site(), "Ω").startswith("no dimension has this name; there are device, country, ")


def test_the_names_of_every_dimension_and_parameter_are_taken() -> None:
    assert all(map(is_taken, [*ROWS, "from", "to", "page_size", "steps"]))
    assert not is_taken("theme")
    assert MOST_OWN == 10
