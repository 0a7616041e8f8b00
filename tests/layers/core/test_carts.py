"""What becomes of carts, against a reckoning by hand."""

from typing import Any

from footfall.activity.carts import CartEvent, carts_of
from footfall.lake.lines import Line, Lines
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.reckoning.carts import Step, carts

HOUR = 3_600_000
WINDOW, NOW = 24 * HOUR, 400 * HOUR
Told = tuple[int, int, str, list[tuple[str, int, int | None]]]


def events_of(told: list[Told]) -> list[CartEvent]:
    """Events by person and time; each line is a product, how many, and what one costs."""
    ordered = sorted(enumerate(told), key=lambda each: (each[1][0], each[1][1], each[0]))
    return [
        CartEvent(person, time, time // (24 * HOUR), change, lines_of(lines), chosen=True)  # type: ignore[arg-type]
        for _, (person, time, change, lines) in ordered
    ]


def lines_of(lines: list[tuple[str, int, int | None]]) -> Lines:
    found = (Line(name, count, None if price is None else count * price, None, None) for name, count, price in lines)
    return Lines("EUR", tuple(found))


def reckoned(told: list[Told], orders: list[tuple[int, int]]) -> list[Any]:
    """Every cart by hand: its person, begin, outcome and content."""
    ordered = sorted(enumerate(told), key=lambda each: (each[1][0], each[1][1], each[0]))
    steps = [
        Step(person, time, change, [(name, count, price and count * price) for name, count, price in lines])
        for _, (person, time, change, lines) in ordered
    ]
    found = carts(steps, orders, WINDOW, NOW)
    return [(cart.steps[0].person, cart.steps[0].time, cart.outcome, cart.left) for cart in found]


def computed(told: list[Told], orders: list[tuple[int, int]]) -> list[Any]:
    by_person: dict[int, list[int]] = {}
    for who, moment in sorted(orders):
        by_person.setdefault(who, []).append(moment)
    events = events_of(told)
    begun = {(event.person, event.time) for event in events}
    found = []
    for person in sorted({event.person for event in events}):
        ours = [event for event in events if event.person == person]
        for cart in carts_of(ours, by_person, WINDOW, NOW, "EUR"):
            assert (person, cart.begun) in begun
            left = {product: (int(each.quantity), each.value) for product, each in cart.left.items()}
            found.append((person, cart.begun, cart.outcome, left))
    assert len(found) == len(list(carts_of(events, by_person, WINDOW, NOW, "EUR")))
    return found


moments = st.sampled_from([0, 1, 2, 23, 24, 25, 26, 49, 192, 193, 380, 399]).map(lambda hours: hours * HOUR)
lines = st.lists(
    st.tuples(st.sampled_from(["lamp", "cup"]), st.integers(1, 3), st.sampled_from([100, 333, None])), max_size=2
)
changes = st.sampled_from(["add", "add", "remove", "whole", "touch"])


@given(
    st.lists(st.tuples(st.integers(1, 2), moments, changes, lines), max_size=10),
    st.lists(st.tuples(st.integers(1, 2), moments), max_size=4),
)
def test_carts_are_what_is_reckoned_by_hand(told: list[Told], orders: list[tuple[int, int]]) -> None:
    assert computed(told, orders) == reckoned(told, orders)


def one(*told: tuple[int, str], orders: tuple[int, ...] = ()) -> list[str]:
    """What becomes of one person's carts with a lamp in them, by hours."""
    events: list[Told] = [(1, hour * HOUR, change, [("lamp", 1, 100)]) for hour, change in told]
    return [cart[2] for cart in computed(events, [(1, hour * HOUR) for hour in orders])]


def test_the_window_counts_from_the_last_event_and_its_end_counts() -> None:
    assert one((0, "add"), (20, "touch"), orders=(44,)) == ["ordered"]
    assert one((0, "add"), (20, "touch"), orders=(45,)) == ["recovered"]
    assert one((0, "add"), orders=(168,)) == ["recovered"]
    assert one((0, "add"), orders=(169,)) == ["abandoned"]
    assert one((0, "add"), (1, "remove")) == ["emptied"]
    assert one((376, "add")) == ["open"]
    assert one((375, "add")) == ["abandoned"]


def test_an_order_ends_a_cart_and_brings_back_an_earlier_one_too() -> None:
    assert one((0, "add"), (2, "add"), orders=(1,)) == ["ordered", "abandoned"]
    assert one((0, "add"), (30, "add"), orders=(31,)) == ["recovered", "ordered"]
