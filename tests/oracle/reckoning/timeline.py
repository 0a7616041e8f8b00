"""The right answer of /api/customers/{id}/journey, before anything was read in texts."""

from datetime import datetime

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.customers import NOT_FOUND, order_shown, written
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.numbers import milliseconds
from tests.oracle.reckoning.pages import listed
from tests.oracle.reckoning.sessions import Session
from tests.oracle.reckoning.shop import Reckoning

Item = tuple[datetime, str, str, Json]


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns sessions with their steps, and orders, the latest first; not found for who never bought."""
    customer = question.path.split("/")[3]
    orders = [order for order in shop.orders if order.user == customer]
    if not any(map(shop.counted, orders)):
        return NOT_FOUND
    items: list[Item] = [
        (order.placed_at, "order", order.order_id, order_shown(shop, order)) for order in orders if order.placed_at
    ]
    items += [
        (session.began, "session", session.session_id, _session(shop, session))
        for session in shop.sessions
        if not session.bot and session.person(shop.links) == customer
    ]
    items.sort(key=lambda item: (-milliseconds(item[0]), item[1], item[2]))
    parts: Json = dict.fromkeys(["session", "order", "feedback"])
    shown = [{"at": written(at), "kind": kind, **parts, kind: told} for at, kind, _, told in items]
    return {"customer_id": customer, "timeline": shown[:20], **listed(len(shown))}


def _session(shop: Reckoning, session: Session) -> Json:
    return {
        "session_id": session.session_id,
        "ended_at": written(session.ended),
        "device": session.device,
        "source": None if session.source == "direct" else session.source,
        "page_views": len(session.views),
        "converted": session in shop.came_of,
        "steps": list(map(_step, session.events)),
        "more_steps": 0,
        "propensity": None,  # of sessions in progress, which no life here has at its end
    }


def _step(event: Event) -> Json:
    return {
        "at": written(event.at),
        "type": event.kind,
        "name": event.name,
        "page_type": event.page_type,
        "page": event.path,
    }
