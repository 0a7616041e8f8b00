"""Chains of linked entries against the definition of a funnel, over any days and within any window."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from footfall.funnels.chains import Chains, StepColumns
from footfall.funnels.steps import alternatives
from footfall.schemas.funnel import DEVICES
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.core.funnel_oracle import Seen, furthest

MIDNIGHT = datetime(2026, 3, 28, tzinfo=UTC)
FIRST_DAY = 20_000
MILLISECOND = timedelta(milliseconds=1)

moments = st.builds(
    lambda hours, milliseconds: MIDNIGHT + timedelta(hours=hours, milliseconds=milliseconds),
    st.sampled_from([0, 1, 23, 24, 25, 47, 48, 71]),
    st.sampled_from([0, 0, 0, 1, 60_000]),
)
seen = st.builds(Seen, st.integers(1, 3), st.sampled_from(DEVICES[:2]), st.sampled_from("abc"), moments)
histories = st.lists(seen, max_size=14).map(lambda events: sorted(events, key=lambda event: event.at))
step_names = st.lists(st.sampled_from(["a", "b", "c", "a|b", "b|c"]), min_size=2, max_size=4)
windows = st.none() | st.sampled_from([timedelta(), MILLISECOND, timedelta(hours=1), timedelta(hours=24)])


def day_of(event: Seen) -> int:
    return (event.at - MIDNIGHT).days


def linked(events: Sequence[Seen], steps: Sequence[str]) -> Chains:
    """The chains of events, each of which was read at its own place, those of a step the latest first."""
    return Chains.of([entries(events, step) for step in steps])


def entries(events: Sequence[Seen], step: str) -> StepColumns:
    at = [place for place, event in enumerate(events) if event.page in alternatives(step)][::-1]
    return StepColumns(
        np.array([events[place].person for place in at], np.int32),
        np.array([(events[place].at - MIDNIGHT) // MILLISECOND for place in at], np.int64),
        np.array([sum(one.at == events[place].at for one in events[:place]) for place in at], np.int32),
        np.array([FIRST_DAY + day_of(events[place]) for place in at], np.uint16),
        np.array([DEVICES.index(events[place].device) for place in at], np.uint8),
        np.array(at, np.uint32),
    )


@given(histories, step_names, windows, st.integers(0, 2), st.integers(0, 2))
def test_attempts_on_any_days_are_what_the_definition_says(
    events: list[Seen], steps: list[str], window: timedelta | None, first: int, last: int
) -> None:
    chains = linked(events, steps)
    within = None if window is None else window // MILLISECOND
    found = chains.attempts(FIRST_DAY + first, FIRST_DAY + last, within)
    during = [place for place, event in enumerate(events) if first <= day_of(event) <= last]
    expected = furthest([events[place] for place in during], steps, window)
    assert found.people.tolist() == sorted(expected)
    for number, person in enumerate(found.people.tolist()):
        places = found.places[: found.reached[number], number]
        assert chains.rows[places].tolist() == [during[place] for place in expected[person]]
        assert [DEVICES[code] for code in chains.devices[places]] == [
            events[during[place]].device for place in expected[person]
        ]
        assert (MIDNIGHT + int(chains.times[places[0]]) * MILLISECOND) == events[during[expected[person][0]]].at


def test_there_are_no_attempts_without_entries() -> None:
    found = linked([], ["a", "b"]).attempts(FIRST_DAY, FIRST_DAY, 1_000)
    assert (len(found.people), found.places.shape) == (0, (2, 0))
