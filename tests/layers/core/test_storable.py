import json
import math
from typing import Any

import pytest
from bson import encode
from footfall.errors import Unstorable
from footfall.events.storable import content_of
from hypothesis import given
from hypothesis import strategies as st


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, "not_finite"),
        (math.inf, "not_finite"),
        (json.loads("1e999"), "not_finite"),
        ("\ud800", "bad_text"),
        (2**63, "integer_too_large"),
        (-(2**63) - 1, "integer_too_large"),
        ({"a\x00b": 1}, "bad_key"),
        ({"": 1}, "bad_key"),
        (nested(25), "too_deep"),
        (nested(5_000), "too_deep"),
        (list(range(12_000)), "too_many_values"),
    ],
)
def test_what_no_store_can_carry_is_named(value: Any, reason: str) -> None:
    with pytest.raises(Unstorable) as caught:
        content_of({"properties": {"x": value}})
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "value", [2**63 - 1, -(2**63), "nul \x00 in a text", "🛒 übung", {"$set": 1, "a.b": 2}, nested(15)]
)
def test_what_is_odd_but_can_be_stored_passes(value: Any) -> None:
    content_of({"properties": {"x": value}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=30,
)


@given(st.dictionaries(st.text(min_size=1), json_values))
def test_what_passes_can_be_written_as_bson_and_as_json(event: dict[str, Any]) -> None:
    try:
        content_of(event)
    except Unstorable:
        return
    encode({"event": {name: value for name, value in event.items() if name not in ("sentAt", "sequence")}})
    json.dumps(event).encode()


def test_a_retry_says_the_same_though_it_was_sent_later() -> None:
    assert content_of({"a": 1, "b": 2, "sentAt": "now"}) == content_of(
        {"b": 2, "a": 1, "sentAt": "later", "sequence": 3}
    )
