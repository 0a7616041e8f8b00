"""Stays at a step of a funnel, against their definition."""

from collections.abc import Sequence

import numpy as np
import pytest
from footfall.funnels.stays import NEVER, Leaving, Moments, Stays
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


def computed(stays: Sequence[Stay], events: Sequence[Happening]) -> tuple[Stays, Moments]:
    def moments(kind: str) -> Moments:
        found = [each for each in events if each.kind == kind]
        who, at = np.array([each.who for each in found], np.int64), np.array([each.at for each in found], np.int64)
        return Moments.of(who, ORIGIN + at, ORIGIN)

    def column(moments: list[int | None]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([NEVER if at is None else ORIGIN + at for at in moments], np.int64)

    leaving = Leaving(moments("view"), moments("exit"), moments("excluded"))
    begun, gone_on = column([stay.begun for stay in stays]), column([stay.gone_on for stay in stays])
    until, who = column([stay.until for stay in stays]), np.array([stay.who for stay in stays], np.intp)
    return Stays(who, begun, gone_on, until, leaving), moments("error")


@given(stays_of_all, happenings)
def test_stays_and_what_happened_in_them_are_as_defined(stays: list[Stay], events: list[Happening]) -> None:
    found, errors = computed(stays, events)
    assert found.lengths.tolist() == [length(stay, events) for stay in stays]
    assert found.looked_at.tolist() == looked_at(stays, events)
    assert found.saw(errors).tolist() == saw(stays, events, "error")
    assert found.ended_the_visit.tolist() == [ended_the_visit(stay, events) for stay in stays]
    exits = [exit_of(stay, events, "error") is not None for stay in stays]
    assert found.measured(errors).tolist() == exits


def test_both_sides_are_looked_at_for_equally_long() -> None:
    stays = some([Stay(0, 0), *(Stay(0, 0, gone_on=seconds * 1_000) for seconds in (5, 60))])
    events = [Happening(0, "error", at=10_000), Happening(1, "error", at=2_000), Happening(2, "error", at=40_000)]
    found, errors = computed(stays, events)
    assert found.lengths.tolist() == [HALF_AN_HOUR, 5_000, MINUTE]
    assert found.looked_at.tolist() == [MINUTE, 5_000, MINUTE], "who left as long as the one in the middle of the rest"
    assert found.saw(errors).all()


@pytest.mark.parametrize("seed", range(5))
def test_what_happens_at_a_constant_pace_is_as_frequent_among_those_who_stay_ten_times_as_long(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = 20_000
    left = np.arange(2 * count) < count
    seconds = draw.exponential(np.where(left, 300, 30))
    lengths = (1_000 * seconds).astype(np.int64)
    who = np.arange(2 * count)
    errors = (1_000 * draw.exponential(200, 2 * count)).astype(np.int64)
    happened = Moments.of(who[errors <= lengths], errors[errors <= lengths], 0)
    exits = Moments.of(who[left], lengths[left], 0)
    nothing = Moments.of(who[:0], lengths[:0], 0)
    gone_on = np.where(left, NEVER, lengths)
    never = np.full(2 * count, NEVER)
    stays = Stays(who, np.zeros(2 * count, np.int64), gone_on, never, Leaving(nothing, exits))
    seen = stays.saw(happened)
    shares = seen[left].mean(), seen[~left].mean()
    assert shares[0] == pytest.approx(shares[1], abs=0.015)
    naive = errors <= lengths
    assert naive[left].mean() > 3 * naive[~left].mean(), "as it would be if all that happened were counted"


def test_nobody_has_no_stays() -> None:
    found, errors = computed([], [])
    assert (len(found.saw(errors)), len(found.ended_the_visit)) == (0, 0)
