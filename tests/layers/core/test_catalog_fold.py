"""Products and interests from what is told of them, in any order, against plain reckonings."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from footfall.catalog.interests import MOST_TOLD, categories_of, folded, found_in, with_told
from footfall.catalog.products import MOST_PRICES, price_history, told
from footfall.schemas.catalog import InterestChange, ProductChange
from footfall.schemas.interest import InterestEvent, InterestsDocument, ToldInterest
from footfall.schemas.order import PurchasedOrder
from footfall.schemas.product import ProductDocument, ProductFields
from footfall.words import words
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 1, tzinfo=UTC)
FIELDS = st.fixed_dictionaries(
    {"name": st.sampled_from(["Lamp", "Red lamp", None])},
    optional={
        "category": st.sampled_from(["Lamps", "Home", None]),
        "stock": st.sampled_from([0, 5, None]),
        "featured": st.booleans(),
    },
)
PRICES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}), st.fixed_dictionaries({"price": st.sampled_from([100, 200]), "currency": st.just("EUR")})
)


@st.composite
def changes(draw: st.DrawFn) -> list[ProductChange]:
    """Changes of one product, some at the same moment, some that remove it."""
    count = draw(st.integers(1, 8))
    made = []
    for number in range(count):
        removed = draw(st.integers(0, 4)) == 0
        fields = cast(ProductFields, {} if removed else {**draw(FIELDS), **draw(PRICES)})
        at = START + timedelta(minutes=draw(st.integers(0, 5)))
        made.append(ProductChange(change_id=f"{number}", at=at, product_id="p", fields=fields, removed=removed))
    return made


def product_of(told_changes: Sequence[ProductChange]) -> ProductDocument:
    product: ProductDocument | None = None
    for change in told_changes:
        product = told("demo", product, change, "EUR")
    assert product is not None
    return product


EMPTY = {"category": None, "stock": None, "featured": False, "name": None, "price": None}


def reckoned(told_changes: Sequence[ProductChange]) -> dict[str, Any]:
    """The last word on each field, by plain sorting."""
    found: dict[str, Any] = dict(EMPTY)
    removed = None
    for change in sorted(told_changes, key=lambda each: (each.at, each.change_id)):
        found |= EMPTY if change.removed else {k: v for k, v in change.fields.items() if k in EMPTY}
        removed = change.at if change.removed else None
    return {**found, "removed_at": removed}


@given(changes(), st.randoms())
def test_a_product_is_what_was_told_last_in_whatever_order_and_however_often(
    told_changes: list[ProductChange], random: Any
) -> None:
    shuffled = [*told_changes, *random.choices(told_changes, k=3)]
    random.shuffle(shuffled)

    product = product_of(shuffled)

    assert product == product_of(told_changes)
    assert {name: product.get(name) for name in (*EMPTY, "removed_at")} == reckoned(told_changes)


@given(changes())
def test_what_a_product_cost_is_told_by_its_changes(told_changes: list[ProductChange]) -> None:
    in_order = sorted(told_changes, key=lambda each: (each.at, each.change_id))
    expected: list[int] = []
    for change in in_order:
        price = change.fields.get("price")
        if price is not None and expected[-1:] != [price]:
            expected.append(price)
    assert [one["price"] for one in price_history(product_of(told_changes).get("prices", []))] == expected


def test_of_very_many_prices_the_last_hundred_are_kept() -> None:
    made = [
        ProductChange(
            change_id=f"{number:03}",
            at=START + timedelta(minutes=number),
            product_id="p",
            fields={"price": number, "currency": "EUR"},
        )
        for number in range(150)
    ]
    prices = product_of(made[::-1]).get("prices", [])
    assert [one["price"] for one in prices] == list(range(150 - MOST_PRICES, 150))


def test_a_product_of_before_keeps_what_only_newer_changes_overtake() -> None:
    old = cast(
        ProductDocument,
        {"_id": "demo:p", "site_id": "demo", "product_id": "p", "name": "Old", "category": "Lamps", "brand": None}
        | {"price": 5, "currency": "EUR", "url": None, "image": None, "version": START},
    )
    older = ProductChange(change_id="a", at=START - timedelta(days=1), product_id="p", fields={"name": "Older"})
    newer = ProductChange(change_id="a", at=START + timedelta(days=1), product_id="p", fields={"stock": 3})
    assert told("demo", old, older, "EUR")["name"] == "Old"
    assert (told("demo", old, newer, "EUR")["name"], told("demo", old, newer, "EUR").get("stock")) == ("Old", 3)


@given(st.text(max_size=60))
def test_words_are_the_same_in_any_case(text: str) -> None:
    assert words(text.upper().casefold()) == words(text.casefold().upper().casefold())
    assert all(0 < len(word) <= 64 for word in words(text))


def interest(number: int, category: str, strength: int | None, minute: int) -> InterestChange:
    at = START + timedelta(minutes=minute)
    return InterestChange(change_id=f"{number:03}", at=at, user_id="u", category=category, strength=strength)


INTERESTS = st.lists(
    st.tuples(st.sampled_from(["Lamps", "lamps ", "Home", "Garden"]), st.none() | st.integers(1, 5), st.integers(0, 4)),
    max_size=8,
)


def all_told(told_changes: Sequence[InterestChange]) -> list[ToldInterest]:
    found: list[ToldInterest] = []
    for change in told_changes:
        changed = with_told(found, change)
        assert changed is not None
        found = changed
    return found


@given(INTERESTS, st.randoms())
def test_an_interest_is_what_was_told_last_in_whatever_order(
    drawn: list[tuple[str, int | None, int]], random: Any
) -> None:
    made = [interest(number, *each) for number, each in enumerate(drawn)]
    last: dict[str, int | None] = {}
    for change in sorted(made, key=lambda each: (each.at, each.change_id)):
        last[folded(change.category)] = change.strength
    shuffled = made * 2
    random.shuffle(shuffled)

    found = all_told(shuffled)

    assert {folded(each["category"]): each["strength"] for each in found} == last
    assert found == all_told(made)


def test_one_interest_more_than_a_person_may_have_is_refused_and_a_change_of_one_is_not() -> None:
    many = all_told([interest(number, f"c{number}", 3, 0) for number in range(MOST_TOLD)])
    assert with_told(many, interest(99, "another", 3, 1)) is None
    changed = with_told(many, interest(99, "C7", 5, 1))
    assert changed is not None
    assert len(changed) == MOST_TOLD


LINES = st.lists(
    st.fixed_dictionaries(
        {"product_id": st.sampled_from(["a", "b", "c"]), "category": st.sampled_from([None, "Lamps", "LAMPS", "Home"])}
    ),
    max_size=3,
)
KINDS = {"product_viewed": "viewed", "product_clicked": "viewed", "product_added": "added", "pageview": None}


@st.composite
def behaviour(draw: st.DrawFn) -> tuple[list[InterestEvent], list[PurchasedOrder]]:
    """Somebody's events in the order of time, and orders."""
    events: list[Any] = []
    for minute in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from([*KINDS, "product_searched"]))
        terms = st.sampled_from(["red LAMPS", "lamp", "home garden", "", "lamps"])
        about = {"properties": {"query": draw(terms)}} if kind == "product_searched" else {}
        events.append(
            {"type": kind, "timestamp": START + timedelta(minutes=minute), "commerce": {"lines": draw(LINES)}, **about}
        )
    orders: list[Any] = [
        {"total": draw(st.sampled_from([0, 500])), "placed_at": START, "lines": draw(LINES)}
        for _ in range(draw(st.integers(0, 2)))
    ]
    return events, orders


