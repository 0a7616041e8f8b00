"""A body's events taken together, held against each taken on its own."""

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import orjson
import pytest
from footfall.errors import Forbidden
from footfall.events.reading import told_id
from footfall.schemas.message import COLLECT_SOURCE
from hypothesis import given
from hypothesis import strategies as st

from functions.api.collect.intake import Sender, _admitted_one_by_one, _admitted_together
from tests.support.builders import NOON

SENDER = Sender("demo", COLLECT_SOURCE, "203.0.113.0", "agent", None, None, NOON)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(max_size=8) | st.sampled_from(["", "\x00", 'a"":', "null", "ü", "\\u0000", "x" * 33_000])
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "eventType": st.sampled_from(["pageview", "click", "Order Completed", "", 7]),
    "visitorId": st.sampled_from(["v", " v ", "", None, 3]),
    "eventId": st.sampled_from(["e", " e-7 ", "", None, "undefined"]),
    "messageId": st.sampled_from(["m-7", ""]),
    "timestamp": st.sampled_from(["2026-03-01T12:00:00Z", "yesterday", None]),
    "context": st.sampled_from([{}, {"ip": "203.0.113.77"}, []]),
    "siteId": st.sampled_from(["demo", "demo", "demo", "other"]),
    "properties": VALUES,
    "sequence": st.integers(0, 9),
}
USUAL = {"eventType": "click", "visitorId": "v"}
EVENTS = st.fixed_dictionaries({}, optional=FIELDS).map(lambda odd: {**USUAL, **odd}) | VALUES


@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_events_taken_together_are_what_each_would_be_alone(raws: list[Any]) -> None:
    together = _admitted_together(SENDER, deepcopy(raws))
    if together is None:
        return
    alone = _admitted_one_by_one(SENDER, _places(raws))
    assert (together.event_ids, together.rejected) == (alone.event_ids, alone.rejected) == (alone.event_ids, [])
    pairs = zip(together.texts, alone.texts, together.event_ids, strict=True)
    assert all(_as_kept(text, event_id) == _as_kept(other, event_id) for text, other, event_id in pairs)
    assert all(text.isascii() for text in together.texts)


def test_a_batch_of_usual_events_is_taken_together() -> None:
    usual = {
        "eventType": "pageview",
        "visitorId": "v",
        "title": "Schöne Schuhe",
        "referrer": None,
        "properties": {"n": 1},
    }
    assert _admitted_together(SENDER, [dict(usual), {**usual, "eventId": "e"}]) is not None


def test_another_sites_event_is_left_to_the_closer_look() -> None:
    foreign = {"eventType": "click", "visitorId": "v", "siteId": "other"}
    assert _admitted_together(SENDER, [foreign]) is None
    with pytest.raises(Forbidden):
        _admitted_one_by_one(SENDER, [foreign])


def _places(raws: list[Any]) -> list[Any]:
    return [{**raw, "sequence": index} if isinstance(raw, dict) else raw for index, raw in enumerate(deepcopy(raws))]


def _as_kept(text: str, event_id: str) -> Any:
    # under the id that it tells, which collect need not tell once more
    event = json.loads(text)
    event.pop("sequence", None)
    assert (event.get("eventId") or event["messageId"]).strip() == event_id
    return orjson.dumps({**event, "eventId": event_id}, option=orjson.OPT_SORT_KEYS)


@pytest.mark.parametrize("name", ["eventId", "messageId", "message_id", "event_id"])
def test_a_refused_event_is_called_as_it_calls_itself(name: str) -> None:
    assert told_id({name: "m1", "eventType": 0}) == "m1"
    assert told_id({name: "x" * 200}) is None
    assert told_id([name]) is None


def told(*raws: Any, after: float = 0, **but: Any) -> list[str]:
    """The ids that a body's events get, some seconds later."""
    moment = NOON + timedelta(seconds=after)
    sender = Sender(
        **{
            "site_id": "demo",
            "source": COLLECT_SOURCE,
            "ip": "203.0.113.0",
            "user_agent": "agent",
            "country": None,
            "accept_language": None,
            "received_at": moment,
            **but,
        }
    )
    taken = _admitted_together(sender, deepcopy(_places(list(raws)))) or _admitted_one_by_one(sender, list(raws))
    return taken.event_ids


CLICK = {"eventType": "click", "visitorId": "v"}


@given(st.floats(0, 29.9), st.integers(1, 10**6))
def test_what_tells_no_time_is_a_retry_for_half_a_minute_and_then_another_event(soon: float, periods: int) -> None:
    assert told(CLICK) == told(CLICK, after=soon)
    assert told(CLICK) != told(CLICK, after=30 * periods + soon)


@pytest.mark.parametrize("odd", [{}, {"ip": "203.0.113.77"}, {"title": "x" * 2_000}, {"properties": {"n": 2**70}}])
def test_three_equal_clicks_in_one_body_are_three(odd: dict[str, Any]) -> None:
    event = {**CLICK, **odd}
    ids = told(event, event, event)
    assert len(set(ids)) == 3
    assert told(event, event, event, after=20) == ids
    assert told(event)[0] == ids[0]


@pytest.mark.parametrize("time", ["timestamp", "originalTimestamp", "ts"])
def test_what_tells_its_time_is_the_same_event_for_ever(time: str) -> None:
    event = {**CLICK, time: "2026-03-01T12:00:00Z"}
    assert told(event, event, after=10**6) == told(event) * 2
    unread = {**CLICK, time: "yesterday"}
    assert told(unread, after=60) != told(unread)


def test_two_clients_who_do_not_say_who_they_are_are_two() -> None:
    clients: list[dict[str, Any]] = [{}, {"ip": "198.51.100.0"}, {"user_agent": "another"}]
    assert len({told({"eventType": "pageview"}, **client)[0] for client in clients}) == 3
    assert told(CLICK, ip="198.51.100.0") == told(CLICK)


@pytest.mark.parametrize("placeholder", ["", " ", "undefined", "00000000-0000-0000-0000-000000000000", None, []])
def test_a_placeholder_is_no_id(placeholder: Any) -> None:
    event = {**CLICK, "eventId": placeholder}
    assert told(event, event, after=60)[0] not in (placeholder, *told(event, event))


def test_an_empty_id_leaves_another_one() -> None:
    assert told({**CLICK, "eventId": "", "messageId": "m"}) == ["m"]
