from itertools import pairwise

import pytest
from footfall.days import day_of, zone_named
from footfall.schemas.event import INTERACTION_TYPES
from footfall.sessions.fold import GAP, fold_session, moments_of, session_id_of, sessions_of, split_by_gap
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.builders import NOON, a_document, at

START = round(NOON.timestamp() * 1000)


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


@given(st.integers(0, 200), st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_a_sessions_moments_are_on_every_local_day_it_was_on(hours: int, zone: str) -> None:
    events = [a_document(timestamp=at(60 * hour), sessionId="s") for hour in range(hours + 1)]
    days = {day_of(event["timestamp"], zone_named(zone)) for event in events}
    assert {day_of(moment, zone_named(zone)) for moment in moments_of(fold_session(events, NOON))} == days


def test_a_session_tells_of_so_many_pages_and_steps_and_no_more() -> None:
    events = [a_document(timestamp=at(number / 60), pageType=f"kind-{number}") for number in range(600)]
    session = fold_session(events, NOON)
    assert (session["page_views"], len(session["pages_visited"]), len(session["steps"])) == (600, 500, 100)
    assert (session["entry_page"], session["exit_page"]) == ("kind-0", "kind-599")


def test_a_session_tells_its_pages_and_its_steps() -> None:
    events = [
        a_document(timestamp=at(0), pageType="home"),
        a_document(timestamp=at(1), pageType="search"),
        a_document(timestamp=at(2), eventType="click"),
        a_document(timestamp=at(5), pageType="home", userId="known"),
    ]
    session = fold_session(events[::-1], NOON)
    assert session["pages_visited"] == ["home", "search"]
    assert session["steps"]["home"] == events[0]["timestamp"]
    assert (session["duration"], session["interactions"], session["bounce"]) == (300.0, 1, False)
    assert (session["converted"], session["conversion_value"]) == (False, 0)
    assert session["person_id"] == "known"


def test_one_look_at_one_page_is_a_bounce() -> None:
    assert fold_session([a_document()], NOON)["bounce"]
    assert not fold_session([a_document(), a_document()], NOON)["bounce"]


@pytest.mark.parametrize("kind", sorted(INTERACTION_TYPES))
def test_whatever_a_person_does_besides_looking_makes_it_no_bounce(kind: str) -> None:
    session = fold_session([a_document(), a_document(eventType=kind)], NOON)
    assert (session["interactions"], session["bounce"]) == (1, False)


@pytest.mark.parametrize("name", ["video_start", "Video Playback Started", "VideoPlayed", "Watched Videos"])
def test_what_is_done_with_a_video_is_an_interaction(name: str) -> None:
    seen = a_document(eventType="track", event=name)
    assert (seen["type"], seen.get("name")) == ("video", name)


def test_leaving_a_page_and_what_a_client_makes_up_leave_a_bounce_one() -> None:
    rest = [a_document(eventType=kind, timestamp=at(1)) for kind in ("page_exit", "Newsletter Sent", "identify")]
    session = fold_session([a_document(), *rest], NOON)
    assert (session["interactions"], session["bounce"]) == (0, True)


def test_a_session_with_any_event_of_a_bot_is_a_bots() -> None:
    robot = a_document(timestamp=at(1), context={"userAgent": "Googlebot/2.1 (+http://www.google.com/bot.html)"})
    for events in ([a_document(), robot], [robot], [robot, a_document(timestamp=at(2))]):
        assert fold_session(events, NOON)["bot"]
    assert not fold_session([a_document()], NOON)["bot"]


def test_events_without_a_page_view_are_no_session() -> None:
    told = [a_document(eventType=kind, visitorId="ann") for kind in ("Order Shipped", "purchase", "click")]
    assert sessions_of(told) == []
    (session,) = sessions_of([*told, a_document(eventType="screen", visitorId="ann", timestamp=at(29))])
    assert len(session) == 4


def test_what_brought_a_visitor_and_on_what_is_what_the_first_page_says() -> None:
    before = a_document(eventType="Order Shipped", device="desktop")
    page = a_document(timestamp=at(5), url="https://shop.example/?utm_source=news", device="mobile")
    session = fold_session([before, page], NOON)
    assert (session["own_attribution"].get("source"), session["device"]) == ("news", "Mobile")
    assert session["started_at"] == before["timestamp"]


def test_a_session_is_named_by_its_visitor_the_clients_id_and_its_first_millisecond() -> None:
    unnamed, named = (fold_session([a_document(visitorId="v", **but)], NOON) for but in ({}, {"sessionId": 17}))
    assert (unnamed["session_id"], unnamed["client_session_id"], unnamed["derived"]) == (f"v@{START}", None, True)
    assert (named["session_id"], named["client_session_id"], named["derived"]) == (f"v~17@{START}", "17", False)


def test_two_visitors_who_share_a_clients_id_have_two_sessions() -> None:
    events = [a_document(visitorId=visitor_id, sessionId="1794132000") for visitor_id in ("x", "y", "y")]
    assert sorted(len(found) for found in sessions_of(events)) == [1, 2]


def test_the_same_clients_id_is_another_session_after_a_days_silence_and_not_before() -> None:
    events = [a_document(sessionId="s", timestamp=at(hours * 60)) for hours in (-48 - 1 / 3_600, -24, 0)]
    assert [len(found) for found in sessions_of(events)] == [1, 2]


IDS = st.text("a~%@2", min_size=1, max_size=3)
KEYS = st.tuples(IDS, st.none() | IDS)


@given(KEYS, KEYS)
@example(("a~b", None), ("a", "b"))
@example(("a~b", None), ("a%7Eb", None))
def test_no_two_sessions_have_one_id(one: tuple[str, str | None], other: tuple[str, str | None]) -> None:
    assert (session_id_of(one, NOON) == session_id_of(other, NOON)) == (one == other)


def test_a_page_of_no_known_type_is_told_by_its_path() -> None:
    page = a_document()
    page.pop("page_type", None)
    page["path"] = "/way"
    assert fold_session([page], NOON)["pages_visited"] == ["/way"]
