"""A funnel cut into periods: against the attempts at the entries of each period alone."""

import numpy as np
import pytest
from footfall.funnels.columns import DatedEntries, Entered
from footfall.funnels.engine import Timeline
from footfall.funnels.following import ordered
from footfall.questions import funnel_periods
from footfall.questions.funnel_periods import in_periods
from hypothesis import given
from hypothesis import strategies as st

DAYS, STEPS = (2, 1, 3), 3
Event = tuple[int, int, int]
"""Whose, on which day, and which step it is an entry to; in the order of time."""
events = st.lists(st.tuples(st.integers(0, 5), st.integers(0, sum(DAYS) - 1), st.integers(0, STEPS - 1)), max_size=25)


def entered(happened: list[Event]) -> Entered:
    timeline = Timeline(listed=np.arange(len(happened)))

    def step(number: int) -> DatedEntries:
        ours = [place for place, event in enumerate(happened) if event[2] == number]
        people = np.array([happened[place][0] for place in ours], np.uint32)
        days = np.array([happened[place][1] for place in ours], np.int64)
        return DatedEntries(timeline.entries(people, np.array(ours, np.uint64)).keys, lambda _: days)

    return Entered([step(number) for number in range(STEPS)], timeline)


def in_one(happened: list[Event], first: int, end: int) -> list[int]:
    found = entered([event for event in happened if first <= event[1] < end])
    reached = ordered(found.steps, found.timeline).reached
    return [int((reached > step).sum()) for step in range(STEPS)]


@pytest.mark.parametrize("most", [2**32, 0], ids=["numbers tell the period", "numbers are looked up"])
@given(events.map(lambda drawn: sorted(drawn, key=lambda event: event[1])))
def test_each_period_has_the_attempts_of_its_own_entries(most: int, happened: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(funnel_periods, "MOST_NUMBERS", most)
        cut = in_periods(entered(happened), DAYS)
    attempts = ordered(cut.entered.steps, cut.entered.timeline)
    ends = np.cumsum(DAYS).tolist()
    expected = [in_one(happened, end - days, end) for days, end in zip(DAYS, ends, strict=True)]
    assert cut.reached_each(attempts, len(DAYS)) == expected
    nobody = np.zeros(len(attempts.people), bool)
    assert cut.reached_each(attempts, len(DAYS), nobody) == [[0] * STEPS] * len(DAYS)
