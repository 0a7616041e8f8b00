"""Hypothesis strategies for orders: told once or several times, by several sources, changed, given back, cancelled."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.oracle.life import PAGE, SERVER, Json
from tests.oracle.visits import USERS, VISITORS, Body

FILES = ("import:1", "import:2")
ORDERS = ("o1", "o2", "o3")
LATER = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 300, 40_000, 86_400, 200_000))
TOTALS: tuple[object, ...] = (100, 40.5, 25, "12.00", 0, "1,234")
"""The last has two readings and is not read."""
LINES: tuple[list[Json], ...] = (
    [{"product_id": "tea", "price": 10, "quantity": 2}],
    [{"product_id": "tea", "price": 12.5, "quantity": 1}, {"product_id": "cup", "price": 7, "quantity": 3}],
    [{"sku": "cup", "price": 7}],
)

GIVEN_BACK: tuple[Json, ...] = (
    {"total": 15},
    {"total": 25},
    {"refund_amount": 7.25},
    {},
    {"products": [{"product_id": "tea", "quantity": 1}]},
    {"products": [{"product_id": "cup", "price": 7}]},
)


@st.composite
def orders(draw: st.DrawFn, moments: st.SearchStrategy[datetime], home: str) -> list[Body]:
    """Everything that is told of one order, each in a body of its own; of a shop that sells in the currency `home`."""
    order_id, moment = draw(st.sampled_from(ORDERS)), draw(moments)
    currency = draw(st.sampled_from([None, None, None, home, "USD" if home != "USD" else "JPY"]))
    told: list[Body] = []
    for _ in range(draw(st.integers(0 if draw(st.integers(0, 9)) == 0 else 1, 3))):
        told += [draw(tellings(order_id, moment, currency))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        told.append(draw(refunds(order_id, moment, currency)))
    if draw(st.integers(0, 7)) == 0:
        told.append(draw(cancellations(order_id, moment)))
    return told


def _said(draw: st.DrawFn, names: dict[str, list[object]]) -> Json:
    # each of these fields, where it is filled
    drawn = {name: draw(st.sampled_from(values)) for name, values in names.items()}
    return {name: value for name, value in drawn.items() if value is not None}


@st.composite
def sources(draw: st.DrawFn, order_id: str) -> tuple[str, Json]:
    """Who tells of an order, and what is said of whose it is."""
    user = {"userId": draw(st.sampled_from(USERS))}
    visitor = {"visitorId": draw(st.sampled_from(list(VISITORS)))}
    kind = draw(st.sampled_from(["page", "page", "server", "file"]))
    if kind == "page":
        signed_in = user if draw(st.integers(0, 2)) == 0 else {}
        session = _said(draw, {"sessionId": [None, "s1", "s2"]})
        return PAGE, {**visitor, **signed_in, **session, "device": VISITORS[visitor["visitorId"]]}
    if kind == "server":
        return SERVER, draw(st.sampled_from([user, visitor, {**visitor, **user}]))
    return draw(st.sampled_from(FILES)), draw(st.sampled_from([user, {"visitorId": f"guest:{order_id}"}]))


@st.composite
def tellings(draw: st.DrawFn, order_id: str, moment: datetime, currency: str | None) -> Body:
    """An order is completed, or updated; each source has gaps of its own."""
    source, who = draw(sources(order_id))
    fields = _said(
        draw,
        {
            "total": [None, *TOTALS[:3], *TOTALS],
            "products": [None, *LINES],
            "currency": [None, currency, currency],
            "version": [None, None, None, 1, 2],
            "updated_at": [None, None, None, moment + timedelta(hours=1), moment + timedelta(days=3)],
        },
    )
    if "updated_at" in fields:
        fields["updated_at"] = str(fields["updated_at"])
    if draw(st.integers(0, 30)):
        fields["order_id"] = order_id
    name = draw(st.sampled_from(["Order Completed", "purchase", "Order Updated"]))
    event = {"eventType": "track", "event": name, **who, "properties": fields}
    return Body([{**event, "timestamp": moment + draw(st.sampled_from(LATER))}], source)


@st.composite
def refunds(draw: st.DrawFn, order_id: str, moment: datetime, currency: str | None) -> Body:
    """Something is given back: by amount, by items, or all; with an id or without."""
    source, who = draw(sources(order_id))
    fields: Json = {
        "order_id": order_id,
        **draw(st.sampled_from(GIVEN_BACK)),
        **_said(
            draw,
            {
                "refund_id": [None, None, "r1", "r2"],
                "currency": [None, None, currency, "GBP"],
                "reason": [None, "Late", "Too small"],
            },
        ),
    }
    event = {"eventType": "Order Refunded", **who, "properties": fields}
    return Body([{**event, "timestamp": moment + draw(st.sampled_from(LATER))}], source)


@st.composite
def cancellations(draw: st.DrawFn, order_id: str, moment: datetime) -> Body:
    """An order is cancelled."""
    source, who = draw(sources(order_id))
    event = {"eventType": "Order Cancelled", **who, "properties": {"order_id": order_id}}
    return Body([{**event, "timestamp": moment + draw(st.sampled_from(LATER))}], source)
