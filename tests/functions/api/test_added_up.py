"""An answer made of parts of the people is, to the byte, the one that is made at once: every question that can be."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

from footfall.errors import NotFound
from footfall.people import links
from footfall.questions.large import LARGE
from footfall.rollups import Part, rollups_of
from footfall.schemas.job import LargeQuestion
from footfall.stores.mongo import Moment
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.shopping import a_line
from tests.support.visits import Mongo, an_order, happen, mark, roll_up, view

Json = dict[str, Any]
RANGE = {"from": "2026-02-28", "to": "2026-03-02"}
STEPS = {"steps": ["home", "search|cart"]}
STORED = (
    "events",
    "user_sessions",
    "funnel_analytics",
    "daily_metrics",
    "daily_dimensions",
    "daily_sessions",
    "lake_periods",
    "rollups",
    "stale_days",
    "orders",
)
ASKED: list[tuple[LargeQuestion, Json]] = [
    ("trend", {**STEPS, "device": ["Mobile"]}),
    ("trend", {"steps": ["home", "search|home"], "period": "week", "source": ["unknown"]}),
    ("dropoff", STEPS),
    ("dropoff", {"steps": ["home", "search|cart", "home|search"], "unit": "session", "window": "1h"}),
    ("people", {**STEPS, "step": 1, "page_size": 2}),
    ("people", {"steps": ["home", "search|home"], "unit": "session", "outcome": "dropped"}),
    ("people", {**STEPS, "step": 1, "page": 2, "page_size": 1, "breakdown": ["device"], "value": ["Mobile"]}),
    ("retention", {"bots": "include"}),
    ("retention", {"first": "home", "returning": "search|cart", "breakdown": "page", "period": "week"}),
    ("retention", {"breakdown": "visitor", "periods": 1, "device": ["!Tablet"]}),
    ("stickiness", {"page_type": ["home"]}),
    ("stickiness", {"sex": ["unknown"], "bots": "include"}),
    ("lifecycle", {"page_type": ["home", "search"]}),
    ("lifecycle", {"visitor": ["new"], "period": "week"}),
    ("paths", {"depth": 2, "top": 1}),
    ("paths", {"from_page": "home", "nodes": "event"}),
    ("paths", {"to_page": "/a", "nodes": "page", "top": 2, "visitor": ["new"]}),
    ("journeys", {"length": 2, "top": 2}),
    ("journeys", {"unit": "session", "nodes": "event"}),
    ("web-vitals", {}),
    ("web-vitals", {"page_size": 1, "page": 2, "device": ["Mobile"]}),
    ("pages", {}),
    ("pages", {"sort_by": "people", "page_size": 1, "device": ["Mobile"]}),
    ("searches", {}),
    ("searches", {"sort_by": "ordered", "page_size": 1, "visitor": ["new"]}),
    ("products", {}),
    ("products", {"sort_by": "views", "page_size": 1, "device": ["Mobile"]}),
    ("products", {"product": ["lamp"]}),
    ("carts", {}),
    ("carts", {"window": "1h", "device": ["Mobile"]}),
    ("heatmap", {"of_page": "/a"}),
    ("heatmap", {"of_page": "home", "grid": 10, "device": ["Mobile"]}),
    ("heatmap", {"of_page": "/b", "metric": "scroll"}),
    ("traffic-sources", {"model": "linear"}),
    ("traffic-sources", {"model": "first", "breakdown": "channel", "device": ["Mobile"], "window": "1h"}),
    ("traffic-sources", {"model": "time_decay"}),
]
WHATS = ["home", "search", "cart", "look", "find", "click", "scroll", "list", "see", "add", "drop", "left", "order"]
FOUND = ["lamp", "cup"]
happenings = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cid", "dan"]),
        st.sampled_from(WHATS),
        st.sampled_from([-800, -715, 0, 0, 1, 5, 29, 31, 45, 200, 720, 725, 1500]),
        st.sampled_from(["Mobile", "Desktop"]),
        st.sampled_from(["/a", "/b", None]),
        st.sampled_from(FOUND),
    ),
    min_size=10,
    max_size=50,
)


def document(number: int, who: str, what: str, minutes: float, device: str, path: str | None, found: str) -> Json:
    """An event of somebody; of two sources, some in a session that is not theirs alone."""
    named: Json = {"path": path, "eventId": f"e{99 - number}", "device": device, "sequence": number}
    lines = [{"product_id": found, "position": 1 + number % 2, "list_id": "new", "price": 3, "quantity": 1.1}]
    of_products = {"eventType": "track", "pageType": None, "properties": {"products": lines}}
    kinds: dict[str, Json] = {
        "find": {
            "eventType": "track",
            "event": "Products Searched",
            "properties": {"query": found, "results": number % 3},
        },
        "look": {**of_products, "event": "Product Viewed"},
        "list": {**of_products, "event": "Product List Viewed"},
        "see": {**of_products, "event": "Product Clicked"},
        "add": {**of_products, "event": "Product Added"},
        "drop": {**of_products, "event": "Product Removed"},
        "click": {"eventType": "click", "element": f"#{found}", "coordinates": {"x": 10 * number % 97, "y": 7}},
        "scroll": {"eventType": "scroll", "value": 10 * (number % 11)},
        "left": {"eventType": "page_exit", "pageType": None, "vitals": {"lcp": 900 + number, "cls": 0.2}},
    }
    told = kinds.get(what, {})
    source = {"utm": {"source": "news" if number % 2 else "partner", "medium": "email"}} if minutes > 0 else {}
    shared = {"sessionId": "both"} if number % 7 == 3 else {}
    return view(
        what if what in ("home", "search", "cart") else "home", who, minutes, **{**named, **told, **source, **shared}
    )


def live(shop: Mongo, happened: list[Any], *, linked: bool) -> None:
    """Have all this happened, and nothing else; what is ordered is, in part given back."""
    for collection in STORED:
        shop[collection].delete_many({})
    events = [document(number, *each) for number, each in enumerate(happened) if each[1] != "order"]
    if events:
        happen(shop, *events)
    for number, (who, what, *_, found) in enumerate(happened):
        if what == "order":
            refunded = {"refunded": 1, "refunded_at": NOON} if number % 2 else {}
            told = {"order_id": f"o{number}", "told_id": f"o{number}", "currency": "EUR", "total": 700 + number}
            lines = [a_line(found, quantity=1.3, total=700 + number)]
            shop["orders"].insert_one(an_order(f"o{number}", who, 700 + number, lines=lines, **refunded))
            of_session = {"$push": {"orders": told}, "$set": {"converted": True}}
            shop["user_sessions"].update_one({"person_id": who}, of_session)
    link = {"at": NOON, "event_id": "e", "person_id": "dan"}
    change = {"$set": {"link": link, "linked_at": NOON}} if linked else {"$unset": {"link": 1, "linked_at": 1}}
    shop["users"].update_one({"_id": "demo:bob"}, change)
    links._known.clear()  # of the example before, whose link has the same time
    mark(shop, "2026-02-28", "2026-03-01", "2026-03-02")


def states(shop: Mongo) -> Iterator[str]:
    """From events alone, from the lake, and from both."""
    yield "events"
    roll_up()
    yield "lake"
    mark(shop, "2026-03-01")
    yield "both"


def at_once(kind: LargeQuestion, asked: Json) -> str:
    """The answer that one call makes."""
    large = LARGE[kind]
    with rollups_of("demo") as rollups:
        return str(large.answer(rollups, large.question.model_validate(asked)).model_dump_json(by_alias=True))


def added_up(kind: LargeQuestion, asked: Json, of: int = 3) -> str:
    """The answer that a job makes of so many parts."""
    large, moment = LARGE[kind], Moment.now()
    parameters = large.question.model_validate(asked).model_dump_json(by_alias=True, exclude_none=True)
    parts = [large.part("demo", parameters, moment, Part(number, of)) for number in range(of)]
    return str(large.folded(parameters, parts).model_dump_json(by_alias=True))


def told(make: Callable[[LargeQuestion, Json], str], kind: LargeQuestion, asked: Json) -> str:
    """An answer, or why there is none."""
    try:
        return make(kind, asked)
    except NotFound as error:
        return f"404: {error.detail}"


@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings, st.booleans())
def test_parts_give_every_answer_that_one_call_gives(shop: Mongo, happened: list[Any], linked: bool) -> None:
    forget_answers()
    live(shop, happened, linked=linked)
    for state in states(shop):
        for kind, asked in ASKED:
            whole, in_parts = (told(make, kind, RANGE | asked) for make in (at_once, added_up))
            assert in_parts == whole, (state, kind, asked)


def test_every_question_that_can_be_a_job_is_asked() -> None:
    asked = {kind for kind, _ in ASKED} | {"funnel", "time-to-convert"}  # test_funnel_parts asks these
    assert asked == LARGE.keys() == set(get_args(LargeQuestion))
