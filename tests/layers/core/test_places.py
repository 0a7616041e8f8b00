"""Places in the order of time, which sort events as their times and what they are at one moment do."""

import numpy as np
from footfall.funnels.engine import Timeline, in_order, keys_of
from hypothesis import given
from hypothesis import strategies as st

moments = st.tuples(st.integers(1_772_323_200_000, 1_772_323_200_000 + 2**36), st.integers(0, 3))
few = st.tuples(st.sampled_from([1_772_323_200_000, 1_772_323_200_001, 1_772_327_000_000]), st.integers(0, 300))
whoever = st.integers(0, 3) | st.integers(2**40, 2**62)
happened = st.lists(st.tuples(whoever, moments | few), unique_by=lambda each: each[1])


@given(happened)
def test_places_sort_as_times_and_ties_do_and_say_when_they_are(events: list[tuple[int, tuple[int, int]]]) -> None:
    times = np.array([time for _, (time, _) in events], np.int64)
    ties = np.array([tie for _, (_, tie) in events], np.int32)
    timeline = Timeline.over([times[:2], times[2:]], [ties[:2], ties[2:]])
    places = timeline.at(times, ties)
    assert np.argsort(places).tolist() == sorted(range(len(events)), key=lambda at: events[at][1])
    assert timeline.times(places).tolist() == times.tolist()
    assert all(int(place).bit_length() <= timeline.bits for place in places)


@given(happened, st.sampled_from([0, 20, 30]))
def test_events_sort_by_person_and_then_by_place_however_large_both_are(
    events: list[tuple[int, tuple[int, int]]], shift: int
) -> None:
    who = np.array([who for who, _ in events], np.int64)
    places = np.array([(time % 2**32 << shift) + tie for _, (time, tie) in events], np.int64)
    order = np.lexsort((places, who))
    keys, bits = keys_of(who, places)
    assert in_order(who, places).tolist() == order.tolist()
    assert (keys >= 0).all()
    assert (np.diff(keys[order] >> bits) != 0).tolist() == (np.diff(who[order]) != 0).tolist()
