"""What people did with products, as extract reads it visit by visit and order by order."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from footfall.customers.arrays import unpack_texts
from footfall.schemas.event import EventDocument
from footfall.schemas.interest import ToldInterest
from hypothesis import given
from hypothesis import strategies as st

from functions.training.extract import product_gathering
from functions.training.extract.product_gathering import ProductGathering
from functions.training.extract.sightings import Sightings
from tests.support.builders import NOON, a_document
from tests.support.shopping import a_line, an_order

UTC = ZoneInfo("UTC")
seen = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 40), st.sampled_from([1, 2, 4]))


def an_event(kind: str, *products: tuple[str, str | None], day: float = 0, **but: Any) -> EventDocument:
    told = [{"product_id": product, "category": category} for product, category in products]
    event = a_document(eventType=kind, properties={"products": told}, **but)
    event["timestamp"] = NOON + timedelta(days=day)
    return event


def edges(gathered: ProductGathering) -> list[tuple[int, str, int, int]]:
    """Returns who did what with which product, days counted from the first."""
    arrays = gathered.products(9)
    names = unpack_texts(arrays["names"])
    columns = (arrays[name].tolist() for name in ("person", "product", "strength", "day"))
    first = (NOON.date() - product_gathering.FIRST_DAY).days
    return [
        (person, names[product], strength, day - first) for person, product, strength, day in zip(*columns, strict=True)
    ]


@given(st.lists(seen, max_size=40), st.integers(1, 60))
def test_each_is_kept_once_with_the_strongest_that_was_done(done: list[tuple[int, int, int, int]], at: int) -> None:
    sightings = Sightings(compact_at=at)
    for row, thing, day, strength in done:
        sightings.add(row, thing, day, strength)
    strongest: dict[tuple[int, int, int], int] = {}
    for *key, strength in done:
        strongest[tuple(key)] = max(strength, strongest.get(tuple(key), 0))  # type: ignore[index, arg-type]
    found = sightings.columns()
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        (*key, strength) for key, strength in sorted(strongest.items())
    ]


def test_of_too_many_the_latest_days_are_kept() -> None:
    sightings = Sightings(most=3)
    for day in (5, 1, 4, 2, 3):
        sightings.add(9 - day, 0, day)
    assert sightings.columns().day.tolist() == [5, 4, 3]


def test_numbers_at_their_bounds_do_not_run_into_one_another() -> None:
    sightings = Sightings()
    sightings.add(2**30 - 1, 2**17 - 1, 2**16 - 1, 4)
    assert [column.tolist() for column in sightings.columns()] == [[2**30 - 1], [2**17 - 1], [2**16 - 1], [4]]


def test_a_visit_counts_each_product_once_with_the_strongest_interest() -> None:
    gathered = ProductGathering()
    visit = [an_event("product_viewed", ("tea", "Drinks")), an_event("product_added", ("tea", "Drinks"), ("pot", None))]
    gathered.add_visit(0, [*visit, an_event("product_viewed", ("pot", None))], UTC)
    assert edges(gathered) == [(0, "tea", 2, 0), (0, "pot", 2, 0)]


def test_an_order_counts_what_was_paid_for_and_did_not_come_back() -> None:
    gathered = ProductGathering()
    lines = [a_line("tea"), a_line("tea"), a_line("pot", quantity=-1), a_line("cup", quantity=2)]
    gathered.add_order(3, an_order("ann", lines=lines, total=3000, day=2), UTC)
    gathered.add_order(3, an_order("ann", "free", total=0), UTC)
    gathered.add_order(3, an_order("ann", "back", placed_at=None, total=0, refunded=5, status="refund_only"), UTC)
    assert edges(gathered) == [(3, "tea", 4, 2), (3, "cup", 4, 2)]
    assert gathered.baskets()["order"].tolist() == [0, 0]
    assert gathered.baskets()["product"].tolist() == [0, 1]


def test_categories_interest_who_saw_a_list_of_them_and_the_latest_telling_of_a_product_counts() -> None:
    gathered = ProductGathering()
    gathered.add_visit(0, [an_event("product_viewed", ("tea", "Drinks"), day=5)], UTC)
    gathered.add_visit(1, [an_event("product_list_viewed", ("tea", "Old"), ("mug", "Cups"), day=1)], UTC)
    arrays = gathered.products(2)
    categories = unpack_texts(arrays["categories"])
    assert [categories[number] for number in arrays["category"].tolist()] == ["Drinks"]
    interests = zip(arrays["interested"].tolist(), arrays["interest"].tolist(), strict=True)
    assert {(row, categories[number]) for row, number in interests} == {(0, "Drinks"), (1, "Old"), (1, "Cups")}


def test_a_shop_without_product_events_is_read_by_its_product_pages() -> None:
    gathered = ProductGathering()
    page = a_document(eventType="pageview", pageType="product", path="/shop/green-tea/")
    gathered.add_visit(0, [page], UTC)
    assert [edge[:3] for edge in edges(gathered)] == [(0, "green-tea", 1)]


def test_products_beyond_the_most_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_gathering, "MOST_PRODUCTS", 2)
    gathered = ProductGathering()
    gathered.add_order(0, an_order("ann", "tea", "pot", "cup", "jug"), UTC)
    assert [edge[1] for edge in edges(gathered)] == ["tea", "pot"]
    assert gathered.left_out == 2


def interests(gathered: ProductGathering) -> list[tuple[int, str, int, int]]:
    """Returns who is interested in which category, how much, and since which day, counted from the first."""
    arrays = gathered.products(9)
    names = unpack_texts(arrays["categories"])
    columns = (arrays[name].tolist() for name in ("interested", "interest", "interest_strength", "interest_day"))
    first = (NOON.date() - product_gathering.FIRST_DAY).days
    return [(person, names[of], strength, day - first) for person, of, strength, day in zip(*columns, strict=True)]


def a_told_interest(category: str, strength: int | None, day: int = 0) -> ToldInterest:
    return ToldInterest(category=category, strength=strength, at=NOON + timedelta(days=day), by="change")


def test_an_interest_that_the_shop_told_counts_as_strong_as_it_was_told() -> None:
    gathered = ProductGathering()
    gathered.add_visit(0, [an_event("product_viewed", ("tea", "Hot  drinks"))], UTC)
    gathered.add_told(0, a_told_interest("hot drinks", 5, day=3), UTC)
    gathered.add_told(1, a_told_interest("Garden", 2), UTC)
    gathered.add_told(2, a_told_interest("HOT DRINKS", None), UTC)
    assert interests(gathered) == [(0, "Hot  drinks", 1, 0), (0, "Hot  drinks", 5, 3), (1, "Garden", 2, 0)]


def test_spellings_of_a_category_are_one() -> None:
    gathered = ProductGathering()
    gathered.add_visit(0, [an_event("product_viewed", ("tea", "Drinks"))], UTC)
    gathered.add_visit(1, [an_event("product_viewed", ("pot", "DRINKS"))], UTC)
    arrays = gathered.products(2)
    assert unpack_texts(arrays["categories"]) == ["Drinks"]
    assert arrays["category"].tolist() == [0, 0]
