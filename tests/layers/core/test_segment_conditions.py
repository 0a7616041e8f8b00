"""Conditions of saved segments: MongoDB and plain Python agree on every customer, and nothing missing fulfils any."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from footfall.people.searching import found_by
from footfall.people.segment_conditions import FIELDS, STORED, as_query, has
from footfall.questions.saved_segments import SegmentConditionIn, SegmentIn, SegmentOut, described_by
from footfall.schemas.segment import SavedSegment, SegmentCondition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

TEXTS = ["high", "low", "Champions", "Mobile", "lamps", ""]
NUMBERS = st.sampled_from([0, 1, 2.5, 3, -4, 12.34])


@st.composite
def conditions(draw: st.DrawFn) -> SegmentCondition:
    name = draw(st.sampled_from(sorted(FIELDS)))
    row = FIELDS[name]
    condition = SegmentCondition(field=name, operator=draw(st.sampled_from(row.operators)))
    if row.kind in ("number", "money"):
        condition["value"] = draw(NUMBERS)
    else:
        condition["values"] = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3))
    return condition


@st.composite
def segments(draw: st.DrawFn) -> SavedSegment:
    found = draw(st.lists(conditions(), min_size=1, max_size=3))
    match = draw(st.sampled_from(["all", "any"]))
    return cast(
        SavedSegment,
        {"name": "s", "key": "s", "match": match, "conditions": found, "created_at": datetime(2026, 3, 1, tzinfo=UTC)},
    )


@st.composite
def a_customer(draw: st.DrawFn) -> dict[str, Any]:
    customer: dict[str, Any] = {}
    for row in FIELDS.values():
        known = draw(st.integers(0, 3))
        if known == 1:
            customer[row.stored] = None
        elif known > 1 and row.kind in ("number", "money"):
            customer[row.stored] = draw(NUMBERS) if row.kind == "number" else draw(st.sampled_from([0, 100, 250, 1234]))
        elif known > 1:
            texts = st.lists(st.sampled_from(TEXTS), max_size=2)
            customer[row.stored] = draw(texts) if row.kind == "texts" else draw(st.sampled_from(TEXTS))
    return customer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    found=st.lists(a_customer(), min_size=1, max_size=4), segment=segments(), currency=st.sampled_from(["EUR", "JPY"])
)
def test_mongodb_finds_just_the_customers_that_a_segment_holds_for(
    database: Database[dict[str, Any]], found: list[dict[str, Any]], segment: SavedSegment, currency: str
) -> None:
    database["tried"].delete_many({})
    database["tried"].insert_many([{"_id": number, **each} for number, each in enumerate(found)])
    in_mongodb = {each["_id"] for each in database["tried"].find(as_query(segment, currency))}
    assert in_mongodb == {number for number, each in enumerate(found) if has(segment, currency)(each)}


@given(segments())
def test_of_whom_nothing_is_known_no_condition_is_fulfilled(segment: SavedSegment) -> None:
    assert not has(segment, "EUR")({})
    assert not has(segment, "EUR")(dict.fromkeys(STORED))


def condition(**told: Any) -> str | None:
    return SegmentConditionIn.model_validate(told).problem()


def test_fields_have_their_own_operators_and_values() -> None:
    assert condition(field="frequency", operator="at_least", value=3) is None
    assert condition(field="category", operator="is_not", values=["Lamps"]) is None
    for wrong in (
        {"field": "frequency", "operator": "is_not", "value": 3},
        {"field": "frequency", "operator": "is", "values": ["3"]},
        {"field": "frequency", "operator": "is"},
        {"field": "device", "operator": "at_least", "values": ["Mobile"]},
        {"field": "device", "operator": "is", "value": 3},
        {"field": "rfm_segment", "operator": "is", "values": ["Champion"]},
        {"field": "customer_priority", "operator": "is", "values": ["urgent"]},
    ):
        assert condition(**wrong), wrong


def test_a_segment_is_shown_as_it_was_told_and_in_words() -> None:
    told = SegmentIn.model_validate(
        {
            "name": " Spenders ",
            "conditions": [
                {"field": "monetary", "operator": "at_least", "value": 99.5},
                {"field": "category", "operator": "is", "values": ["Lamps", "Rugs"]},
            ],
        }
    )
    stored = SavedSegment(
        name=told.name,
        key="spenders",
        match=told.match,
        conditions=[each.stored() for each in told.conditions],
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert described_by(stored) == "monetary ≥ 99.5 and category is lamps or rugs"
    assert SegmentOut.of(stored).name == "Spenders"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "!a", "x" * 129])
def test_a_name_that_a_filter_could_not_tell_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        SegmentIn.model_validate({"name": name, "conditions": [{"field": "device", "operator": "is", "values": ["x"]}]})


def test_people_are_found_by_address_and_by_each_word_of_their_name() -> None:
    told = {"email": " Ann@Shop.Example", "name": "José Núñez", "first_name": "José", "plan": "gold", "mail": 7}
    assert found_by(told) == ["ann@shop.example", "jose", "nunez"]
    assert found_by({}) == []
