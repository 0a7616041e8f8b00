"""Whatever may lie in a queue, for the functions that are fed by one: nothing may come back for its own sake."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from footfall.schemas.event import EVENT_TYPES, IncomingEvent
from footfall.schemas.message import SessionsMessage
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import ValidationError

from tests.fuzz.judge import Tally, Wrong
from tests.fuzz.requests import draw
from tests.fuzz.words import TEXTS, VALUES
from tests.fuzz.world import World

Message = dict[str, Any]
ANY_TEXT = st.text(st.characters(codec=None), max_size=20) | st.sampled_from([text[:200] for text in TEXTS])
MOMENTS = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(
        ["2026-03-01T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "0000-01-01", 1e15, -1, "12:00"]
    ),
)
NUMBERS = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**400, 5e-324, float("inf")])
SCALARS = st.none() | st.booleans() | NUMBERS | ANY_TEXT | MOMENTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=6
)


def record(body: SearchStrategy[str]) -> SearchStrategy[Message]:
    """Returns a strategy for SQS records with such a body; the attributes may be missing or odd."""
    attributes = st.fixed_dictionaries(
        {},
        optional={
            "MessageGroupId": st.sampled_from(["demo", "demo", "other", "", "$set", "\ud800"]),
            "ApproximateReceiveCount": st.sampled_from(["1", "1", "2", "3", "5", "1000"]),
        },
    )
    return st.fixed_dictionaries({"messageId": st.uuids().map(str), "body": body, "attributes": attributes})


@st.composite
def _object(draw_one: st.DrawFn, fields: dict[str, SearchStrategy[Any]]) -> dict[str, Any]:
    # a few of these fields, each fitting or anything, and now and then one that nobody knows
    names = draw_one(st.lists(st.sampled_from(sorted(fields)), max_size=5, unique=True))
    known = {name: draw_one(fields[name] | JSON) for name in names}
    return {**draw_one(st.dictionaries(ANY_TEXT, JSON, max_size=1)), **known}


IDS = st.sampled_from(["v1", "v2", "u5", "o1", "", " ", "demo:v1"]) | ANY_TEXT
PRODUCTS = st.lists(_object({"product_id": IDS, "price": NUMBERS, "quantity": NUMBERS, "name": ANY_TEXT}), max_size=3)
MONEY = _object(
    {"order_id": IDS, "total": NUMBERS, "currency": st.sampled_from(["EUR", "JPY", "", "£"]), "products": PRODUCTS}
)
EVENT = _object(
    {
        **dict.fromkeys(IncomingEvent.model_fields, JSON),
        **dict.fromkeys(("eventId", "messageId", "visitorId", "anonymousId", "userId", "sessionId", "previousId"), IDS),
        **dict.fromkeys(("timestamp", "sentAt"), MOMENTS),
        "eventType": st.sampled_from([*sorted(EVENT_TYPES), "track", "page", "purchase", "Order Completed"]),
        "properties": MONEY,
        "sequence": st.integers(0, 500) | JSON,
    }
)
STORABLE = st.builds(
    lambda known, kind, event_id, visitor: {**known, "eventType": kind, "eventId": event_id, "visitorId": visitor},
    EVENT,
    st.sampled_from(sorted(EVENT_TYPES)),
    st.uuids().map(str),
    st.sampled_from(["v1", "v2", "v3"]),
)
SPAN = _object({"visitor_id": IDS, "since": MOMENTS, "until": MOMENTS})
WHOLE_SPAN = st.fixed_dictionaries({"visitor_id": IDS, "since": MOMENTS, "until": MOMENTS})
ASKED: dict[str, SearchStrategy[Any]] = {
    "recheck": st.lists(SPAN | WHOLE_SPAN, max_size=2),
    "reprocess": st.lists(IDS, max_size=2),
    "reread": st.lists(IDS, max_size=2),
    "restore": st.lists(_object({"key": IDS, "first": st.integers(), "end": st.integers()}), max_size=2),
    "replay": st.lists(IDS, max_size=2),
}
ENVELOPE: dict[str, SearchStrategy[Any]] = {
    "version": st.just(1),
    "site_id": st.sampled_from(["demo", "demo", "nobody"]),
    "source": st.sampled_from(["collect", "import:0123456789abcdef"]),
    "message_id": st.none() | IDS,
    "received_at": MOMENTS,
    "ip": st.none() | ANY_TEXT,
    **dict.fromkeys(("user_agent", "country", "accept_language"), st.none() | ANY_TEXT),
    "events": st.lists(EVENT | STORABLE, max_size=3),
}
WHOLE = st.fixed_dictionaries(
    {**ENVELOPE, "site_id": st.just("demo"), "received_at": st.just("2026-03-01T12:00:00Z")}, optional=ASKED
)
SUMMARY = _object(
    {
        **dict.fromkeys(("session_id", "visitor_id", "person_id"), IDS),
        **dict.fromkeys(("started_at", "ended_at"), MOMENTS),
        "device": st.sampled_from(["Desktop", "Mobile", "Other"]),
        "events": NUMBERS,
        "converted": st.booleans(),
        "conversion_value": NUMBERS,
    }
)
WHOLE_SUMMARY = st.fixed_dictionaries(
    {
        **dict.fromkeys(("session_id", "visitor_id", "person_id"), IDS),
        **dict.fromkeys(("started_at", "ended_at"), MOMENTS | st.just("2030-01-01T00:00:00Z")),
        **dict.fromkeys(("last_page", "last_event"), st.none() | ANY_TEXT),
        "device": st.sampled_from(["Desktop", "Mobile", "Other"]),
        "events": st.integers(),
        "converted": st.booleans(),
        "conversion_value": st.integers(),
    }
)
SESSIONS: dict[str, SearchStrategy[Any]] = {
    "version": st.just(1),
    "site_id": st.sampled_from(["demo", "nobody"]) | ANY_TEXT,
    "person_ids": st.lists(IDS, max_size=3),
    "sessions": st.lists(SUMMARY | WHOLE_SUMMARY, max_size=3),
}
CHANGE: dict[str, SearchStrategy[Any]] = {"change_id": IDS, "at": MOMENTS, "receipt": st.booleans()}
CATALOG: dict[str, SearchStrategy[Any]] = {
    "version": st.just(1),
    "site_id": st.sampled_from(["demo", "nobody"]) | ANY_TEXT,
    "products": st.lists(
        st.fixed_dictionaries(
            {**CHANGE, "product_id": IDS, "fields": _object({"name": ANY_TEXT, "price": NUMBERS, "stock": NUMBERS})}
        ),
        max_size=2,
    ),
    "interests": st.lists(
        st.fixed_dictionaries(
            {**CHANGE, "user_id": IDS, "category": ANY_TEXT, "strength": st.none() | st.integers(0, 6)}
        ),
        max_size=2,
    ),
    "readings": st.lists(st.fixed_dictionaries({**CHANGE, "user_id": IDS}), max_size=2),
}
KEYS = IDS | st.just("uploads/demo/0123456789abcdef/manifest.json")
UPLOAD = _object({"s3": _object({"bucket": _object({"name": IDS}), "object": _object({"key": KEYS})})})


def _texts(*objects: SearchStrategy[Any]) -> SearchStrategy[str]:
    # whole or cut short, and texts that are no JSON
    whole = st.one_of(*objects, JSON).map(json.dumps)
    cut = st.tuples(whole, st.integers(0, 30)).map(lambda given: given[0][: -given[1] or None])
    return st.one_of(
        whole, whole, whole, cut, ANY_TEXT, st.sampled_from(TEXTS + tuple(json.dumps(value) for value in VALUES))
    )


EVENTS_BODY = _texts(WHOLE, WHOLE, WHOLE, _object({**ENVELOPE, **ASKED}))
WORD = _object({"site_id": IDS, "import_id": IDS | st.just("0" * 16)})
IMPORTS_BODY = _texts(_object({"Records": st.lists(UPLOAD, max_size=2)}), WORD)
CATALOG_BODY = _texts(_object(CATALOG), _object({**CATALOG, "site_id": st.just("demo")}))
SESSIONS_BODY = _texts(st.fixed_dictionaries(SESSIONS), _object(SESSIONS))


def fuzz(world: World, tally: Tally, inputs: int, number: int) -> None:
    """Of ten inputs six go to etl/events, and one each to etl/imports, etl/catalog, etl/realtime and etl/vectors."""
    for function, body, share, may_fail in (
        ("EtlEventsFunction", EVENTS_BODY, 0.6, _never),
        ("EtlImportsFunction", IMPORTS_BODY, 0.1, _never),
        ("EtlCatalogFunction", CATALOG_BODY | SESSIONS_BODY, 0.1, _never),
        ("EtlRealtimeFunction", SESSIONS_BODY, 0.1, _is_no_sessions_message),
        ("EtlVectorsFunction", SESSIONS_BODY, 0.1, _never),
    ):
        records = st.lists(record(body), min_size=1, max_size=2)
        deliver = partial(_deliver, world, function, may_fail)
        draw(records, round(inputs * share), number, partial(_take, tally, deliver))


def _take(tally: Tally, deliver: Callable[[list[Message]], str], records: list[Message]) -> None:
    tally.take(records, partial(deliver, records))


def _never(_: str) -> bool:
    return False


def _is_no_sessions_message(body: str) -> bool:
    # it ends among the dead letters of etl/realtime, and would be a mistake of our own
    try:
        SessionsMessage.model_validate_json(body.encode(errors="surrogatepass"))
    except ValidationError:
        return True
    return False


def _deliver(world: World, function: str, may_fail: Callable[[str], bool], records: list[Message]) -> str:
    answer = world.invoke(function, {"Records": records})
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    for one in records:
        if one["messageId"] in failed and not may_fail(one["body"]):
            raise Wrong(f"{function} wants it again")
    return f"{function}: {'taken' if not failed else 'given up'}"
