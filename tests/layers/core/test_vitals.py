"""Web vitals as browsers tell them, and what else comes in their place."""

from typing import Any

import pytest
from footfall.events.vitals import rated

from tests.support.builders import a_document


def test_vitals_are_stored_as_numbers_and_are_no_properties() -> None:
    event = a_document(eventType="page_exit", vitals={"lcp": 1_204, "inp": "48", "cls": 0, "ttfb": 90.5, "fid": 3})
    assert event.get("vitals") == {"lcp": 1_204.0, "inp": 48.0, "cls": 0.0, "ttfb": 90.5}
    assert "properties" not in event
    assert "flags" not in event


@pytest.mark.parametrize(
    ("told", "kept", "flags"),
    [
        ({"lcp": -1, "inp": 8}, {"inp": 8.0}, ["lcp_unreadable"]),
        ({"lcp": 600_000.5}, None, ["lcp_unreadable"]),
        ({"cls": 1_001, "ttfb": "soon"}, None, ["ttfb_unreadable", "cls_unreadable"]),
        ({"inp": True, "lcp": [1]}, None, ["lcp_unreadable", "inp_unreadable"]),
        ({"inp": None}, None, None),
        ("quick", None, ["vitals_invalid"]),
        ([], None, None),
    ],
)
def test_what_no_browser_measures_is_left_out_and_flagged(told: Any, kept: Any, flags: Any) -> None:
    event = a_document(eventType="page_exit", vitals=told)
    assert (event.get("vitals"), event.get("flags")) == (kept, flags)


@pytest.mark.parametrize(
    ("vitals", "rating"),
    [
        ({"lcp": 2_500.0, "inp": 200.0, "cls": 0.1, "ttfb": 800.0}, "lcp good, inp good, cls good, ttfb good"),
        ({"lcp": 2_500.1, "inp": 200.1, "cls": 0.11, "ttfb": 800.1}, "lcp fair, inp fair, cls fair, ttfb fair"),
        ({"lcp": 4_000.0, "inp": 500.0, "cls": 0.25, "ttfb": 1_800.0}, "lcp fair, inp fair, cls fair, ttfb fair"),
        ({"lcp": 4_000.1, "inp": 500.1, "cls": 0.251, "ttfb": 1_800.1}, "lcp poor, inp poor, cls poor, ttfb poor"),
        ({"cls": 0}, "cls good"),
        ({"fid": 3}, None),
        ({}, None),
        (None, None),
    ],
)
def test_vitals_are_rated_by_googles_thresholds(vitals: object, rating: str | None) -> None:
    assert rated(vitals) == rating
