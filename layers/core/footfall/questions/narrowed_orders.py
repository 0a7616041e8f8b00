"""Which orders pass filters: by the session that each came of, by whose it is, and by what was bought."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict, TypeVar

from footfall.chunks import chunks
from footfall.dimensions import Facts
from footfall.errors import FieldProblem, Invalid
from footfall.orders.fold import told_id_of
from footfall.people.profiles import profiles
from footfall.questions.filters import Wanted, is_of_orders, is_told_of_orders
from footfall.rollups import Rollups
from footfall.schemas.event import OrderLine
from footfall.schemas.order import NamedOrder
from footfall.schemas.person import PersonProfile
from footfall.schemas.session import SessionFigures, SessionOrder
from footfall.stores.collections import orders, user_sessions
from footfall.stores.mongo import database

Order = TypeVar("Order", bound=NamedOrder)
MOST_ORDERS = 100_000
"""Of so many it is looked up what they came of."""
AT_ONCE = 5_000
PARTS = {"lines": ("product_id", "category")}


class _Bought(TypedDict):
    order_id: str
    lines: list[OrderLine]
    coupon: str | None


class _Came(SessionFigures):
    orders: NotRequired[list[SessionOrder]]


def passing(rollups: Rollups, filters: Mapping[str, Wanted], found: Sequence[Order]) -> list[Order]:
    """Returns those of some orders that pass; all without filters.

    An order that came of no session has no value of what sessions tell. Raises Invalid for what events alone tell, and
    for too many orders.
    """
    for name, wanted in filters.items():
        if not is_told_of_orders(wanted.row):
            raise Invalid([FieldProblem(name, "is told of what people do, and of no order")])
    if not filters:
        return list(found)
    if len(found) > MOST_ORDERS:
        raise Invalid(
            [FieldProblem("from", f"more than {MOST_ORDERS:,} orders are to be looked at; ask for fewer days")]
        )
    return [order for some in chunks(found, AT_ONCE) for order in _passing(rollups, filters, some)]


def _passing(rollups: Rollups, filters: Mapping[str, Wanted], some: Sequence[Order]) -> Iterator[Order]:
    rows = [wanted.row for wanted in filters.values()]
    bought = _bought(rollups, some) if any(map(is_of_orders, rows)) else {}
    sessions = _sessions(rollups, some) if any(row.session or row.derived for row in rows) else {}
    people = _people(rollups, some) if any(row.needs_person for row in rows) else {}
    for order in some:
        order_id, whose = order["order_id"], people.get(order["person_id"])
        session = sessions.get(order_id, {})
        if all(_takes(wanted, bought.get(order_id), session, whose) for wanted in filters.values()):
            yield order


def _takes(wanted: Wanted, bought: _Bought | None, session: Mapping[str, object], whose: PersonProfile | None) -> bool:
    of_order = Facts(event={"commerce": bought or {}})
    return wanted.takes(wanted.row.values(of_order if is_of_orders(wanted.row) else Facts(None, session, whose)))


def _bought(rollups: Rollups, some: Sequence[NamedOrder]) -> dict[str, _Bought]:
    site_id = rollups.site.site_id
    keys = {"_id": {"$in": [f"{site_id}:{order['order_id']}" for order in some]}}
    read = orders.read(database(), _Bought, keys, parts=PARTS, session=rollups.session, batch_size=AT_ONCE)
    return {each["order_id"]: each for each in read}


def _sessions(rollups: Rollups, some: Sequence[NamedOrder]) -> dict[str, Mapping[str, object]]:
    told = {"orders.told_id": {"$in": sorted({told_id_of(order) for order in some})}}
    condition = {"site_id": rollups.site.site_id, **told}
    read = user_sessions.read(database(), _Came, condition, session=rollups.session, batch_size=AT_ONCE)
    return {order["order_id"]: {**session} for session in read for order in session.get("orders", ())}


def _people(rollups: Rollups, some: Sequence[NamedOrder]) -> dict[str, PersonProfile]:
    return profiles(database(), rollups.site.site_id, {order["person_id"] for order in some}, rollups.session)
