"""The right answer of /api/analytics/traffic-sources."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.credit import split, weights
from tests.oracle.reckoning.narrowing import event_passes, has_filters, looked_at
from tests.oracle.reckoning.numbers import local_day, milliseconds, rate
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.sessions import WINDOW, Session
from tests.oracle.reckoning.shop import Days, Reckoning
from tests.oracle.reckoning.steps import window_of

PARTS = 10_000
"""Of so many parts each order is split over its visits, to be counted."""
NOTHING = "direct"


@dataclass(frozen=True)
class Visit:
    """A visit that anything happened in, and whether any of it passes the filters."""

    session: Session
    person: str
    passes: bool


def visits_before(shop: Reckoning, question: Question, window: timedelta) -> list[Visit]:
    """Returns the visits of a range and of the time before it, of one moment by their numbers."""
    days = shop.days_of(question)
    looked = Days(local_day(shop.begin(days) - window, shop.zone), days.last)
    passing: defaultdict[Session, list[bool]] = defaultdict(list)
    whose: dict[Session, str] = {}
    for event in looked_at(shop, looked, question):
        if session := shop.visit_of.get(event):
            passing[session].append(event_passes(shop, question, event))
            whose[session] = shop.person(event)
    found = [Visit(session, whose[session], any(told)) for session, told in passing.items()]
    return sorted(found, key=lambda visit: (visit.session.began, visit.session.number))


def traffic_sources(shop: Reckoning, question: Question) -> Json:
    """Returns what brought people, and what of the orders each source is credited with."""
    days, window = shop.days_of(question), window_of(question.get("window") or "30d")
    assert window
    visits = visits_before(shop, question, max(window, WINDOW))
    orders = orders_of(shop, question, days, visits)
    parts, revenue = Counter[str](), Counter[str]()
    without = []
    for order in orders:
        theirs = _before(visits, order, window)
        if not theirs:
            without.append(order)
            continue
        weighed = _weighed(theirs, question.get("model") or "last_non_direct")
        for visit, part, share in zip(theirs, split(PARTS, weighed), split(_total(order), weighed), strict=True):
            parts[_own(visit)] += part
            revenue[_own(visit)] += share
    counted = [visit for visit in visits if visit.passes and local_day(visit.session.began, shop.zone) in days]
    return {
        "range": shop.range(days),
        "data": _rows(shop, counted, parts, revenue),
        "orders": len(orders),
        "revenue": shop.major(sum(map(_total, orders))),
        "unattributed_orders": len(without),
        "unattributed_revenue": shop.major(sum(map(_total, without))),
        "currency": shop.shop.currency,
    }


def orders_of(shop: Reckoning, question: Question, days: Days, visits: Sequence[Visit]) -> list[Order]:
    """Returns the orders of a range that count; with filters those alone that came of a visit which passes."""
    orders = [order for order in shop.placed(shop.orders, days) if shop.counted(order)]
    if not has_filters(question):
        return orders
    ours = {order for visit in visits if visit.passes for order in shop.came_of.get(visit.session, ())}
    return [order for order in orders if order in ours]


def _total(order: Order) -> int:
    return order.total or 0


def _own(visit: Visit) -> str:
    return visit.session.own_source or NOTHING


def _before(visits: Sequence[Visit], order: Order, window: timedelta) -> list[Visit]:
    assert order.placed_at
    since, until = order.placed_at - window, order.placed_at
    return [visit for visit in visits if visit.person == order.person and _within(visit, since, until)]


def _within(visit: Visit, since: datetime, until: datetime) -> bool:
    return since <= visit.session.began <= until


def _weighed(visits: Sequence[Visit], model: str) -> list[int]:
    times = [milliseconds(visit.session.began) for visit in visits]
    return weights(model, times, [visit.session.own_source is None for visit in visits])


def _rows(
    shop: Reckoning, counted: Sequence[Visit], parts: Mapping[str, int], revenue: Mapping[str, int]
) -> list[Json]:
    sessions = Counter(visit.session.source for visit in counted)
    people = {source: {visit.person for visit in counted if visit.session.source == source} for source in sessions}
    there = [source for source in {*sessions, *parts} if sessions[source] or parts.get(source)]
    ranked = sorted(there, key=lambda source: (-sessions[source], -revenue.get(source, 0), source))
    return [
        {
            "value": source,
            "sessions": sessions[source],
            "people": len(people.get(source, ())),
            "conversions": parts.get(source, 0) / PARTS,
            "conversion_rate": rate(parts.get(source, 0) / PARTS, sessions[source]),
            "revenue": shop.major(revenue.get(source, 0)),
        }
        for source in ranked
    ]
