from itertools import pairwise

from footfall.sessions.fold import GAP, derived_session_id, fold_session, split_by_gap
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, at


def test_thirty_minutes_hold_a_session_together_and_a_millisecond_more_cuts_it() -> None:
    together = [a_document(timestamp=at(0)), a_document(timestamp=at(30))]
    apart = [a_document(timestamp=at(0)), a_document(timestamp=at(30 + 1 / 60_000))]
    assert [len(chain) for chain in split_by_gap(together)] == [2]
    assert [len(chain) for chain in split_by_gap(apart)] == [1, 1]


@given(st.lists(st.integers(0, 600), min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_sessions_by_gap_are_the_same_in_any_order(minutes: list[int], random: st.DataObject) -> None:
    events = [a_document(timestamp=at(minute)) for minute in minutes]
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    chains = split_by_gap(shuffled)
    assert chains == split_by_gap(events)
    assert all(b[0]["timestamp"] - a[-1]["timestamp"] > GAP for a, b in pairwise(chains))
    assert sum(map(len, chains)) == len(events)


def test_a_session_tells_its_pages_its_steps_and_its_value() -> None:
    events = [
        a_document(timestamp=at(0), pageType="home"),
        a_document(timestamp=at(1), pageType="search"),
        a_document(timestamp=at(2), eventType="click"),
        a_document(timestamp=at(3), eventType="purchase", properties={"transaction_id": "o1", "value": 20}),
        a_document(timestamp=at(4), eventType="purchase", properties={"transaction_id": "o1", "value": 20}),
        a_document(timestamp=at(5), pageType="home", userId="known"),
    ]
    session = fold_session("s", False, events[::-1], NOON)
    assert session["pages_visited"] == ["home", "search"]
    assert session["steps"]["home"] == events[0]["timestamp"]
    assert (session["duration"], session["interactions"], session["bounce"]) == (300.0, 1, False)
    assert (session["converted"], session["conversion_value"]) == (True, 2000)
    assert session["person_id"] == "known"


def test_one_look_at_one_page_is_a_bounce() -> None:
    assert fold_session("s", False, [a_document()], NOON)["bounce"]


def test_a_session_without_a_name_is_named_by_its_visitor_and_its_first_millisecond() -> None:
    assert derived_session_id(a_document(visitorId="v")) == f"v@{round(NOON.timestamp() * 1000)}"
