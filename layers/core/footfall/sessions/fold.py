"""Sessions from events: one visitor's, under one client's id without a day's silence, else without half an hour's.

Events among which nothing was viewed are no session: a server or a file told them, and nobody was there.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from footfall.schemas.event import INTERACTION_TYPES, VIEW_TYPES, NamedEvent, SessionEvent, StepEvent, order_in_time
from footfall.schemas.message import LiveOrder, SessionSummary
from footfall.schemas.session import CutField, FirstEvent, LiveSession, SessionDocument, SessionOrder, SessionSpan

Session = TypeVar("Session", bound=SessionEvent)
Span = TypeVar("Span", bound=SessionSpan)
SessionKey = tuple[str, str | None]
"""A visitor, and the client's id of a session; None for the events that have none."""
GAP = timedelta(minutes=30)
HALF_A_DAY = timedelta(hours=12)
SILENCE = timedelta(days=1)
"""Clients number sessions anew, or for ever: after a day without an event, the same id is another session."""


def sessions_of(events: Iterable[Session]) -> list[list[Session]]:
    """Returns events as sessions, each in order; those that belong to none are left out."""
    return [chain for chain in chains_of(events) if is_session(chain)]


def is_session(chain: Iterable[NamedEvent]) -> bool:
    """Returns whether events without a gap are a session: whether a page, a product, a list or the cart was viewed."""
    return any(event["type"] in VIEW_TYPES for event in chain)


def chains_of(events: Iterable[Session]) -> list[list[Session]]:
    """Returns events in order, together those of one visitor and one client's id, or none, without its gap."""
    groups: defaultdict[SessionKey, list[Session]] = defaultdict(list)
    for event in events:
        groups[key_of(event)].append(event)
    return [chain for key, found in groups.items() for chain in split_by_gap(found, gap_of(key))]


def key_of(event: StepEvent) -> SessionKey:
    """Returns whose session an event is part of, and what the client calls it."""
    return event["visitor_id"], event.get("session_id")


def gap_of(key: SessionKey) -> timedelta:
    """Returns after how much silence such a session is over."""
    return GAP if key[1] is None else SILENCE


def split_by_gap(events: Iterable[Session], gap: timedelta = GAP) -> list[list[Session]]:
    """Returns events in order, cut wherever more than `gap` passes between two."""
    chains: list[list[Session]] = []
    for event in sorted(events, key=order_in_time):
        if not chains or event["timestamp"] - chains[-1][-1]["timestamp"] > gap:
            chains.append([])
        chains[-1].append(event)
    return chains


def session_at(moment: datetime, sessions: Sequence[Span]) -> Span | None:
    """Returns the session that a moment lies in, of those of one key in the order of time; None where it is in none."""
    begun = bisect_right(sessions, moment, key=lambda session: session["started_at"])
    return sessions[begun - 1] if begun and moment <= sessions[begun - 1]["ended_at"] else None


def moments_of(session: SessionSpan) -> list[datetime]:
    """Returns moments of every local day that a session was on, in any time zone: its events are in their figures."""
    halves = (session["ended_at"] - session["started_at"]) // HALF_A_DAY
    return [*(session["started_at"] + number * HALF_A_DAY for number in range(halves + 1)), session["ended_at"]]


def session_id_of(key: SessionKey, started_at: datetime) -> str:
    """Returns the id of a session by when it began, unique in the site: `visitor~client's id@millisecond`.

    Without a client's id it is `visitor@millisecond`. A `~` of the visitor is written `%7E`, so that no two are alike.
    """
    visitor_id, client_id = key
    if "~" in visitor_id or "%" in visitor_id:
        visitor_id = visitor_id.replace("%", "%25").replace("~", "%7E")
    named = visitor_id if client_id is None else f"{visitor_id}~{client_id}"
    return f"{named}@{round(started_at.timestamp() * 1000)}"


MOST_PAGES, MOST_STEPS = 500, 100
"""How many kinds of pages a session says it saw, and when it first did: the first ones."""
MOST_LIVE_ORDERS = 20
"""How many of its orders the live view is told: the newest."""
LONGEST_TYPE = 256
FIRST_EVENTS = 20
"""How many of its first events a session tells: its chance of an order is scored by them."""


