"""Hypothesis strategies for whole lives of a shop, and how they are delivered."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.oracle.life import Delivery, Json, Life, Shop, Then, Told
from tests.oracle.questions import ALWAYS, questions, ranges_around
from tests.oracle.trade import orders
from tests.oracle.visits import Body, crawls, merges, notes, visits

DAYS = (
    *(("Europe/Rome", "2025-03-30"), ("Europe/Rome", "2025-10-26"), ("Europe/Rome", "2025-05-12")),
    *(("America/New_York", "2025-03-09"), ("America/New_York", "2025-11-02"), ("Asia/Kolkata", "2025-05-12")),
    ("Africa/Cairo", "2025-04-25"),
)
"""Days around whose beginning lives happen: clocks are put forward, or back, or neither; Cairo's skip midnight."""
MINUTES = (
    *(-40 * 1_440, -30 * 1_440 - 1, -29 * 1_440, -1_440, -45, -20, -5, 0, 1, 20, 29, 31, 90, 150, 210),
    *(23 * 60 - 10, 1_440 - 5, 1_440, 25 * 60, 2 * 1_440, 9 * 1_440, 95 * 1_440),
)
MOST_EVENTS, MOST_HAPPENINGS = 40, 12
DEFAULT = {"default": ("home", "search", "payment", "confirmation")}
FUNNELS = (
    DEFAULT,
    {"buying": ("home|search", "product|product_viewed", "order_completed")},
    {**DEFAULT, "cart": ("pageview", "cart")},
)
AFTERWARDS: tuple[Then, ...] = ("nothing", "nothing", "roll up", "roll up", "look", "ask of steps")


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A small life of a small shop: everything happens around a few moments, so that it has to do with each other."""
    zone, day = draw(st.sampled_from(DAYS))
    currency = draw(st.sampled_from(["EUR", "EUR", "JPY", "INR"]))
    shop = Shop(zone, currency, draw(st.sampled_from(FUNNELS)))
    midnight = datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone)).astimezone(UTC)
    minutes = draw(st.lists(st.sampled_from(MINUTES), min_size=2, max_size=5, unique=True))
    moments = st.sampled_from([midnight + timedelta(minutes=each) for each in minutes])
    happenings = [visits(moments), visits(moments), merges(moments), notes(moments), orders(moments, currency)]
    kinds = st.sampled_from([*happenings * 3, crawls(moments)])
    number = draw(st.integers(1, MOST_HAPPENINGS))
    happened = st.lists(kinds.flatmap(lambda kind: kind), min_size=number, max_size=number)
    drawn = draw(happened.filter(any))
    told = _told([body for bodies in drawn for body in bodies])[:MOST_EVENTS]
    deliveries = draw(_deliveries([one.event_id for one in told]))
    ranges = ranges_around(date.fromisoformat(day), min(minutes) // 1_440 - 1, max(minutes) // 1_440 + 4)
    asked = draw(st.lists(questions(shop, ranges), min_size=6, max_size=12))
    return Life(shop, told, deliveries, tuple(dict.fromkeys([*ALWAYS, *asked])))


def _told(bodies: Sequence[Body]) -> tuple[Told, ...]:
    names = count(1)
    last = max(_moment(event) for body in bodies for event in body.events)
    # no two bodies are received at the same moment
    return tuple(
        _sent(event, f"e{next(names)}", place, body, _received_at(body, last) + timedelta(milliseconds=number))
        for number, body in enumerate(bodies)
        for place, event in enumerate(body.events)
    )


def _received_at(body: Body, last: datetime) -> datetime:
    # a file is imported whole, after everything
    if body.source.startswith("import:"):
        return last + timedelta(days=int(body.source.removeprefix("import:")))
    return max(_moment(event) for event in body.events) + body.lag


def _sent(event: Json, name: str, place: int, body: Body, received_at: datetime) -> Told:
    sent: Json = {"eventId": name, **event, "timestamp": (_moment(event) + body.skew).isoformat()}
    if body.skew:
        sent["sentAt"] = (received_at + body.skew).isoformat()
    if "type" in sent:  # in Segment's words
        sent["messageId"] = sent.pop("eventId")
    return Told(sent, body.source, received_at, place, body.agent)


def _moment(event: Json) -> datetime:
    moment = event["timestamp"]
    assert isinstance(moment, datetime)
    return moment


@st.composite
def _deliveries(draw: st.DrawFn, event_ids: list[str]) -> tuple[Delivery, ...]:
    # in any order, some of them twice
    again = draw(st.lists(st.sampled_from(event_ids), max_size=3))
    left = draw(st.permutations([*event_ids, *again]))
    deliveries: list[Delivery] = []
    while left:
        size = draw(st.sampled_from([1, 1, 2, 3, 6, 40]))
        deliveries.append(Delivery(tuple(dict.fromkeys(left[:size])), draw(st.sampled_from(AFTERWARDS))))
        left = left[size:]
    return tuple(deliveries)
