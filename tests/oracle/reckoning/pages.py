"""The right answer of /api/analytics/pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.narrowing import event_passes, looked_at
from tests.oracle.reckoning.numbers import milliseconds, rate
from tests.oracle.reckoning.sessions import NO_DOING, WINDOW, Session
from tests.oracle.reckoning.shop import Reckoning


@dataclass
class Page:
    """What one page is to its visitors."""

    views: int = 0
    entrances: int = 0
    exits: int = 0
    bounces: int = 0
    seconds: list[int] = field(default_factory=list)
    """In milliseconds."""
    people: set[str] = field(default_factory=set)
    sessions: set[Session] = field(default_factory=set)
    conversions: set[Session] = field(default_factory=set)
    buyers: set[str] = field(default_factory=set)


def pages(shop: Reckoning, question: Question) -> Json:
    """Returns the table of pages, the most viewed first."""
    days = shop.days_of(question)
    found: defaultdict[str, Page] = defaultdict(Page)
    for session, events in visits_in(shop, question).items():
        _count(shop, question, found, session, events)
    sort_by = question.get("sort_by") or "views"
    rows = sorted(map(_row, found, found.values()), key=lambda row: (-int(str(row[sort_by])), str(row["page"])))
    return {"range": shop.range(days), "data": rows, **listed(len(rows))}


def visits_in(shop: Reckoning, question: Question) -> dict[Session, list[Event]]:
    """Returns what happened in each visit in a range, whatever the filters."""
    found: defaultdict[Session, list[Event]] = defaultdict(list)
    for event in looked_at(shop, shop.days_of(question), question):
        if session := shop.visit_of.get(event):
            found[session].append(event)
    return dict(found)


def orders_after(shop: Reckoning, question: Question, session: Session) -> list[datetime]:
    """Returns when the orders were placed that came of a visit, from the range's begin to a month after its end."""
    days = shop.days_of(question)
    placed = [order.placed_at for order in shop.came_of.get(session, ()) if order.placed_at and shop.counted(order)]
    return sorted(moment for moment in placed if shop.begin(days) <= moment < shop.end(days) + WINDOW)


def listed(number: int) -> Json:
    """Returns what a list that is not longer than one page says of itself."""
    return {"total": number, "page": 1, "page_size": 20, "total_pages": min(number, 1), "next": None}


def page_named(event: Event) -> str:
    """Returns what a page is called: by its path, or its type where it came without."""
    return event.path or event.page_type or "other"


def _count(
    shop: Reckoning, question: Question, found: defaultdict[str, Page], session: Session, events: Sequence[Event]
) -> None:
    views = [event for event in events if event.kind == "pageview"]
    busy = any(event.kind not in NO_DOING for event in events)
    orders = orders_after(shop, question, session)
    seen: set[str] = set()
    for view, following in zip_longest(views, views[1:]):
        if not event_passes(shop, question, view):
            continue
        page = found[page_named(view)]
        entered = view is views[0] and session.began >= shop.begin(shop.days_of(question))
        page.views += 1
        page.people.add(shop.person(view))
        page.sessions.add(session)
        page.entrances += entered
        page.exits += following is None
        page.bounces += entered and len(views) == 1 and not busy and not orders
        if following:
            page.seconds.append(milliseconds(following.at) - milliseconds(view.at))
        if page_named(view) not in seen and orders and orders[-1] >= view.at:
            page.conversions.add(session)
            page.buyers.add(shop.person(view))
        seen.add(page_named(view))


def _row(name: str, page: Page) -> Json:
    measured = len(page.seconds)
    return {
        "page": name,
        "views": page.views,
        "people": len(page.people),
        "sessions": len(page.sessions),
        "entrances": page.entrances,
        "exits": page.exits,
        "exit_rate": rate(page.exits, page.views),
        "bounces": page.bounces,
        "bounce_rate": rate(page.bounces, page.entrances),
        "avg_seconds": round(sum(page.seconds) / measured / 1_000, 1) if measured else None,
        "measured": measured,
        "conversions": len(page.conversions),
        "conversion_rate": rate(len(page.conversions), len(page.sessions)),
        "buyers": len(page.buyers),
    }
