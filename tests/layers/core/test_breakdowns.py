"""Figures for each value of a dimension, against a count by hand: of one day, stored, and of several days together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pytest
from footfall.breakdowns import days as days_stored
from footfall.breakdowns import packed
from footfall.breakdowns.columns import NOT_COUNTED, Activity, Visits
from footfall.breakdowns.days import added, documents
from footfall.breakdowns.engine import SUMS, Figures, by_doing, everywhere, figures, largest
from footfall.breakdowns.sessions import SessionColumns
from footfall.days import DayRange, zone_named
from footfall.dimensions import BUILT_IN
from footfall.funnels.engine import Coded
from hypothesis import given
from hypothesis import strategies as st

MOST = 2
VALUES = ["a", "b", "c", "d"]


@dataclass(frozen=True)
class Done:
    """One event, and the value that it has."""

    person: int
    viewed: bool
    session: int
    day: int
    value: str


@dataclass(frozen=True)
class Visit:
    """One session, and the value that it has itself."""

    number: int
    day: int
    milliseconds: int
    bounced: bool
    revenues: tuple[int, ...]
    value: str


done = st.builds(
    Done,
    st.sampled_from([NOT_COUNTED, 1, 2, 3, 2**31]),
    st.booleans(),
    st.integers(0, 4),
    st.integers(0, 1),
    st.sampled_from(VALUES),
)
visits = st.builds(
    Visit,
    st.sampled_from([1, 2, 3, 2**63 - 1]),
    st.integers(0, 1),
    st.integers(0, 2**40),
    st.booleans(),
    st.lists(st.integers(1, 2**40), max_size=2).map(tuple),
    st.sampled_from(VALUES),
)
happened = st.tuples(
    st.lists(done, max_size=12), st.lists(visits, max_size=4, unique_by=lambda visit: visit.number), st.booleans()
)


def coded(values: Sequence[str]) -> Coded:
    """Returns values as a column whose texts nobody else has at these places."""
    texts = sorted(set(values), reverse=True)
    return Coded(texts, np.array([texts.index(value) for value in values], np.int64))


def computed(events: Sequence[Done], sessions: Sequence[Visit], of_events: bool, most: int | None) -> Figures:
    """Returns what the engine makes of it."""
    activity = Activity(
        np.array([event.person for event in events], np.int64),
        np.array([event.viewed for event in events], np.bool_),
        np.array([event.session for event in events], np.int64),
        np.array([event.day for event in events], np.int64),
    )
    columns = [
        [visit.number for visit in sessions],
        [0 for _ in sessions],
        [0 for _ in sessions],
        [visit.day for visit in sessions],
        [visit.milliseconds for visit in sessions],
        [visit.bounced for visit in sessions],
        [bool(visit.revenues) for visit in sessions],
        [len(visit.revenues) for visit in sessions],
        [sum(visit.revenues) for visit in sessions],
    ]
    found = Visits(*(np.array(column, np.int64) for column in columns))
    does = coded([event.value for event in events])
    begun = np.where(activity.people >= 0, found.on_first_day(activity.sessions, activity.days), -1)
    having = by_doing(does, begun) if of_events else everywhere(coded([visit.value for visit in sessions]))
    return figures(activity, does, found, having, most)


Row = dict[str, Any]


def by_hand(events: Iterable[Done], sessions: Iterable[Visit], of_events: bool) -> dict[str, Row]:
    """Returns the figures of every value that an event or a session has."""
    found: dict[str, Row] = {}
    events = list(events)
    for value in VALUES:
        ours = [event for event in events if event.value == value]
        people = [event for event in ours if event.person != NOT_COUNTED]
        began = [visit for visit in sessions if value in _values(visit, events, of_events)]
        if ours or began:
            found[value] = {
                "people": {event.person for event in people},
                "events": len(ours),
                "page_views": sum(event.viewed for event in people),
                "sessions": len(began),
                "bounces": sum(visit.bounced for visit in began),
                "milliseconds": sum(visit.milliseconds for visit in began),
                "conversions": sum(bool(visit.revenues) for visit in began),
                "orders": sum(len(visit.revenues) for visit in began),
                "revenue": sum(sum(visit.revenues) for visit in began),
            }
    return found


def _values(visit: Visit, events: Iterable[Done], of_events: bool) -> set[str]:
    if not of_events:
        return {visit.value}
    within = [event for event in events if (event.session, event.day) == (visit.number, visit.day)]
    return {event.value for event in within if event.person != NOT_COUNTED}


def cut(rows: dict[str, Row], most: int, others: Row | None = None) -> dict[str | None, Row]:
    """Returns the rows with most people, and under None all others together."""
    order = sorted(rows, key=lambda value: (-len(rows[value]["people"]), value))
    kept: dict[str | None, Row] = {value: rows[value] for value in order[:most]}
    rest = [*(rows[value] for value in order[most:]), *([others] if others else [])]
    if rest:
        kept[None] = together(rest)
    return kept


def together(rows: Sequence[Row]) -> Row:
    """Returns what rows amount to: everybody once, and the rest added up."""
    sums = {name: sum(row[name] for row in rows) for name in SUMS}
    return {"people": set().union(*(row["people"] for row in rows)), **sums}


def shown(found: Figures) -> dict[str | None, Row]:
    """Returns figures as rows by value, all others under None."""
    names = [*found.values, *([None] if found.cut else [])]
    sums = {name: getattr(found, name).tolist() for name in SUMS}
    return {
        value: {"people": set(people), **{name: column[place] for name, column in sums.items()}}
        for place, (value, people) in enumerate(zip(names, found.people, strict=True))
    }


@given(happened, st.sampled_from([1, MOST, None]))
def test_every_value_has_the_figures_that_a_count_by_hand_gives(
    given_: tuple[list[Done], list[Visit], bool], most: int | None
) -> None:
    found = computed(*given_, most)
    assert shown(found) == cut(by_hand(*given_), most or len(VALUES))
    assert found.values == sorted(found.values, key=lambda value: (-len(by_hand(*given_)[value]["people"]), value))


@given(st.lists(happened, max_size=4), st.sampled_from([20, 10**6]))
def test_days_that_were_stored_add_up_to_the_range(days: list[tuple[list[Done], list[Visit], bool]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(days_stored, "MOST_BYTES", size)
        stored = [
            document
            for number, day in enumerate(days, 1)
            for document in documents("demo", f"2026-03-0{number}", "theme", computed(*day, MOST))
        ]
    rows = [cut(by_hand(*day), MOST) for day in days]
    values = {value for day in rows for value in day if value is not None}
    whole = {value: together([day[value] for day in rows if value in day]) for value in values}
    others = [day[None] for day in rows if None in day]
    assert shown(largest(added(stored), 3)) == cut(whole, 3, together(others) if others else None)
    assert len({document["_id"] for document in stored}) == len(stored)


def test_forty_thousand_values_of_one_day_are_a_hundred_and_the_rest_together() -> None:
    events = [Done(number, True, number, 0, f"v{number:05}") for number in range(1, 40_001)]
    found = computed([*events, Done(7, True, 7, 0, "v09999")], [], True, 100)
    assert (found.values[0], len(found.values), found.cut) == ("v09999", 100, True)
    assert (len(found.people[-1]), int(found.page_views[-1])) == (39_900, 39_900)


@given(st.lists(visits, max_size=5, unique_by=lambda visit: visit.number), st.sampled_from([1, 3]))
def test_sessions_of_a_day_are_read_as_they_were_stored(sessions: list[Visit], texts: int) -> None:
    day = DayRange(date(2026, 3, 1), date(2026, 3, 1), zone_named("Europe/Rome"))
    row = BUILT_IN[0]
    columns = SessionColumns(day, "EUR", [row])
    told = coded([visit.value for visit in sessions])
    numbers = [[visit.number, 7, 8, 0, visit.milliseconds, visit.bounced, 1, 2, 3] for visit in sessions]
    known = Visits(*np.array(numbers, np.int64).reshape(-1, 9).T)
    columns.add_columns(known, {row.name: told})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(packed, "MOST_TEXTS", texts)
        patched.setattr(packed, "SESSIONS_PER_DOCUMENT", 2)
        stored = list(packed.documents("demo", day, columns, [row.name]))
    many = len({visit.value for visit in sessions}) > texts
    assert all(document["cut"] == ([row.name] if many else []) for document in stored)
    again = SessionColumns(day, "EUR", [] if many else [row])
    for document in stored:
        again.add_columns(*packed.unpacked(document, 0))
    assert [column.tolist() for column in again.visits] == [column.tolist() for column in known]
    if not many:
        values = again.coded(row.name)
        assert [values.texts[code] for code in values.codes] == [visit.value for visit in sessions]
