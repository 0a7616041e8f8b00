"""Searches and what came of them, against a reckoning by hand, and how they are read from events."""

from typing import Any

import numpy as np
import pytest
from footfall.activity.searches import ADDED, CLICKED, NOT_SAID, SEARCHED, Placed, Steps, searches_of
from footfall.events.searches import found_by, term_of
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.reckoning import searching

Step = tuple[int, int, int, int, int, bool]
Order = tuple[int, int]
WORDS = {SEARCHED: "searched", CLICKED: "clicked", ADDED: "added"}


def reckoned(steps: list[Step], orders: list[Order]) -> list[Any]:
    """Every search that counts: session, term, results, and whether it was clicked, added and ordered after."""
    told = [
        searching.Step(session, "", time, WORDS[kind], str(term), results, counted)
        for session, time, kind, term, results, counted in steps
    ]
    return [
        (one.session, int(one.term), one.results, *(name in one.done for name in ("clicked", "added", "ordered")))
        for one in searching.searches(told, orders)
    ]


def computed(steps: list[Step], orders: list[Order]) -> list[Any]:
    columns = [np.array([step[at] for step in steps], kind) for at, kind in enumerate("qqqqq?")]
    sessions, times, kinds, terms, results, counted = columns
    placed = Placed(*(np.array([order[at] for order in orders], np.int64) for at in (0, 1)))
    found = searches_of(Steps(sessions, sessions, times, kinds, terms, results, counted), placed)
    names = ("sessions", "terms", "found", "clicked", "added", "ordered")
    return list(zip(*(getattr(found, name).tolist() for name in names), strict=True))


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.integers(0, 6),
            st.sampled_from([SEARCHED, SEARCHED, CLICKED, ADDED]),
            st.integers(0, 2),
            st.integers(NOT_SAID, 2),
            st.booleans(),
        ),
        max_size=14,
    ).map(lambda steps: sorted(steps, key=lambda step: step[1])),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 6)), max_size=4),
)
def test_searches_are_what_is_reckoned_by_hand(steps: list[Step], orders: list[Order]) -> None:
    assert computed(steps, orders) == reckoned(steps, orders)


@pytest.mark.parametrize(
    ("told", "term", "found"),
    [
        ({"query": " Blue  LAMP "}, "blue lamp", None),
        ({"search_term": "STRASSE", "results": 0}, "strasse", 0),
        ({"search_term": "cup", "number_of_results": "1,204"}, "cup", 1204),
        ({"query": 42, "results": [{"id": 1}, {"id": 2}]}, "42", 2),
        ({"query": "cup", "results": []}, "cup", 0),
        ({"query": "cup", "num_results": "many"}, "cup", None),
        ({"query": "cup", "results": -1}, "cup", None),
        ({"query": "cup", "results": 1.5}, "cup", None),
        ({"query": "cup", "results": True}, "cup", None),
        ({"query": ["cup"]}, None, None),
        ({"query": "  "}, None, None),
        ({}, None, None),
        ({"query": "x" * 999}, "x" * 256, None),
    ],
)
def test_terms_and_results_are_read_as_shops_write_them(told: Any, term: str | None, found: int | None) -> None:
    assert (term_of(told), found_by(told)) == (term, found)
