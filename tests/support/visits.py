"""Visits to the shop `demo` as etl/events leaves them in MongoDB, without the pipeline."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from bson import ObjectId
from footfall import sites
from footfall.schemas.event import NOT_A_VISIT
from footfall.schemas.site import Funnel, Site
from footfall.sessions.fold import fold_session, sessions_of
from pymongo.database import Database

from functions.jobs.rollup.handler import handler
from tests.support.builders import NOON, LambdaContext, a_document, a_site

Mongo = Database[dict[str, Any]]
TODAY, YESTERDAY = "2026-03-01", "2026-02-28"


def a_shop(*steps: str, **but: Any) -> Site:
    """Returns the site `demo` with one funnel of these steps."""
    return a_site(**{"funnels": [Funnel(name="default", steps=list(steps))], **but})


def know(database: Mongo, site: Site) -> None:
    """Store a site as it is now."""
    sites._known.clear()
    database["sites"].replace_one({"_id": site.site_id}, site.model_dump(), upsert=True)


def person(number: int, person_id: str, **but: Any) -> dict[str, Any]:
    """Returns somebody with a dense id."""
    return {"_id": f"demo:{person_id}", "site_id": "demo", "person_id": person_id, "number": number, **but}


def view(page: str, visitor_id: str = "ann", minutes: float = 0, **but: Any) -> dict[str, Any]:
    """Returns a page viewed on a mobile so many minutes after noon of 1 March 2026."""
    moment = NOON + timedelta(minutes=minutes)
    same = {"eventType": "pageview", "pageType": page, "visitorId": visitor_id, "device": "Mobile"}
    return dict(a_document(**{**same, "timestamp": moment.isoformat(), **but}))


def happen(database: Mongo, *events: dict[str, Any]) -> None:
    """Store events, their sessions, and the marks of their days (in UTC)."""
    database["events"].insert_many(events)
    visits: list[Any] = [event for event in events if event["type"] not in NOT_A_VISIT]
    for found in sessions_of(visits):
        session = fold_session(found, NOON)
        database["user_sessions"].replace_one({"_id": session["_id"]}, dict(session), upsert=True)
    mark(database, *{event["timestamp"].date().isoformat() for event in events})


def keep_feedback(database: Mongo, texts: Iterable[tuple[dict[str, Any], bool]]) -> None:
    """Store the feedback of events, each with whether its text was read as negative."""
    kept = ("_id", "site_id", "event_id", "timestamp", "person_id", "bot")
    for text, negative in texts:
        sentiment = {"label": "negative" if negative else "positive"}
        fields = {name: text[name] for name in kept}
        database["feedback"].insert_one({**fields, "user_id": text.get("user_id"), "sentiment": sentiment})


def an_order(order_id: str, person_id: str, total: int, **but: Any) -> dict[str, Any]:
    """Returns an order of somebody the shop knows, placed at noon of 1 March 2026; `total` in cents."""
    order = {
        "site_id": "demo",
        "order_id": order_id,
        "person_id": person_id,
        "user_id": person_id,
        "placed_at": NOON,
        "refunded_at": None,
        "currency": "EUR",
        "total": total,
        "refunded": 0,
    }
    return with_refunds({"_id": f"demo:{order_id}", **order, **but})


def buy(database: Mongo, *orders: dict[str, Any]) -> None:
    """Store orders and their people, and have the figures of their days (in UTC) computed."""
    database["orders"].insert_many(orders)
    known = database["users"].count_documents({"site_id": "demo"})
    people = dict.fromkeys(order["person_id"] for order in orders)
    for number, person_id in enumerate(people, known + 1):
        one = person(number, person_id)
        database["users"].update_one({"_id": one.pop("_id")}, {"$setOnInsert": one}, upsert=True)
    moments = [moment for order in orders for moment in (order["placed_at"], order["refunded_at"]) if moment]
    mark(database, *{moment.date().isoformat() for moment in moments})
    roll_up()


def with_refunds(order: dict[str, Any]) -> dict[str, Any]:
    """Returns an order with the refund that its sums tell of, if it has none of its own."""
    refunds = [{"at": order["refunded_at"], "amount": order["refunded"]}] if order["refunded_at"] else []
    return {"refunds": refunds, **order}


def mark(database: Mongo, *dates: str) -> None:
    """Mark days as stale."""
    for day in dates:
        fields = {"site_id": "demo", "date": day, "token": ObjectId()}
        database["stale_days"].update_one({"_id": f"demo:{day}"}, {"$set": fields}, upsert=True)


def roll_up(event: dict[str, Any] | None = None) -> dict[str, Any]:
    """Runs jobs/rollup and returns its summary."""
    return handler(event or {}, LambdaContext(60_000))
