"""Cohorts, stickiness and stages, held against counting person by person."""

from collections.abc import Sequence

import numpy as np
from footfall.retention.activity import DayActivity, Stages, days_there, rolling, stages
from footfall.retention.cohorts import (
    Cohorts,
    Happened,
    Triangle,
    averages,
    averages_by,
    returns,
    triangle,
    triangle_of,
)
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.layers.core import retention_oracle as oracle
from tests.layers.core.retention_oracle import Act

PERIODS = 6
acts = st.lists(
    st.builds(Act, st.sampled_from([1, 2, 3, 700]), st.sampled_from("abc"), st.integers(0, PERIODS - 1)), max_size=25
).map(lambda found: sorted(found, key=lambda act: act.period))
names = st.sampled_from([frozenset("a"), frozenset("ab"), frozenset("c")])
days = st.lists(st.frozensets(st.sampled_from([1, 2, 3, 700])), max_size=45)


def happened(events: Sequence[Act], what: frozenset[str]) -> Happened:
    ours = [(act.person, act.period, place) for place, act in enumerate(events) if act.what in what]
    people, periods, places = np.array(ours, np.int64).reshape(-1, 3)[::-1].T
    return Happened(people, periods, places)


def cells(found: Triangle) -> oracle.Triangle:
    returned = found.returned
    return found.sizes.tolist(), {(int(c), int(n)): int(returned[c, n]) for c, n in np.argwhere(returned)}


@given(acts, names, names, st.integers(1, PERIODS))
def test_the_triangle_is_what_counting_person_by_person_gives(
    events: list[Act], first: frozenset[str], returning: frozenset[str], width: int
) -> None:
    cohorts = Cohorts.of(happened(events, first))
    found = returns(cohorts, happened(events, returning))
    sizes, returned = oracle.triangle(events, first, returning, PERIODS)
    narrow = {cell: count for cell, count in returned.items() if cell[1] < width}
    assert cells(triangle(cohorts, found, PERIODS, width)) == (sizes, narrow)


@given(acts, st.integers(1, PERIODS))
def test_the_averages_of_groups_are_those_of_their_people_alone_and_add_up(events: list[Act], width: int) -> None:
    cohorts = Cohorts.of(happened(events, frozenset("ab")))
    found = returns(cohorts, happened(events, frozenset("bc")))
    complete = [True] * (PERIODS - 1) + [False]
    groups = cohorts.people % 2
    by_group = averages_by(cohorts, found, complete, width, groups, 2)
    assert by_group.users.tolist() == np.bincount(groups, minlength=2).tolist()
    whole = averages(triangle(cohorts, found, PERIODS, width), complete)
    assert list(zip(by_group.people.sum(axis=0), by_group.returned.sum(axis=0), strict=True)) == whole
    for group in range(2):
        some = [act for act in events if act.person % 2 == group]
        ours = Cohorts.of(happened(some, frozenset("ab")))
        back = returns(ours, happened(some, frozenset("bc")))
        alone = averages(triangle(ours, back, PERIODS, width), complete)
        assert list(zip(by_group.people[group], by_group.returned[group], strict=True)) == alone


@given(acts, st.integers(1, PERIODS))
def test_any_visit_is_answered_alike_from_who_was_there_and_from_events(events: list[Act], width: int) -> None:
    there = [BitMap({act.person for act in events if act.period == period}) for period in range(PERIODS)]
    anything = happened(events, frozenset("abc"))
    cohorts = Cohorts.of(anything)
    from_events = triangle(cohorts, returns(cohorts, anything), PERIODS, width)
    found = triangle_of(there, width)
    assert cells(found) == cells(from_events)
    assert found.returned[:, 0].tolist() == found.sizes.tolist(), "everybody is there in the period they begin in"


@given(acts, st.lists(st.booleans(), min_size=PERIODS, max_size=PERIODS))
def test_averages_leave_out_what_is_not_complete(events: list[Act], complete: list[bool]) -> None:
    told = oracle.triangle(events, frozenset("ab"), frozenset("bc"), PERIODS)
    cohorts = Cohorts.of(happened(events, frozenset("ab")))
    found = triangle(cohorts, returns(cohorts, happened(events, frozenset("bc"))), PERIODS, PERIODS)
    assert averages(found, complete) == [oracle.average(told, complete, after) for after in range(PERIODS)]


@given(days, st.integers(0, 40))
def test_active_people_are_counted_by_day_week_and_month(there: list[frozenset[int]], first: int) -> None:
    assert rolling([BitMap(day) for day in there], first) == [
        DayActivity(*(oracle.active(there, day, window) for window in (1, 7, 30))) for day in range(first, len(there))
    ]


@given(days)
def test_everybody_was_there_on_some_number_of_days(there: list[frozenset[int]]) -> None:
    found = days_there([BitMap(day) for day in there])
    assert found == oracle.days_there(there)
    assert sum(found) == len(frozenset().union(*there))
    assert sum(number * people for number, people in enumerate(found, 1)) == sum(map(len, there))


people_by_period = st.lists(
    st.tuples(st.frozensets(st.integers(1, 4)), st.frozensets(st.integers(1, 4))), min_size=2, max_size=6
)


@given(st.frozensets(st.integers(1, 4)), people_by_period)
def test_stages_are_what_each_person_s_periods_say(
    known: frozenset[int], there: list[tuple[frozenset[int], frozenset[int]]]
) -> None:
    before, periods = there[0], there[1:]
    everybody = range(1, 5)
    seen = {person: [n for n, (ours, _) in enumerate(there) if person in ours] for person in everybody}
    everywhere = {
        person: [-1] * (person in known) + [n for n, (_, all_) in enumerate(there) if n and person in all_]
        for person in everybody
    }
    found = list(stages(BitMap(known), BitMap(before[0]), [(BitMap(a), BitMap(b)) for a, b in periods]))
    assert found == [Stages(*oracle.stages(seen, everywhere, n)) for n in range(1, len(there))]
    for number, stage in enumerate(found, 1):
        assert stage.new + stage.returning + stage.resurrecting == len(there[number][0])
        assert stage.returning + stage.dormant == len(there[number - 1][0])


def test_nobody_at_all_has_an_empty_triangle() -> None:
    nothing = np.zeros(0, np.int64)
    cohorts = Cohorts.of(Happened(nothing, nothing, nothing))
    found = triangle(cohorts, returns(cohorts, Happened(nothing, nothing, nothing)), 2, 2)
    assert cells(found) == cells(triangle_of([BitMap(), BitMap()], 2)) == ([0, 0], {})
    assert rolling([BitMap(), BitMap()], 0) == [DayActivity(0, 0, 0)] * 2
    assert days_there([]) == days_there([BitMap()]) == []
