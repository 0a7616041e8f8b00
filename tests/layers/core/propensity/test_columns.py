"""Sessions as columns, and what chances are learnt from: as plain Python reckons them, of the first events alone."""

from dataclasses import replace

import numpy as np
import pytest
from footfall.propensity.columns import (
    NEVER,
    Names,
    Sessions,
    arrays_of,
    features,
    scorer,
    sessions_of,
)
from footfall.propensity.following import MOST_EVENTS, follow
from footfall.propensity.scoring import AFTER, Beginning, chance, logistic, logit
from footfall.schemas.funnel import DEVICES
from footfall.schemas.model import Scorer
from footfall.sessions.fold import FIRST_EVENTS
from hypothesis import given
from hypothesis import strategies as st

from .oracle import (
    Told,
    Visit,
    events_of,
    features_of,
    in_time,
    milliseconds,
    orders_of,
    place_of_order,
    place_of_view,
    visits,
)

ALWAYS = 2**61


def followed(found: list[Visit], over_by: int = ALWAYS, most: int = 1000) -> Sessions:
    return follow(events_of(found), orders_of(found), over_by, most)


def open_after(found: list[Visit], events: int) -> list[Visit]:
    waiting = [visit for visit in found if len(visit.events) >= events]
    return [visit for visit in waiting if (place := place_of_order(visit)) is None or place >= events]


@given(st.data(), visits(), st.integers(0, 40), st.integers(1, 12))
def test_sessions_are_their_events_in_order(data: st.DataObject, found: list[Visit], over: int, most: int) -> None:
    count = sum(len(visit.events) for visit in found)
    shuffled = data.draw(st.permutations(range(count)))
    ours = follow(events_of(found, shuffled), orders_of(found), milliseconds(over), most)
    expected = [visit for visit in in_time(found) if visit.start + visit.events[-1].second <= over][-most:]
    assert ours.lengths.tolist() == [len(visit.events) for visit in expected]
    assert [ours.kinds[code] for code in ours.codes] == [event.kind for visit in expected for event in visit.events]
    assert ours.ordered.tolist() == [NEVER if (at := place_of_order(v)) is None else at for v in expected]
    assert ours.viewed.tolist() == [place_of_view(visit) for visit in expected]
    assert [ours.sources[code] for code in ours.sources_of] == [visit.source for visit in expected]
    assert ours.times.tolist() == [milliseconds(v.start + e.second) for v in expected for e in v.events]


def test_a_long_session_is_followed_to_a_bound_and_its_order_is_still_known() -> None:
    events = tuple(Told(second, "pageview", "home", 0) for second in range(MOST_EVENTS + 20))
    ours = followed([Visit(0, events, "direct", MOST_EVENTS + 10)])
    assert (ours.lengths.tolist(), ours.ordered.tolist()) == ([MOST_EVENTS], [MOST_EVENTS + 10])


@given(visits(), st.integers(1, 6))
def test_features_are_those_that_plain_python_reckons(found: list[Visit], events: int) -> None:
    ours, waiting = followed(found), open_after(in_time(found), events)
    those = ours.open_after(events)
    names = Names.of(those, ours, events)
    expected = [features_of(visit, events, [*names.kinds], [*names.sources]) for visit in waiting]
    matrix = features(ours, those, events, names)
    assert len(matrix) == len(expected)
    assert not expected or np.allclose(matrix, expected)


@given(visits(), st.integers(1, 6), st.lists(st.sampled_from(["pageview", "click", "product_viewed"]), min_size=1))
def test_an_event_after_those_that_are_looked_at_changes_no_feature(
    found: list[Visit], events: int, more: list[str]
) -> None:
    long = [visit for visit in found if len(visit.events) >= events and visit.ordered is None]
    longer = [
        replace(
            visit,
            events=(*visit.events[:events], *(Told(visit.events[-1].second + 9, kind, "cart", 2) for kind in more)),
        )
        for visit in long
    ]
    before, after = followed(long), followed(longer)
    names = Names.of(before.open_after(events), before, events)
    first, second = (features(each, each.open_after(events), events, names) for each in (before, after))
    assert np.array_equal(first, second)


def beginning(visit: Visit) -> Beginning:
    viewed = place_of_view(visit)
    return Beginning(
        kinds=[event.kind for event in visit.events],
        seconds=[event.second for event in visit.events],
        viewed=viewed,
        device=DEVICES[visit.events[min(viewed, len(visit.events) - 1)].device],
        source=visit.source,
    )


@given(visits(), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_plain_python_scores_as_the_columns_do(found: list[Visit], events: int, seed: int) -> None:
    ours, waiting = followed(found), open_after(in_time(found), events)
    those = ours.open_after(events)
    names = Names.of(those, ours, events)
    matrix = features(ours, those, events, names)
    weights = np.asarray(np.random.default_rng(seed).normal(size=matrix.shape[1]))
    made = scorer(events, names, 0.25, weights)
    assert [logit(made, beginning(visit)) for visit in waiting] == pytest.approx((matrix @ weights + 0.25).tolist())


def a_scorer(events: int, intercept: float) -> Scorer:
    none = {"other": 0.0}
    return Scorer(events=events, intercept=intercept, seconds=0.0, share=none, last=none, device=none, source=none)


def test_the_latest_scorer_that_a_session_has_events_for_tells_its_chance() -> None:
    visit = Visit(0, tuple(Told(second, "pageview", "home", 0) for second in range(4)), "direct", None)
    scorers = [a_scorer(1, 0.0), a_scorer(3, 1.0), a_scorer(5, 2.0)]
    assert chance(scorers, beginning(visit)) == (3, logistic(1.0))
    assert chance(scorers[2:], beginning(visit)) is None
    assert chance([], beginning(visit)) is None


def test_chances_of_any_logit_are_between_none_and_certainty() -> None:
    assert [logistic(-1e4), logistic(0), logistic(1e4)] == [0, 0.5, 1]


def test_as_many_first_events_are_kept_as_are_looked_at() -> None:
    assert max(AFTER) == FIRST_EVENTS


@given(visits())
def test_files_give_the_same_sessions(found: list[Visit]) -> None:
    ours = followed(found)
    read = sessions_of(arrays_of(ours))
    assert (read.kinds, read.sources) == (list(ours.kinds), list(ours.sources))
    assert all(np.array_equal(getattr(read, name), getattr(ours, name)) for name in ("begins", "codes", "ordered"))
