"""Hypothesis strategies for what people, crawlers and servers do, besides ordering."""

from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from tests.oracle.life import PAGE, SERVER, Json

VISITORS = {"v1": "desktop", "v2": "mobile", "v3": "Tablet"}
USERS = ("anna", "bob")
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SHOP = "https://shop.example"
PATHS = ("/", "/", "/search", "/search", "/product/tea", "/cart", "/checkout", "/confirmation", "/about")
TEA: Json = {"product_id": "tea", "price": 4}
LINES: tuple[Json, ...] = ({"products": [TEA, {"product_id": "cup", "price": 7, "quantity": 2}]}, {"products": [TEA]})
SHOWN: Json = {"products": [{**TEA, "list_id": "new", "position": 1}, {"sku": "cup", "list_id": "new", "position": 2}]}
TERM: Json = {"query": "tea"}
SEARCHES: tuple[Json, ...] = ({"query": "Blue Lamp", "results": 3}, {"query": "blue  lamp", "results": 0}, TERM)
ABOUT: dict[str, tuple[Json, ...]] = {
    "Product Viewed": (TEA, {"product_id": "cup"}),
    "Product Clicked": (SHOWN, TEA),
    "Product List Viewed": (SHOWN,),
    "add_to_cart": ({**TEA, "quantity": 3}, TEA, {"product_id": "cup", "price": 7, "currency": "USD"}, {}),
    "Product Removed": (TEA, {**TEA, "quantity": 2}, {}),
    "Cart Viewed": (*LINES, {}),
    "begin_checkout": (*LINES, {}),
    "Products Searched": (*SEARCHES, {}),
}
"""What is told of what is done."""
VITALS: tuple[Json, ...] = ({"lcp": 2_500, "cls": 0.1}, {"lcp": 2_501, "inp": 70.5}, {"lcp": 4_001, "ttfb": 0}, {})
DOINGS = (
    *("click", "scroll", "form_submit", "feedback", "page_exit", "page_exit", "Colour Picked"),
    *("Video Playback Started", "Coupon Applied", "Payment Info Entered"),
    *(*ABOUT, "add_to_cart", "Products Searched"),
)
NOTES = ("Order Shipped", "Newsletter Sent", "Product Added")
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 60, 600, 1_800, 1_801, 86_400, 86_401))
LAGS = tuple(timedelta(seconds=seconds) for seconds in (2, 3_600, 200_000))
"""How long after its last event a body is received: at once, or when somebody was on line again."""


class Body(NamedTuple):
    """Events that are sent together; their `timestamp` is the true time still."""

    events: list[Json]
    source: str = PAGE
    lag: timedelta = LAGS[0]
    agent: str | None = None
    skew: timedelta = timedelta()
    """By how much the client's clock is wrong."""


class Landing(NamedTuple):
    """How a visit's first page says what brought the visitor: what stands behind its address, its referrer, or tags."""

    query: str = ""
    referrer: str | None = None
    source: str | None = None


LANDINGS = (
    *(Landing(), Landing(), Landing("?utm_source=News&utm_medium=email"), Landing("?gclid=abc")),
    *(Landing(referrer="https://www.google.com/"), Landing(referrer="https://blog.example.org/tea")),
    *(Landing(referrer="https://www.paypal.com/pay"), Landing(referrer=f"{SHOP}/"), Landing(source="partner")),
)


@st.composite
def visits(draw: st.DrawFn, moments: st.SearchStrategy[datetime]) -> list[Body]:
    """One visit of one visitor: pages and what is done on them, in one body or two, signed in or not."""
    visitor = draw(st.sampled_from(list(VISITORS)))
    always: Json = {"visitorId": visitor, "device": VISITORS[visitor]}
    session = draw(st.sampled_from([None, None, "s1", "s2"]))
    user = draw(st.sampled_from([None, None, None, *USERS]))
    always |= {name: value for name, value in (("sessionId", session), ("userId", user)) if value}
    moment, landing = draw(moments), draw(st.sampled_from(LANDINGS))
    events: list[Json] = []
    for number in range(draw(st.integers(1, 5))):
        moment += draw(st.sampled_from(PAUSES)) if number else timedelta()
        happened = draw(
            pages(landing if number == 0 else Landing()) if number == 0 or draw(st.booleans()) else doings()
        )
        events.append({**happened, **always, "timestamp": moment})
    if draw(st.integers(0, 9)) == 0:
        events[-1]["device"] = "desktop"
    skew = timedelta(hours=draw(st.sampled_from([0] * 8 + [-5, 30])))
    cut = draw(st.sampled_from([len(events), len(events), 1]))
    agent = draw(st.sampled_from([None] * 9 + [CRAWLER]))
    lag = draw(st.sampled_from(LAGS))
    halves = [(events[:cut], None if cut == 1 and len(events) > 1 else agent), (events[cut:], agent)]
    return [Body(half, PAGE, lag, reader, skew) for half, reader in halves if half]


@st.composite
def pages(draw: st.DrawFn, landing: Landing) -> Json:
    """A page view, or a screen of an app."""
    path = draw(st.sampled_from(PATHS))
    if draw(st.integers(0, 9)) == 0:
        return {"eventType": "screen", "pageType": "home"}
    event: Json = {"eventType": "pageview", "url": SHOP + path + landing.query}
    if landing.referrer:
        event["referrer"] = landing.referrer
    if landing.source:
        event["attribution"] = {"utmParams": {"source": landing.source, "medium": "affiliate"}}
    return event


@st.composite
def doings(draw: st.DrawFn) -> Json:
    """Something else than looking at a page; with what it is about, where that is a product, a search or a page."""
    name = draw(st.sampled_from(DOINGS))
    if name == "page_exit":
        left = {"url": SHOP + draw(st.sampled_from(PATHS)), "vitals": draw(st.sampled_from(VITALS))}
        return {"eventType": name, **draw(st.sampled_from([{}, left]))}
    if name.islower() and name not in ABOUT:
        return {"eventType": name}
    event: Json = {"eventType": "track", "event": name}
    told = draw(st.sampled_from(ABOUT.get(name, ({},))))
    return {**event, "properties": told} if told else event


@st.composite
def crawls(draw: st.DrawFn, moments: st.SearchStrategy[datetime]) -> list[Body]:
    """A crawler's visit, of its own."""
    view: Json = {"eventType": "pageview", "url": f"{SHOP}/search", "visitorId": "crawler", "device": "desktop"}
    return [Body([{**view, "timestamp": draw(moments)}], agent=CRAWLER)]


@st.composite
def merges(draw: st.DrawFn, moments: st.SearchStrategy[datetime]) -> list[Body]:
    """A visitor turns out to be somebody: by identify, or by alias."""
    visitor, user = draw(st.sampled_from(list(VISITORS))), draw(st.sampled_from(USERS))
    event: Json = {"eventType": "identify", "visitorId": visitor, "userId": user}
    if draw(st.integers(0, 3)) == 0:
        event = {"eventType": "alias", "previousId": visitor, "userId": user}
    return [Body([{**event, "timestamp": draw(moments)}], lag=draw(st.sampled_from(LAGS)))]


@st.composite
def notes(draw: st.DrawFn, moments: st.SearchStrategy[datetime]) -> list[Body]:
    """What a server tells of somebody who is not there."""
    who = draw(st.sampled_from([{"userId": "anna"}, {"userId": "bob"}, {"anonymousId": "v1"}, {"anonymousId": "v2"}]))
    event: Json = {"type": "track", "event": draw(st.sampled_from(NOTES)), **who, "timestamp": draw(moments)}
    return [Body([event], SERVER)]
