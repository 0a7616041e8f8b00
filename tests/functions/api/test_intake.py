"""A body's events taken together, held against each taken on its own."""

import json
from copy import deepcopy
from typing import Any

import orjson
import pytest
from footfall.errors import Forbidden
from hypothesis import given
from hypothesis import strategies as st

from functions.api.collect.intake import _admitted_one_by_one, _admitted_together

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
    "eventId": st.sampled_from(["e", " e ", "", None]),
    "siteId": st.sampled_from(["demo", "demo", "demo", "other"]),
    "properties": VALUES,
    "sequence": st.integers(0, 9),
}
USUAL = {"eventType": "click", "visitorId": "v"}
EVENTS = st.fixed_dictionaries({}, optional=FIELDS).map(lambda odd: {**USUAL, **odd}) | VALUES


@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_events_taken_together_are_what_each_would_be_alone(raws: list[Any]) -> None:
    together = _admitted_together("demo", deepcopy(raws))
    if together is None:
        return
    alone = _admitted_one_by_one("demo", _places(raws))
    assert (together.event_ids, together.rejected) == (alone.event_ids, alone.rejected) == (alone.event_ids, [])
    assert [_without_place(text) for text in together.texts] == [_without_place(text) for text in alone.texts]
    assert all(text.isascii() for text in together.texts)


def test_a_batch_of_usual_events_is_taken_together() -> None:
    usual = {
        "eventType": "pageview",
        "visitorId": "v",
        "title": "Schöne Schuhe",
        "referrer": None,
        "properties": {"n": 1},
    }
    assert _admitted_together("demo", [dict(usual), {**usual, "eventId": "e"}]) is not None


def test_another_sites_event_is_left_to_the_closer_look() -> None:
    foreign = {"eventType": "click", "visitorId": "v", "siteId": "other"}
    assert _admitted_together("demo", [foreign]) is None
    with pytest.raises(Forbidden):
        _admitted_one_by_one("demo", [foreign])


def _places(raws: list[Any]) -> list[Any]:
    return [{**raw, "sequence": index} if isinstance(raw, dict) else raw for index, raw in enumerate(deepcopy(raws))]


def _without_place(text: str) -> Any:
    event = json.loads(text)
    event.pop("sequence", None)
    return orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
