"""Web vitals as browsers tell them, and what else comes in their place."""

from typing import Any

import pytest

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