@given(behaviour())
def test_interests_are_found_as_a_plain_count_finds_them(
    done: tuple[list[InterestEvent], list[PurchasedOrder]],
) -> None:
    events, orders = done
    category_of, shop = {"a": "Lamps", "b": "Garden"}, ["Lamps", "Home", "Garden"]
    counts: dict[str, dict[str, int]] = {}

    def count(kind: str, lines: Any) -> None:
        named = {(line["category"] or category_of.get(line["product_id"]) or "").lower() for line in lines}
        for name in named - {""}:
            one = counts.setdefault(name, {"viewed": 0, "searched": 0, "added": 0, "bought": 0})
            one[kind] += 1

    for event in events:
        if event["type"] == "product_searched":
            asked = event.get("properties", {})["query"].lower().split()
            count("searched", [{"category": name, "product_id": ""} for name in shop if name.lower() in asked])
        elif kind := KINDS[event["type"]]:
            count(kind, event["commerce"]["lines"])
    for order in orders:
        if order["total"]:
            count("bought", order["lines"])

    found = found_in(events, orders, category_of, shop)

    assert {
        each["category"].lower(): {name: each[name] for name in ("viewed", "searched", "added", "bought")}
        for each in cast("list[Any]", found)
    } == counts
    weights = [each["viewed"] + each["searched"] + 2 * each["added"] + 4 * each["bought"] for each in found]
    assert [each["weight"] for each in found] == weights == sorted(weights, reverse=True)
    document = InterestsDocument(_id="", site_id="", person_id="", told=[], found=found, categories=[])
    assert categories_of(document) == sorted(counts)
