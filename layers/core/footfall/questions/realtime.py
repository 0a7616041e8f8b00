"""The question who is on the site now, and what was done in the last half hour."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from footfall.clock import now
from footfall.events.sources import source_named
from footfall.money import major_units
from footfall.questions.figures import Currency, Orders, Revenue
from footfall.questions.live import live_since
from footfall.questions.propensity import LivePropensity, Propensity
from footfall.schemas.message import LiveEvent, LiveOrder, SessionSummary
from footfall.sites import get_site
from footfall.stores.mongo import answering, database

MINUTE = timedelta(minutes=1)
MINUTES = 30
ACTIVE = timedelta(minutes=5)
LONGEST_LIST = 10


class ActiveDevice(BaseModel):
    """One kind of device of those who are active."""

    device: str
    users: int = Field(description="Active people whose latest session is on it")


class ActivePage(BaseModel):
    """Where some of those who are active are."""

    page: str = Field(description="The path of the page that they saw last, or its type; `other` without either")
    users: int = Field(description="Active people who saw it last")


class ActiveSource(BaseModel):
    """Where some of those who are active came from."""

    source: str = Field(description="What their session is attributed to; `direct` when no source is known")
    users: int = Field(description="Active people who came from there")


class LiveMinute(BaseModel):
    """One minute of the last thirty."""

    minute: datetime = Field(description="When it began; the last one is not over yet")
    users: int = Field(description="Distinct people who were in a session: between its first event and its latest")
    sessions: int = Field(description="Sessions that began in it")
    orders: Orders
    revenue: Revenue


class LiveConversions(BaseModel):
    """What was bought in these thirty minutes, in sessions that had an event in them."""

    orders: Orders
    revenue: Revenue
    currency: Currency


class LastEvent(BaseModel):
    """One event, without whose it is."""

    at: datetime = Field(description="When it happened")
    type: str = Field(description="What happened", examples=["pageview"])
    name: str | None = Field(default=None, description="Its own name, where its type does not say it all")
    page: str | None = Field(default=None, description="The path of the page that it was on, or its type")
    device: str
    country: str | None = None


class Realtime(BaseModel):
    """Who is on the site now, and the last thirty minutes; bots are left out. Lists hold the ten largest."""

    at: datetime = Field(description="The moment that this is of")
    complete_from: datetime = Field(
        description="Since when all is counted: of a site with more than ten thousand sessions in the thirty minutes,"
        " those of the newest sessions are"
    )
    active_users: int = Field(description="Distinct people who did something in the last five minutes", examples=[41])
    by_device: list[ActiveDevice] = Field(description="The devices of those who are active")
    pages: list[ActivePage] = Field(description="Where those are who are active")
    sources: list[ActiveSource] = Field(description="Where those came from who are active")
    per_minute: list[LiveMinute] = Field(description="The last thirty minutes, in order")
    conversions: LiveConversions
    propensity: LivePropensity
    last_events: list[LastEvent] = Field(description="The newest twenty, the newest first")


@answering()
def answer(site_id: str) -> Realtime:
    """Returns who is on the site now; raises NotFound or Unavailable."""
    currency, at = get_site(database(), site_id).currency, now()
    first = at.replace(second=0, microsecond=0) - (MINUTES - 1) * MINUTE
    live = live_since(site_id, first)
    active = _latest_of_each(session for session in live.sessions if session.ended_at > at - ACTIVE)
    orders = [order for session in live.sessions for order in _counted(session, first, currency)]
    return Realtime(
        at=at,
        complete_from=live.complete_from,
        active_users=len(active),
        by_device=[ActiveDevice(device=name, users=n) for name, n in _largest(active, lambda one: one.device)],
        pages=[ActivePage(page=name, users=n) for name, n in _largest(active, _page)],
        sources=[ActiveSource(source=name, users=n) for name, n in _largest(active, _source)],
        per_minute=list(_per_minute(first, live.sessions, orders, currency)),
        conversions=LiveConversions(orders=len(orders), revenue=_revenue(orders, currency), currency=currency),
        propensity=Propensity.of(site_id).of_live(active),
        last_events=[_event(event) for event in live.events],
    )


def _latest_of_each(sessions: Iterable[SessionSummary]) -> list[SessionSummary]:
    # of each person, the session of their latest event
    ordered = sorted(sessions, key=lambda session: (session.ended_at, session.session_id))
    return list({session.person_id: session for session in ordered}.values())


def _counted(session: SessionSummary, first: datetime, currency: str) -> Iterator[LiveOrder]:
    # those that figures count
    for order in session.orders:
        if order.placed_at >= first and order.currency == currency and order.total > 0:
            yield order


def _largest(sessions: Iterable[SessionSummary], key: Callable[[SessionSummary], str]) -> list[tuple[str, int]]:
    counts = Counter(map(key, sessions))
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:LONGEST_LIST]


def _page(session: SessionSummary) -> str:
    return session.path or session.last_page or "other"


def _source(session: SessionSummary) -> str:
    return source_named(session.source) if session.source else "direct"


def _number(first: datetime, moment: datetime) -> int:
    # what is before counts with the first minute, and a clock that is ahead with the last
    return min(max((moment - first) // MINUTE, 0), MINUTES - 1)


def _per_minute(
    first: datetime, sessions: Collection[SessionSummary], orders: Iterable[LiveOrder], currency: str
) -> Iterator[LiveMinute]:
    people: defaultdict[int, set[str]] = defaultdict(set)
    for session in sessions:
        for number in range(_number(first, session.started_at), _number(first, session.ended_at) + 1):
            people[number].add(session.person_id)
    begun = Counter(_number(first, session.started_at) for session in sessions if session.started_at >= first)
    bought: defaultdict[int, list[LiveOrder]] = defaultdict(list)
    for order in orders:
        bought[_number(first, order.placed_at)].append(order)
    for number in range(MINUTES):
        yield LiveMinute(
            minute=first + number * MINUTE,
            users=len(people[number]),
            sessions=begun[number],
            orders=len(bought[number]),
            revenue=_revenue(bought[number], currency),
        )


def _revenue(orders: Iterable[LiveOrder], currency: str) -> float:
    return major_units(sum(order.total for order in orders), currency)


def _event(event: LiveEvent) -> LastEvent:
    return LastEvent(**event.model_dump(exclude={"key"}))
