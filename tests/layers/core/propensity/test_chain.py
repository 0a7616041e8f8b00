"""The chain of page types: chances as exact fractions reckon them."""

from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest
from footfall.propensity.chain import Chain
from footfall.propensity.following import follow
from hypothesis import given
from hypothesis import strategies as st

from .oracle import Visit, events_of, in_time, orders_of, place_of_order, visits

ALWAYS = 2**61
RATE = Fraction(1, 4)


def pages_of(visit: Visit, upto: int) -> list[str]:
    return [event.kind for event in visit.events[:upto] if event.type == "pageview"]


def chances_of(found: list[Visit]) -> dict[str, float]:
    """Chances of an order from each page, by going on for so long that hardly anybody is still there."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for visit in found:
        ordered = place_of_order(visit)
        pages = ["begun", *pages_of(visit, len(visit.events) if ordered is None else ordered)]
        for page, following in zip(pages, [*pages[1:], "none" if ordered is None else "order"], strict=True):
            counts[page][following] += 1
    known = {"begun", *counts}
    chances = dict.fromkeys(known, 0.0) | {"order": 1.0, "none": 0.0}
    for _ in range(3_000):
        chances |= {
            page: (float(RATE) + sum(n * chances[to] for to, n in counts[page].items())) / (1 + counts[page].total())
            for page in known
        }
    return chances


@given(visits(8), st.integers(1, 4))
def test_chances_are_those_of_going_on_until_it_ends(found: list[Visit], events: int) -> None:
    sessions = follow(events_of(found), orders_of(found), ALWAYS, 1000)
    everybody, those = np.arange(len(found)), sessions.open_after(events)
    expected, ordered = chances_of(found), in_time(found)
    told = Chain(sessions, everybody, float(RATE)).after(those, events)
    last = [(pages_of(ordered[number], events) or ["begun"])[-1] for number in those.tolist()]
    assert told.tolist() == pytest.approx([expected.get(page, float(RATE)) for page in last], abs=1e-6)
