"""Hypothesis strategies for what is asked of a life: every route, in its modes, over ranges around what happened."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from tests.oracle.life import Question, Shop
from tests.oracle.visits import USERS, VISITORS

Choices = Mapping[str, Sequence[str]]
Ranges = st.SearchStrategy[tuple[tuple[str, str], ...]]
STEPS = (
    *("home,search", "home,home", "search,Order Completed", "product_viewed|product,cart|product_added,purchase"),
    *("home,search,payment,confirmation", "pageview,click|scroll|form_submit", "identify,pageview"),
    *("home[device=Mobile],pageview[device!=Mobile]|click", "pageview[landing_page=/],search[source!=direct]"),
)
EXCLUDED = ("cart", "search,click", "product_viewed|product", "identify", "search[device=Mobile]")
COMPARE = ("previous", "weekdays", "year")
PERIODS = ("week", "month")
FILTERS: Choices = {
    "device": ("mobile", "!Mobile"),
    "source": ("direct", "news", "!google"),
    "page": ("/search", "!/"),
    "landing_page": ("/",),
    "bots": ("include",),
}
BOTH = {"device": "Mobile", "page_type": "product"}
BY = ("device", "source", "page", "page_type", "landing_page")
NARROWED: tuple[dict[str, str], ...] = (
    *({}, {}),
    *({name: each} for name, values in FILTERS.items() for each in values),
    BOTH,
)
MODELS = ("first", "last", "linear", "position", "time_decay")
DOINGS = ("pageview", "home", "search", "Order Completed", "home|search[device=Mobile]", "click")
NODES = ("page", "event")
WINDOWS = ("30s", "10m", "2h", "7d")
PEOPLE = (*USERS, *VISITORS)
OF_DAYS: Mapping[str, Choices] = {
    "/api/metrics/dashboard": {"compare": COMPARE, "breakdown": BY},
    "/api/retention": {"period": PERIODS, "periods": ("1", "2"), "first": DOINGS, "returning": DOINGS, "breakdown": BY},
    "/api/analytics/stickiness": {},
    "/api/analytics/lifecycle": {"period": PERIODS},
    "/api/paths": {"nodes": NODES, "depth": ("1", "2", "3"), "top": ("1", "2", "3")},
    "/api/analytics/traffic-sources": {"model": MODELS, "window": ("1d", "7d", "90d")},
    "/api/analytics/pages": {"sort_by": ("exits", "conversions")},
    "/api/analytics/searches": {"sort_by": ("clicked",)},
    "/api/analytics/carts": {"window": ("30m", "7d")},
    "/api/analytics/products": {"sort_by": ("views", "refunded"), "product": ("tea", "!CUP")},
    "/api/analytics/web-vitals": {},
    "/api/journeys": {"nodes": NODES, "length": ("1", "2"), "top": ("2",), "unit": ("session",)},
}
"""Questions about a range that take filters, and what else may be asked of each."""
TRENDS: Mapping[str, Choices] = {
    "/api/analytics/refunds": {"period": PERIODS},
    **{f"/api/dimensions/{name}": {} for name in BY},
    "/api/analytics/revenue-trend": {"compare": COMPARE, "period": PERIODS},
    "/api/analytics/conversion-trends": {"compare": COMPARE, "period": PERIODS, "device": ("Mobile", "Desktop")},
}
FUNNELS = tuple(f"/api/funnel{which}" for which in ("", "/dropoff", "/people", "/time-to-convert", "/trend"))
LISTS = frozenset({f"/api/analytics/{name}" for name in ("pages", "searches", "products", "web-vitals")})
PAGED = LISTS | {"/api/funnel/people"}
LIVE = LISTS | {
    *("/api/paths", "/api/funnel/time-to-convert", "/api/analytics/traffic-sources", "/api/analytics/carts"),
    "/api/analytics/refunds",
}
OF_EVENTS = {"first", "returning", "breakdown", *FILTERS, *BOTH} - {"device"}
ENDS: tuple[dict[str, str], ...] = ({}, {"from_page": "home"}, {"to_page": "Order Completed"}, {"to_page": "/search"})
ALWAYS = (
    *(Question("/api/metrics"), Question("/api/metrics/dashboard"), Question("/api/customers")),
    *(Question(f"/api/customers/{person}{what}") for person in USERS for what in ("", "/journey")),
)


@st.composite
def ranges_around(draw: st.DrawFn, day: date, first: int, last: int) -> tuple[tuple[str, str], ...]:
    """All that can have happened, or a few days around the one that a life is about, or what the route itself takes."""
    begin, end = draw(st.sampled_from([(first, last), (first, last), (-1, 0), (0, 0), (-31, 2), (1, 9)]))
    given = (("from", str(day + timedelta(days=begin))), ("to", str(day + timedelta(days=end))))
    return draw(st.sampled_from([given, given, given, ()]))


@st.composite
def questions(draw: st.DrawFn, shop: Shop, ranges: Ranges) -> Question:
    """One question."""
    kind = draw(st.sampled_from(["funnel", "funnel", "days", "days", "days", "days", "trend", "trend", "other"]))
    if kind == "other":
        return draw(_others())
    if kind == "funnel":
        path = draw(st.sampled_from(["/api/funnel", *FUNNELS]))
        return _question(path, dict(draw(ranges)) | draw(_of_funnels(shop, path)))
    routes = OF_DAYS if kind == "days" else TRENDS
    path = draw(st.sampled_from(list(routes)))
    parameters = dict(draw(ranges)) | draw(_some(routes[path]))
    if kind == "days":
        parameters = draw(st.sampled_from(NARROWED)) | parameters
    if path == "/api/paths":
        parameters |= draw(st.sampled_from(ENDS))
    return _question(path, parameters)


@st.composite
def _others(draw: st.DrawFn) -> Question:
    person = draw(st.sampled_from(PEOPLE))
    compared = Question("/api/metrics", (("compare", draw(st.sampled_from(COMPARE))),))
    return draw(st.sampled_from([compared, Question(f"/api/customers/{person}")]))


@st.composite
def _of_funnels(draw: st.DrawFn, shop: Shop, path: str) -> dict[str, str]:
    parameters = draw(st.sampled_from(NARROWED)) | draw(_some({"window": WINDOWS}))
    parameters |= draw(st.sampled_from([{}, {"funnel": list(shop.funnels)[-1]}, *({"steps": each} for each in STEPS)]))
    if path == "/api/funnel/trend":
        return parameters | draw(_some({"period": (*PERIODS, "day")}))
    parameters |= draw(_some({"order": ("any", "strict"), "exclude": EXCLUDED}))
    if "window" in parameters and parameters.get("order") != "any":
        parameters |= draw(_some({"window_mode": ("step",)}))
    if path == "/api/funnel/people":
        return parameters | draw(_some({"outcome": ("dropped",), "step": ("1", "2")})) | {"page_size": "100"}
    parameters |= draw(_some({"unit": ("session",)}))
    if path == "/api/funnel":
        parameters |= draw(_some({"breakdown": (*BY, "device,source"), "at": ("last", "2")}))
    return parameters


@st.composite
def _some(draw: st.DrawFn, choices: Choices) -> dict[str, str]:
    drawn = {name: draw(st.sampled_from([None, None, *values])) for name, values in choices.items()}
    return {name: value for name, value in drawn.items() if value is not None}


def _question(path: str, parameters: Mapping[str, str]) -> Question:
    # of a list that is paged, `page` is the number of a page
    return Question(
        path, tuple(sorted((name, each) for name, each in parameters.items() if name != "page" or path not in PAGED))
    )


def needs_no_rollup(question: Question) -> bool:
    """Returns whether a question is answered by all that is stored at any time, and not by the last rollup."""
    names = set(dict(question.parameters))
    if "from" not in names:  # which days have data is told by rollups
        return False
    if question.path in ("/api/funnel", "/api/funnel/dropoff", "/api/journeys"):  # what people bought too
        return question.get("unit") == "session"
    if question.path in ("/api/retention", "/api/analytics/stickiness"):  # who was there, if need be by device
        return bool(names & OF_EVENTS)
    return question.path in LIVE or question.path.startswith("/api/dimensions/")
