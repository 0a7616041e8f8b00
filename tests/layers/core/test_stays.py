"""Stays at a step of a funnel, against their definition."""

from collections.abc import Sequence

import numpy as np
import pytest
from footfall.funnels.lift import compared, trait_of
from footfall.funnels.stays import NEVER, Happened, Leaving, Stays, first_after
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.core.dropoff_oracle import (
    HALF_AN_HOUR,
    Happening,
    Stay,
    ended_the_visit,
    exit_of,
    length,
    looked_at,
    saw,
)

ORIGIN = 1_700_000_000_000
MINUTE = 60_000
MOMENTS = [0, 1, 2, 1_000, MINUTE, HALF_AN_HOUR - 1, HALF_AN_HOUR, HALF_AN_HOUR + 1, 3 * HALF_AN_HOUR]
times = st.sampled_from(MOMENTS)
happenings = st.lists(
    st.builds(Happening, st.integers(0, 5), st.sampled_from(["view", "exit", "excluded", "error"]), times)
)


def some(stays: list[Stay]) -> list[Stay]:
    return [stay._replace(who=who) for who, stay in enumerate(stays)]


def going_on(begun: int, after: int | None, until: int | None) -> Stay:
    return Stay(0, begun, None if after is None else begun + after, None if until is None else begun + until)


stays_of_all = st.lists(st.builds(going_on, times, st.none() | times, st.none() | times), max_size=6).map(some)


def computed(stays: Sequence[Stay], events: Sequence[Happening]) -> tuple[Stays, Happened]:
    def happened(kind: str) -> Happened:
        found = [each for each in events if each.kind == kind]
        who, at = np.array([each.who for each in found], np.int64), np.array([each.at for each in found], np.int64)
        return Happened(who, ORIGIN + at)

    def first(kind: str, *, later: bool) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        moments = np.full((1, 6), NEVER)
        moments[0, who] = begun
        found: np.ndarray[tuple[int], np.dtype[np.int64]] = first_after(happened(kind), moments, later=later)[0, who]
        return found

    def column(moments: list[int | None]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([NEVER if at is None else ORIGIN + at for at in moments], np.int64)

    begun, gone_on = column([stay.begun for stay in stays]), column([stay.gone_on for stay in stays])
    until, who = column([stay.until for stay in stays]), np.array([stay.who for stay in stays], np.intp)
    leaving = Leaving(first("view", later=True), first("exit", later=False), first("excluded", later=True))
    return Stays(who, begun, gone_on, until, leaving, attempts_made=6), happened("error")


@given(stays_of_all, happenings)
def test_stays_and_what_happened_in_them_are_as_defined(stays: list[Stay], events: list[Happening]) -> None:
    found, errors = computed(stays, events)
    assert found.lengths.tolist() == [length(stay, events) for stay in stays]
    assert found.looked_at.tolist() == looked_at(stays, events)
    assert found.saw(errors).tolist() == saw(stays, events, "error")
    assert found.ended_the_visit.tolist() == [ended_the_visit(stay, events) for stay in stays]
    exits = [exit_of(stay, events, "error") is not None for stay in stays]
    assert found.had(found.page_exits(errors).stays).tolist() == exits


steps_reached = st.lists(st.lists(times, min_size=1, max_size=3).map(sorted), min_size=1, max_size=4)


@given(steps_reached, st.lists(st.tuples(st.integers(0, 3), times)), st.booleans())
def test_what_happens_first_is_found_for_all_steps_at_once(
    reached: list[list[int]], events: list[tuple[int, int]], later: bool
) -> None:
    events = [(who, at) for who, at in events if who < len(reached)]
    moments = np.array([[own[step] if step < len(own) else NEVER for own in reached] for step in range(3)], np.int64)
    who_each, at_each = (np.array([event[place] for event in events], np.int64) for place in (0, 1))
    found = first_after(Happened(who_each, at_each), moments, later=later)
    for (step, who), moment in np.ndenumerate(moments):
        after = [at for own, at in events if own == who and at >= moment + later]
        assert found[step, who] == min(after, default=NEVER)


def test_both_sides_are_looked_at_for_equally_long() -> None:
    stays = some([Stay(0, 0), *(Stay(0, 0, gone_on=seconds * 1_000) for seconds in (5, 60))])
    events = [Happening(0, "error", at=10_000), Happening(1, "error", at=2_000), Happening(2, "error", at=40_000)]
    found, errors = computed(stays, events)
    assert found.lengths.tolist() == [HALF_AN_HOUR, 5_000, MINUTE]
    assert found.looked_at.tolist() == [MINUTE, 5_000, MINUTE], "who left as long as the one in the middle of the rest"
    assert found.saw(errors).all()


def drawn(draw: np.random.Generator, count: int) -> tuple[Stays, Happened, Happened]:
    """People of whom half leave, and stay ten times as long; errors that come to all at a constant pace, and all that
    happened to anybody."""
    left, who = np.arange(2 * count) < count, np.arange(2 * count)
    lengths = (1_000 * draw.exponential(np.where(left, 300, 30))).astype(np.int64)
    errors = (1_000 * draw.exponential(200, 2 * count)).astype(np.int64)
    had = errors <= lengths
    never, begun = np.full(2 * count, NEVER), np.zeros(2 * count, np.int64)
    leaving = Leaving(never, np.where(left, lengths, NEVER), never)
    stays = Stays(who, begun, np.where(left, NEVER, lengths), never, leaving, 2 * count)
    return stays, Happened(who[had], errors[had]), Happened(who[had], begun[had])


def test_what_happens_at_a_constant_pace_is_as_frequent_among_those_who_stay_ten_times_as_long() -> None:
    stays, errors, had = drawn(np.random.default_rng(1), 20_000)
    seen, in_all = stays.saw(errors), stays.saw(had)
    assert seen[stays.left].mean() == pytest.approx(seen[~stays.left].mean(), abs=0.015)
    assert in_all[stays.left].mean() > 3 * in_all[~stays.left].mean(), "as it would be if all that happened counted"


def test_what_happens_at_a_constant_pace_is_a_reason_in_fewer_than_one_of_twenty_cases() -> None:
    draw, trials, found = np.random.default_rng(2), 300, 0
    for _ in range(trials):
        stays, errors, _ = drawn(draw, int(draw.integers(100, 1_000)))
        found += any(compared([[trait_of("javascript_error", stays.saw(errors), stays.left)]]).reasons)
    assert found <= trials / 20


def test_nobody_has_no_stays() -> None:
    found, errors = computed([], [])
    assert (len(found.saw(errors)), len(found.ended_the_visit)) == (0, 0)