def fold_session(events: Iterable[SessionEvent], computed_at: datetime) -> SessionDocument:
    """Returns one session from all its events, in any order, as if its visitor had not been here before nor bought.

    What brought the visitor, and on which device, is what the first view says.
    """
    ordered = sorted(events, key=order_in_time)
    first, last = ordered[0], ordered[-1]
    session_id = session_id_of(key_of(first), first["timestamp"])
    client_id = first.get("session_id")
    pages = [event for event in ordered if event["type"] == "pageview"]
    view = next(event for event in ordered if event["type"] in VIEW_TYPES)
    visited = [page.get("page_type") or page.get("path") or "other" for page in pages]
    interactions = sum(event["type"] in INTERACTION_TYPES for event in ordered)
    user_id = _first(event.get("user_id") for event in reversed(ordered))
    steps = _first_times(pages)
    session = SessionDocument(
        _id=f"{first['site_id']}:{session_id}",
        site_id=first["site_id"],
        session_id=session_id,
        client_session_id=client_id,
        derived=client_id is None,
        visitor_id=first["visitor_id"],
        user_id=user_id,
        person_id=user_id or first["visitor_id"],
        started_at=first["timestamp"],
        ended_at=last["timestamp"],
        duration=(last["timestamp"] - first["timestamp"]).total_seconds(),
        device=view["device"],
        browser=view.get("browser"),
        os=view.get("os"),
        language=_first(event.get("language") for event in ordered),
        screen=_first(event.get("screen") for event in ordered),
        country=_first(event.get("country") for event in ordered),
        bot=any(event["bot"] for event in ordered),
        events=len(ordered),
        page_views=len(pages),
        pages_visited=list(dict.fromkeys(visited))[:MOST_PAGES],
        entry_page=visited[0] if visited else None,
        exit_page=visited[-1] if visited else None,
        landing_path=pages[0].get("path") if pages else None,
        exit_path=pages[-1].get("path") if pages else None,
        last_event=last["type"],
        steps=dict(islice(steps.items(), MOST_STEPS)),
        interactions=interactions,
        converted=False,
        conversion_value=0,
        currency=None,
        referrer_host=view.get("referrer_host"),
        own_attribution=view["attribution"],
        attribution=view["attribution"],
        attributed_at=first["timestamp"],
        bounce=len(pages) == 1 and interactions == 0,
        first_events=[_first_event(event) for event in ordered[:FIRST_EVENTS]],
        computed_at=computed_at,
    )
    cut = _cut(len(set(visited)), len(steps))
    return {**session, "cut": cut} if cut else session


def _cut(pages: int, steps: int) -> list[CutField]:
    found: list[tuple[CutField, bool]] = [("pages_visited", pages > MOST_PAGES), ("steps", steps > MOST_STEPS)]
    return [name for name, is_cut in found if is_cut]


def _first_event(event: SessionEvent) -> FirstEvent:
    told = FirstEvent(at=event["timestamp"], type=event["type"])
    if page_type := event.get("page_type"):
        told["page_type"] = page_type[:LONGEST_TYPE]
    return told


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _first_times(pages: list[SessionEvent]) -> dict[str, datetime]:
    steps: dict[str, datetime] = {}
    for page in pages:
        kind = page.get("page_type")
        if kind and "." not in kind and not kind.startswith("$") and len(steps) <= MOST_STEPS:
            steps.setdefault(kind, page["timestamp"])
    return steps


def summarise(session: LiveSession) -> SessionSummary:
    """Returns what the live view needs to know of a session."""
    first = session.get("first_events", [])
    return SessionSummary(
        session_id=session["session_id"],
        visitor_id=session["visitor_id"],
        person_id=session["person_id"],
        device=session["device"],
        started_at=session["started_at"],
        ended_at=session["ended_at"],
        last_page=session["exit_page"],
        last_event=session["last_event"],
        events=session["events"],
        converted=session["converted"],
        conversion_value=session["conversion_value"],
        path=session["exit_path"],
        source=session["attribution"].get("source"),
        bot=session["bot"],
        orders=[_live_order(order) for order in session.get("orders", ())[-MOST_LIVE_ORDERS:]],
        first_kinds=[kind_of(event["type"], event.get("page_type")) for event in first],
        first_seconds=[(event["at"] - session["started_at"]).total_seconds() for event in first],
        computed_at=session["computed_at"],
    )


def kind_of(event_type: str, page_type: str | None) -> str:
    """Returns what an event counts as: a page view as that of its type of page, another as its own type."""
    return f"{event_type} {page_type}" if event_type == "pageview" and page_type else event_type


def _live_order(order: SessionOrder) -> LiveOrder:
    return LiveOrder(placed_at=order["placed_at"], total=order["total"], currency=order["currency"])
