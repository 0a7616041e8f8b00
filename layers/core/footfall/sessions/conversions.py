"""Which session each purchase came of, and what that makes of the session.

A purchase came of the session that it was first told in, as by a confirmation page; else, where a server or a file told
it, of the buyer's last session that began before it, on whatever device, at most the attribution window earlier.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from footfall.orders.fold import told_id_of
from footfall.orders.purchases import is_purchase, person_of_order
from footfall.schemas.order import ToldOrder
from footfall.schemas.session import SessionActivity, SessionBuyer, SessionConversion, SessionOrder
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.sessions.fold import SessionKey, session_at

MOST_ORDERS = 500
Key = TypeVar("Key", bound=Hashable)


def person_of_session(session: SessionBuyer, links: Mapping[str, str]) -> str:
    """Returns whose session it is: the user's, else that of who the visitor turned out to be, else the visitor's."""
    return session["user_id"] or links.get(session["visitor_id"], session["visitor_id"])


def came_of(
    orders: Iterable[ToldOrder], sessions: Iterable[SessionBuyer], links: Mapping[str, str]
) -> dict[str, SessionBuyer]:
    """Returns the session that each purchase came of, by the order's id; one that came of none is left out.

    `links` says who visitors turned out to be. Sessions of bots bring no purchase that was told elsewhere.
    """
    known = sorted(sessions, key=lambda session: (session["started_at"], session["session_id"]))
    by_key = _grouped(known, lambda session: (session["visitor_id"], session["client_session_id"]))
    by_person = _grouped(
        (session for session in known if not session["bot"]), lambda session: person_of_session(session, links)
    )
    found = {
        order["order_id"]: _told_in(order, by_key) or _before(order, by_person.get(person_of_order(order, links), []))
        for order in orders
        if is_purchase(order)
    }
    return {order_id: session for order_id, session in found.items() if session}


def _grouped(sessions: Iterable[SessionBuyer], key: Callable[[SessionBuyer], Key]) -> dict[Key, list[SessionBuyer]]:
    groups: defaultdict[Key, list[SessionBuyer]] = defaultdict(list)
    for session in sessions:
        groups[key(session)].append(session)
    return groups


def _told_in(order: ToldOrder, by_key: Mapping[SessionKey, Sequence[SessionBuyer]]) -> SessionBuyer | None:
    told = (
        session_at(telling["at"], by_key.get((telling["visitor_id"], telling["client_session_id"]), []))
        for telling in order["told_in"]
    )
    return next(filter(None, told), None)


def _before(order: ToldOrder, sessions: Sequence[SessionBuyer]) -> SessionBuyer | None:
    placed_at = order["placed_at"]
    if placed_at is None:
        return None
    begun = bisect_right(sessions, placed_at, key=lambda session: session["started_at"])
    last = sessions[begun - 1] if begun else None
    return last if last and placed_at - last["started_at"] <= ATTRIBUTION_WINDOW else None


def has_counted_order(currency: str) -> dict[str, object]:
    """Returns the MongoDB expression for whether an order came of a session that figures in that currency count."""
    told = {"$ifNull": ["$orders.currency", []]}
    return {"$gt": [{"$size": {"$setIntersection": [told, [currency, ""]]}}, 0]}


def entries_of(orders: Iterable[ToldOrder]) -> list[SessionOrder]:
    """Returns what a session remembers of the purchases that came of it."""
    return [
        SessionOrder(
            order_id=order["order_id"],
            told_id=told_id_of(order),
            placed_at=order["placed_at"],
            total=order["total"],
            currency=order["currency"],
        )
        for order in orders
        if order["placed_at"]
    ]


def conversion(session: SessionActivity, orders: Iterable[SessionOrder]) -> SessionConversion:
    """Returns what a session amounts to of which these purchases came, in any order."""
    listed = sorted(orders, key=lambda order: (order["placed_at"], order["order_id"]))[:MOST_ORDERS]
    currency = listed[0]["currency"] if listed else None
    found = SessionConversion(
        converted=bool(listed),
        conversion_value=sum(order["total"] for order in listed if order["currency"] == currency),
        currency=currency,
        bounce=session["page_views"] == 1 and not session["interactions"] and not listed,
    )
    if listed:
        found["orders"] = listed
    return found
