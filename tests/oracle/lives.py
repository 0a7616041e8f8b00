"""Hypothesis strategies for whole lives of a shop, how they are delivered, and what is asked of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.oracle.life import Delivery, Json, Life, Question, Shop, Then, Told
from tests.oracle.trade import orders
from tests.oracle.visits import USERS, VISITORS, Body, crawls, merges, notes, visits

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
STEPS = (
    *("home,search", "home,home", "search,Order Completed", "product_viewed|product,cart|product_added,purchase"),
    *("home,search,payment,confirmation", "pageview,click|scroll|form_submit", "identify,pageview"),
)
AFTERWARDS: tuple[Then, ...] = ("nothing", "nothing", "roll up", "roll up", "look", "ask of steps")
EXCLUDED = ("cart", "search,click", "product_viewed|product", "identify")
COMPARE = ("previous", "weekdays", "year")
LONGER = ("week", "month")
FILTERS = {
    "device": ("mobile", "!Mobile"),
    "source": ("direct", "news", "!google"),
    "page": ("/search", "!/"),
    "landing_page": ("/",),
}
BOTH = {"device": "Mobile", "page_type": "product"}
BY = ("device", "source", "page", "page_type", "landing_page")
ONE_FILTER = [{name: each} for name, values in FILTERS.items() for each in values]
NARROWED: tuple[dict[str, str], ...] = ({}, {}, *ONE_FILTER, BOTH)
OF_DAYS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "dashboard": ("/api/metrics/dashboard", {"breakdown": BY}),
    "revenue": ("/api/analytics/revenue-trend", {"period": LONGER}),
    "conversions": ("/api/analytics/conversion-trends", {"period": LONGER, "device": ("Mobile", "Desktop")}),
}
KINDS = ("people", "times", "trend", "metrics", "customer", *OF_DAYS)
WINDOWS = ("30s", "10m", "2h", "7d")


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
    ranges = _ranges(date.fromisoformat(day), min(minutes) // 1_440 - 1, max(minutes) // 1_440 + 4)
    asked = draw(st.lists(_questions(shop, ranges), min_size=4, max_size=8))
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


PEOPLE = (*USERS, *VISITORS)
ALWAYS = (
    *(Question("/api/metrics"), Question("/api/metrics/dashboard"), Question("/api/customers")),
    *(Question(f"/api/customers/{person}") for person in USERS),
)


@st.composite
def _ranges(draw: st.DrawFn, day: date, first: int, last: int) -> tuple[tuple[str, str], ...]:
    # all that can have happened, or a few days around the one that lives are about, or what the route itself takes
    begin, end = draw(st.sampled_from([(first, last), (first, last), (-1, 0), (0, 0), (-31, 2), (1, 9)]))
    given = (("from", str(day + timedelta(days=begin))), ("to", str(day + timedelta(days=end))))
    return draw(st.sampled_from([given, given, given, ()]))


@st.composite
def _questions(draw: st.DrawFn, shop: Shop, ranges: st.SearchStrategy[tuple[tuple[str, str], ...]]) -> Question:
    kind = draw(st.sampled_from([*["funnel"] * 4, *KINDS]))
    if kind in OF_DAYS:
        path, choices = OF_DAYS[kind]
        narrowed = draw(st.sampled_from(NARROWED)) if kind == "dashboard" else {}
        return Question(path, _pairs(dict(draw(ranges)) | narrowed | _some(draw, compare=COMPARE, **choices)))
    if kind == "metrics":
        return Question("/api/metrics", (("compare", draw(st.sampled_from(COMPARE))),))
    if kind == "customer":
        return Question(f"/api/customers/{draw(st.sampled_from(PEOPLE))}")
    parameters = dict(draw(ranges)) | _some(draw, window=WINDOWS, device=("Mobile", "Desktop"))
    parameters |= draw(st.sampled_from([{}, {"funnel": list(shop.funnels)[-1]}, *({"steps": each} for each in STEPS)]))
    if kind == "trend":
        return Question("/api/funnel/trend", _pairs(parameters | _some(draw, period=("week", "month", "day"))))
    parameters |= _some(draw, order=("any", "strict"), exclude=EXCLUDED)
    if "window" in parameters and parameters.get("order") != "any":
        parameters |= _some(draw, window_mode=("step",))
    if kind == "people":
        parameters |= _some(draw, outcome=("dropped",), step=("1", "2")) | {"page_size": "100"}
        return Question("/api/funnel/people", _pairs(parameters))
    parameters |= _some(draw, unit=("session",))
    if kind == "times":
        return Question("/api/funnel/time-to-convert", _pairs(parameters))
    return Question("/api/funnel", _pairs(parameters | _some(draw, breakdown=("device",))))


def _some(draw: st.DrawFn, **choices: Sequence[str]) -> dict[str, str]:
    drawn = {name: draw(st.sampled_from([None, None, *values])) for name, values in choices.items()}
    return {name: value for name, value in drawn.items() if value is not None}


def _pairs(parameters: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parameters.items()))
