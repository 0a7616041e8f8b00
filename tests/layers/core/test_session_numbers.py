"""The lake's numbers of sessions: they say when each began, and tell sessions of one moment apart."""

from datetime import UTC, datetime, timedelta

import numpy as np
from footfall.lake.session_numbers import NEVER, NONE, session_number, starts_of
from footfall.schemas.session import SessionBegin
from hypothesis import given
from hypothesis import strategies as st

UNIX = datetime(1970, 1, 1, tzinfo=UTC)
starts = st.one_of(st.integers(0, 2**32 * 1_000 - 1), st.integers(0, 2**32 - 1).map(lambda second: second * 1_000))


def number(name: str, start: int) -> int:
    return session_number(SessionBegin(session_id=name, started_at=UNIX + timedelta(milliseconds=start)))


@given(st.lists(st.tuples(st.text(), starts)))
def test_a_number_says_when_its_session_began(sessions: list[tuple[str, int]]) -> None:
    numbers = np.array([number(*each) for each in sessions], np.int64)
    assert starts_of(numbers).tolist() == [start for _, start in sessions]
    assert NONE not in numbers


@given(st.text(), starts, starts)
def test_later_sessions_have_higher_numbers_unless_they_begin_in_one_second(name: str, one: int, other: int) -> None:
    if one // 1_000 < other // 1_000:
        assert number(name, one) < number(name, other)
    assert (number(name, one) == number(name, other)) == (one == other)


def test_no_session_never_began() -> None:
    assert starts_of(np.array([NONE])).tolist() == [NEVER]


def test_many_sessions_of_one_second_are_told_apart() -> None:
    assert len({number(f"visitor {each}@0", 1_772_323_200_000) for each in range(5_000)}) == 5_000
