"""The right answer of /api/metrics/dashboard."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.earlier import compared, earlier, first_day
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnel import reached
from tests.oracle.reckoning.narrowing import (
    is_narrowed,
    passing,
    value_of_event,
    values_of_visit,
    visit_passes,
    with_programs,
)
from tests.oracle.reckoning.numbers import by_number, local_day, rate
from tests.oracle.reckoning.sessions import Session
from tests.oracle.reckoning.shop import Days, Reckoning

SENTIMENT = {"positive": 0, "neutral": 0, "negative": 0}
MOST = 10
MOST_DROP_OFFS = 5


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the shop at a glance."""
    days, narrowed = shop.days_of(question), is_narrowed(question)
    events, sessions = happened(shop, days, question)
    funnels = {name: reached(shop, days, steps, question) for name, steps in shop.shop.funnels.items()}
    compare = question.get("compare")
    return {
        "range": shop.range(days),
        **key_figures(shop, days, question),
        "currency": shop.shop.currency,
        **shop.left_out([] if narrowed else shop.orders, days),
        "by_device": _by_device(shop, events, sessions),
        "top_drop_off_points": _drop_offs(shop, funnels),
        "daily": [_day(shop, day, question) for day in days.all()],
        "sentiment_distribution": None if narrowed else SENTIMENT,
        "top_pages": by_number(map(_page, _views(events)), what="page", count="views")[:MOST],
        "top_sources": _sources(shop, sessions),
        "comparison": _comparison(shop, days, question, compare) if compare else None,
        "breakdown": _breakdown(shop, question, events, sessions),
    }


def key_figures(shop: Reckoning, days: Days, question: Question) -> Json:
    """Returns what the dashboard compares."""
    events, sessions = happened(shop, days, question)
    first = reached(shop, days, next(iter(shop.shop.funnels.values())), question)
    return {
        "total_users": len({shop.person(event) for event in events}),
        "total_sessions": len(sessions),
        **visits(shop, events, sessions),
        "overall_conversion_rate": rate(first[-1], first[0]),
        **(_came_of(shop, sessions) if is_narrowed(question) else shop.money_figures(shop.orders, days)),
    }


def _comparison(shop: Reckoning, days: Days, question: Question, compare: str) -> Json:
    before, began = earlier(days, compare), first_day(shop)
    now, figures = key_figures(shop, days, question), key_figures(shop, before, question)
    return {
        "compare": compare,
        "range": shop.range(before),
        "first_with_data": str(began) if began and before.first < began <= before.last else None,
        "figures": compared(now, figures if began and began <= before.last else None, now),
    }


def happened(shop: Reckoning, days: Days, question: Question | None = None) -> tuple[list[Event], list[Session]]:
    """Returns what people did on some days, and the visits that began on them, of those that pass the filters."""
    programs = with_programs(question)
    sessions = [one for one in shop.sessions if (programs or not one.bot) and local_day(one.began, shop.zone) in days]
    return (
        [event for event in passing(shop, days, question) if shop.is_present(event)],
        [session for session in sessions if question is None or visit_passes(shop, question, session)],
    )


def _came_of(shop: Reckoning, sessions: Sequence[Session]) -> Json:
    return {**_orders(shop, sessions), "refunds": None, "net_revenue": None}


def _orders(shop: Reckoning, sessions: Sequence[Session]) -> Json:
    orders = [order for session in sessions for order in shop.came_of.get(session, ()) if shop.counted(order)]
    return {"orders": len(orders), "revenue": shop.major(sum(order.total or 0 for order in orders))}


def _breakdown(
    shop: Reckoning, question: Question, events: Sequence[Event], sessions: Sequence[Session]
) -> Json | None:
    name = question.get("breakdown")
    if name is None:
        return None
    done: defaultdict[str, list[Event]] = defaultdict(list)
    began: defaultdict[str, list[Session]] = defaultdict(list)
    for event in events:
        done[value_of_event(shop, name, event)].append(event)
    for session in sessions:
        for value in values_of_visit(shop, name, session):
            began[value].append(session)
    values = [{"value": value, **_of_value(shop, done[value], began[value])} for value in {*done, *began}]
    return {"dimension": name, "values": values, "other": None}


def _of_value(shop: Reckoning, events: Sequence[Event], sessions: Sequence[Session]) -> Json:
    converted = sum(map(shop.converted, sessions))
    return {
        "users": len({shop.person(event) for event in events}),
        "sessions": len(sessions),
        **visits(shop, events, sessions),
        "conversions": converted,
        "conversion_rate": rate(converted, len(sessions)),
        **_orders(shop, sessions),
    }


def _views(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind == "pageview"]


def _page(event: Event) -> str:
    return event.path or event.page_type or "other"


def visits(shop: Reckoning, events: Sequence[Event], sessions: Sequence[Session]) -> Json:
    """Returns how many pages were viewed, and how visits went."""
    seconds = sum(session.seconds for session in sessions)
    return {
        "page_views": len(_views(events)),
        "bounce_rate": rate(sum(map(shop.bounced, sessions)), len(sessions)),
        "avg_session_seconds": round(seconds / len(sessions), 1) if sessions else 0.0,
    }


def _by_device(shop: Reckoning, events: Sequence[Event], sessions: Sequence[Session]) -> list[Json]:
    devices = {event.device for event in events} | {session.device for session in sessions}
    found = []
    for device in devices:
        done = [event for event in events if event.device == device]
        began = [session for session in sessions if session.device == device]
        users = len({shop.person(event) for event in done})
        found.append({"device": device, "users": users, "sessions": len(began), **visits(shop, done, began)})
    return found


def _drop_offs(shop: Reckoning, funnels: dict[str, list[int]]) -> list[Json]:
    points = [
        {
            "funnel": name,
            "from_step": step,
            "to_step": following,
            "drop_off": before - after,
            "drop_off_rate": rate(before - after, before),
        }
        for name, users in funnels.items()
        for (step, following), (before, after) in zip(pairwise(shop.shop.funnels[name]), pairwise(users), strict=True)
        if before > after
    ]
    return points[:MOST_DROP_OFFS]


def _day(shop: Reckoning, day: date, question: Question) -> Json:
    days = Days(day, day)
    events, sessions = happened(shop, days, question)
    return {
        "date": str(day),
        "users": len({shop.person(event) for event in events}),
        "sessions": len(sessions),
        **visits(shop, events, sessions),
        **(_came_of(shop, sessions) if is_narrowed(question) else shop.money_figures(shop.orders, days)),
    }


def _sources(shop: Reckoning, sessions: Sequence[Session]) -> list[Json]:
    converted = Counter(session.source for session in sessions if shop.converted(session))
    found = by_number((session.source for session in sessions), what="source", count="sessions")
    return [{**one, "conversions": converted[str(one["source"])]} for one in found]
