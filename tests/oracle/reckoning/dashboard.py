"""The right answer of /api/metrics/dashboard."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.earlier import compared, earlier, first_day
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnel import reached
from tests.oracle.reckoning.numbers import by_number, local_day, rate
from tests.oracle.reckoning.sessions import Session
from tests.oracle.reckoning.shop import Days, Reckoning

SENTIMENT = {"positive": 0, "neutral": 0, "negative": 0}
MOST = 10
MOST_DROP_OFFS = 5


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns the shop at a glance."""
    days = shop.days_of(question)
    events, sessions = happened(shop, days)
    funnels = {name: reached(shop, days, steps) for name, steps in shop.shop.funnels.items()}
    compare = question.get("compare")
    return {
        "range": shop.range(days),
        **key_figures(shop, days),
        "currency": shop.shop.currency,
        **shop.left_out(shop.orders, days),
        "by_device": _by_device(shop, events, sessions),
        "top_drop_off_points": _drop_offs(shop, funnels),
        "daily": [_day(shop, day) for day in days.all()],
        "sentiment_distribution": SENTIMENT,
        "top_pages": by_number(map(_page, _views(events)), what="page", count="views")[:MOST],
        "top_sources": _sources(shop, sessions),
        "comparison": _comparison(shop, days, compare) if compare else None,
    }


def key_figures(shop: Reckoning, days: Days) -> Json:
    """Returns what the dashboard compares."""
    events, sessions = happened(shop, days)
    first = reached(shop, days, next(iter(shop.shop.funnels.values())))
    return {
        "total_users": len({shop.person(event) for event in events}),
        "total_sessions": len(sessions),
        **visits(shop, events, sessions),
        "overall_conversion_rate": rate(first[-1], first[0]),
        **shop.money_figures(shop.orders, days),
    }


def _comparison(shop: Reckoning, days: Days, compare: str) -> Json:
    before, began = earlier(days, compare), first_day(shop)
    now, figures = key_figures(shop, days), key_figures(shop, before)
    return {
        "compare": compare,
        "range": shop.range(before),
        "first_with_data": str(began) if began and before.first < began <= before.last else None,
        "figures": compared(now, figures if began and began <= before.last else None, now),
    }


def happened(shop: Reckoning, days: Days) -> tuple[list[Event], list[Session]]:
    """Returns what people did on some days, and the visits that began on them."""
    events = [event for event in shop.human if shop.is_present(event) and shop.day(event) in days]
    sessions = [one for one in shop.sessions if not one.bot and local_day(one.began, shop.zone) in days]
    return events, sessions


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


def _day(shop: Reckoning, day: date) -> Json:
    days = Days(day, day)
    events, sessions = happened(shop, days)
    return {
        "date": str(day),
        "users": len({shop.person(event) for event in events}),
        "sessions": len(sessions),
        **visits(shop, events, sessions),
        **shop.money_figures(shop.orders, days),
    }


def _sources(shop: Reckoning, sessions: Sequence[Session]) -> list[Json]:
    converted = Counter(session.source for session in sessions if shop.converted(session))
    found = by_number((session.source for session in sessions), what="source", count="sessions")
    return [{**one, "conversions": converted[str(one["source"])]} for one in found]
