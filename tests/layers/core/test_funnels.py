"""The funnel's engine and its daily rollups against the definition, on whatever people do."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from footfall.days import DayRange, day_of
from footfall.funnels.columns import DatedEntries, Entered, unpack
from footfall.funnels.engine import Attempts, Limits, Timeline
from footfall.funnels.following import Overlapping, any_order, ordered, strict
from footfall.funnels.rollup import DayEntries, funnel_documents
from footfall.funnels.steps import Reading, any_of, definition, labels, satisfies
from footfall.funnels.summary import StepFigures, Summary, step_figures
from footfall.funnels.tally import people_per_step
from footfall.schemas.event import StepEvent
from footfall.schemas.funnel import DEVICES, FunnelDocument
from footfall.schemas.site import Funnel, Site
from hypothesis import given
from hypothesis import strategies as st

from tests.layers.core.funnel_oracle import Rules, Seen, furthest, percentile, seconds, users
from tests.support.builders import a_document, a_site

LONDON = ZoneInfo("Europe/London")
EVE_OF_SUMMER_TIME = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
SPARSE = 1_000_003

moments = st.builds(
    lambda hours, milliseconds: EVE_OF_SUMMER_TIME + timedelta(hours=hours, milliseconds=milliseconds),
    st.sampled_from([0, 1, 2, 3, 24, 25, 26, 49]),
    st.sampled_from([0, 0, 0, 1, 60_000]),
)
seen = st.builds(Seen, st.integers(1, 3), st.sampled_from(DEVICES[:3]), st.sampled_from("abc"), moments)
histories = st.lists(seen, max_size=12).map(lambda events: sorted(events, key=lambda event: event.at))
step_names = st.lists(st.sampled_from(["a", "b", "c", "a|b", "b|c"]), min_size=2, max_size=4)
apart = st.permutations(["a", "b", "c"])
windows = st.none() | st.sampled_from([timedelta(), timedelta(milliseconds=1), timedelta(hours=1), timedelta(hours=24)])


def rolled_up(events: Sequence[Seen], steps: Sequence[str], number: int = 1) -> tuple[Site, list[FunnelDocument]]:
    """What funnel_analytics holds of events; each person's dense id is multiplied by `number`."""
    site = a_site(time_zone="Europe/London", funnels=[Funnel(name="tried", steps=list(steps))])
    documents: list[FunnelDocument] = []
    for day in sorted({day_of(event.at, LONDON) for event in events}):
        entries = DayEntries(DayRange(day, day, LONDON).start, site.funnels)
        for event in events:
            if day_of(event.at, LONDON) == day:
                entries.add(as_event(event), event.person * number)
        documents += funnel_documents(site, day, entries)
    return site, documents


def as_event(event: Seen) -> StepEvent:
    return StepEvent(
        timestamp=event.at,
        received_at=event.at,
        sequence=0,
        event_id="event",
        type="pageview",
        page_type=event.page,
        device=event.device,
        person_id=str(event.person),
        visitor_id=str(event.person),
    )


def whole_range(events: Sequence[Seen]) -> DayRange:
    days = [day_of(event.at, LONDON) for event in events] or [EVE_OF_SUMMER_TIME.date()]
    return DayRange(min(days), max(days), LONDON)


def milliseconds(window: timedelta | None) -> int | None:
    return None if window is None else window // timedelta(milliseconds=1)


def assert_same(
    entered: Entered, attempts: Attempts, events: Sequence[Seen], chains: dict[int, Any], *, in_any_order: bool
) -> None:
    summary = Summary(len(entered.steps), attempts, entered.timeline)
    assert [step.users for step in figures(summary)] == users(chains, summary.steps)
    for number, step in enumerate(figures(summary)):
        assert_durations(step, seconds(events, chains, number, any_order=in_any_order))
    by_device = figures_by_device(summary, entered)
    for code, device in enumerate(DEVICES):
        steps = by_device[code]
        ours = {person: chain for person, chain in chains.items() if events[chain[0]].device == device}
        assert [step.users for step in steps] == users(ours, summary.steps)
        for number, step in enumerate(steps):
            assert_durations(step, seconds(events, ours, number, any_order=in_any_order))


def figures(summary: Summary) -> list[StepFigures]:
    nobody_told = np.zeros(len(summary.attempts.people), np.int64)
    return step_figures([""] * summary.steps, summary.totals([()], nobody_told), 0)


def figures_by_device(summary: Summary, entered: Entered) -> list[list[StepFigures]]:
    group = entered.told("device", summary.attempts, 0).codes
    totals = summary.totals([(device,) for device in DEVICES], group)
    return [step_figures([""] * summary.steps, totals, code) for code in range(len(DEVICES))]


def assert_durations(step: StepFigures, taken: list[float]) -> None:
    if not taken:
        assert (step.avg_seconds, step.median_seconds, step.p90_seconds) == (None, None, None)
        return
    assert step.avg_seconds == pytest.approx(sum(taken) / len(taken), abs=1e-3)
    assert step.median_seconds == pytest.approx(percentile(taken, 0.5), abs=1e-3)
    assert step.p90_seconds == pytest.approx(percentile(taken, 0.9), abs=1e-3)


@given(histories, step_names, windows, st.sampled_from([1, SPARSE]), st.booleans())
def test_rolled_up_days_answer_any_range_and_window_exactly(
    events: list[Seen], steps: list[str], window: timedelta | None, number: int, newest_first: bool
) -> None:
    _, documents = rolled_up(events, steps, number)
    entered = unpack(documents[::-1] if newest_first else documents, whole_range(events), len(steps))
    attempts = ordered(entered.steps, entered.timeline, Limits(milliseconds(window)))
    assert_same(entered, attempts, events, furthest(events, steps, window), in_any_order=False)


@given(histories, apart, windows)
def test_steps_in_any_order_are_reached_once_all_before_them_have_happened(
    events: list[Seen], steps: list[str], window: timedelta | None
) -> None:
    _, documents = rolled_up(events, steps)
    entered = unpack(documents, whole_range(events), len(steps))
    attempts = any_order(entered.steps, entered.timeline, Limits(milliseconds(window)))
    chains = furthest(events, steps, rules=Rules("any", window))
    assert_same(entered, attempts, events, chains, in_any_order=True)


ends = st.none() | st.sampled_from(["a", "c", "d", "c|d"])
busy = st.builds(Seen, st.integers(1, 2), st.sampled_from(DEVICES[:2]), st.sampled_from("abcd"), moments)
busy_histories = st.lists(busy, max_size=12).map(lambda events: sorted(events, key=lambda event: event.at))


def read_for(
    events: Sequence[Seen], steps: Sequence[str], exclude: str | None, *, is_strict: bool, by_time: bool = False
) -> Entered:
    """What is read of events for a question: entries to its steps, what ends an attempt, and what is between.

    With `by_time`, places are times, as where nobody did two things at one moment.
    """
    reading = Reading(steps, [exclude] if exclude else [], is_strict)
    moments = np.array([event.at.timestamp() * 1000 for event in events], np.int64)
    timeline, places_of = Timeline(listed=moments), np.arange(len(events), dtype=np.uint64)
    if by_time:
        timeline = Timeline(int(np.ptp(moments)).bit_length(), int(moments.min()))
        places_of = (moments - timeline.begin).astype(np.uint64)
    devices = np.array([DEVICES.index(event.device) for event in events], np.uint8)

    def entries(number: int) -> DatedEntries:
        at = [place for place, event in enumerate(events) if number in reading.places(as_event(event))]
        people = np.array([events[place].person for place in at], np.uint32)
        columns: dict[str, Any] = {"days": np.zeros(len(at), np.uint16), "devices": devices[at]}
        return DatedEntries(timeline.entries(people, places_of[at]).keys, lambda name: columns[name])

    return Entered(
        [entries(number) for number in range(len(steps))],
        timeline,
        entries(reading.excluded) if exclude else None,
        entries(reading.others) if is_strict else None,
    )


def followed(entered: Entered, rules: Rules) -> Attempts:
    limits = Limits(milliseconds(rules.window), rules.each_step, entered.excluded)
    if rules.order == "any":
        return any_order(entered.steps, entered.timeline, limits)
    if entered.others:
        return strict(entered.steps, entered.others, entered.timeline, limits)
    return ordered(entered.steps, entered.timeline, limits)


in_order = st.builds(Rules, st.sampled_from(["ordered", "strict"]), windows, st.booleans(), ends, st.none())
in_any_order = st.builds(Rules, st.just("any"), windows, st.just(False), ends, st.none())


@given(busy_histories, step_names, in_order)
def test_strict_steps_windows_of_each_step_and_exclusions_are_exact(
    events: list[Seen], steps: list[str], rules: Rules
) -> None:
    entered = read_for(events, steps, rules.exclude, is_strict=rules.order == "strict")
    attempts, chains = followed(entered, rules), furthest(events, steps, rules=rules)
    assert_same(entered, attempts, events, chains, in_any_order=False)
    assert_same_places(attempts, chains)


@given(busy_histories, st.tuples(step_names, in_order) | st.tuples(apart, in_any_order))
def test_places_that_are_times_give_the_same_attempts_as_places_that_count_events(
    history: list[Seen], question: tuple[list[str], Rules]
) -> None:
    steps, rules = question
    events = list({(event.person, event.at): event for event in history}.values()) or [
        Seen(1, "Mobile", "a", EVE_OF_SUMMER_TIME)
    ]
    entered = read_for(events, steps, rules.exclude, is_strict=rules.order == "strict", by_time=True)
    attempts, chains = followed(entered, rules), furthest(events, steps, rules=rules)
    assert_same(entered, attempts, events, chains, in_any_order=rules.order == "any")
    last = [events[max(chain)].device for _, chain in sorted(chains.items())]
    assert entered.told("device", attempts, -1).codes.tolist() == [DEVICES.index(device) for device in last]


@given(busy_histories, apart, in_any_order)
def test_exclusions_are_exact_in_any_order(events: list[Seen], steps: list[str], rules: Rules) -> None:
    entered = read_for(events, steps, rules.exclude, is_strict=False)
    chains = furthest(events, steps, rules=rules)
    assert_same(entered, followed(entered, rules), events, chains, in_any_order=True)


def assert_same_places(attempts: Attempts, chains: dict[int, Any]) -> None:
    found = zip(attempts.people.tolist(), attempts.reached.tolist(), attempts.places.T.tolist(), strict=True)
    assert {person: tuple(places[:reached]) for person, reached, places in found} == chains


@given(histories, step_names, windows, st.sampled_from(DEVICES[:3]))
def test_a_device_filter_leaves_the_other_devices_events_out(
    events: list[Seen], steps: list[str], window: timedelta | None, device: str
) -> None:
    _, documents = rolled_up(events, steps)
    entered = unpack([one for one in documents if one["device"] == device], whole_range(events), len(steps))
    attempts = ordered(entered.steps, entered.timeline, Limits(milliseconds(window)))
    there = [event for event in events if event.device == device]
    assert_same(entered, attempts, there, furthest(there, steps, window), in_any_order=False)


@given(histories, step_names)
def test_people_are_counted_the_same_without_numpy(events: list[Seen], steps: list[str]) -> None:
    _, documents = rolled_up(events, steps)
    assert people_per_step(documents, len(steps)) == users(furthest(events, steps, None), len(steps))


@given(histories, step_names)
def test_every_rolled_up_document_has_a_key_of_its_own(events: list[Seen], steps: list[str]) -> None:
    _, documents = rolled_up(events, steps)
    assert len({document["_id"] for document in documents}) == len(documents)


def attempts_of(pages: str, steps: Sequence[str], window: int | None = None) -> list[int]:
    """How many steps somebody reached who viewed a page each minute."""
    timeline = Timeline(listed=np.arange(len(pages)) * 60_000)
    entries = [
        timeline.entries(np.ones(len(places), np.uint32), places)
        for step in steps
        for places in [np.array([place for place, page in enumerate(pages) if page in step.split("|")], np.uint64)]
    ]
    reached: list[int] = ordered(entries, timeline, Limits(window)).reached.tolist()
    return reached


def test_one_event_never_satisfies_two_steps() -> None:
    assert attempts_of("c", ["c", "c"]) == [1]
    assert attempts_of("cc", ["c", "c"]) == [2]


def test_events_of_one_instant_keep_their_arrival_order() -> None:
    places = [np.array([0], np.uint64), np.array([1], np.uint64)]
    at_once = Timeline(listed=np.zeros(2, np.int64))
    first, second = (at_once.entries(np.ones(1, np.uint32), place) for place in places)
    assert ordered([first, second], at_once, Limits(0)).reached.tolist() == [2]
    assert ordered([second, first], at_once, Limits(0)).reached.tolist() == [1]


def test_a_failed_attempt_does_not_eat_a_later_success() -> None:
    assert attempts_of("a____ab", ["a", "b"], window=60_000) == [2]


def test_the_window_is_counted_from_the_first_step_and_includes_its_end() -> None:
    assert attempts_of("a_b_c", ["a", "b", "c"], window=4 * 60_000) == [3]
    assert attempts_of("a_b__c", ["a", "b", "c"], window=4 * 60_000) == [2]


def test_nobody_makes_no_attempt() -> None:
    timeline = Timeline(listed=np.zeros(0, np.int64))
    nobody = timeline.entries(np.zeros(0, np.uint32), np.zeros(0, np.uint64))
    for attempts in (
        ordered([nobody] * 2, timeline),
        ordered([nobody] * 2, timeline, Limits(1)),
        ordered([nobody] * 2, timeline, Limits(1, each_step=True)),
        ordered([nobody] * 2, timeline, Limits(excluded=nobody)),
        strict([nobody] * 2, nobody, timeline),
        any_order([nobody] * 2, timeline),
    ):
        steps = figures(Summary(2, attempts, timeline))
        assert [(step.users, step.conversion_rate) for step in steps] == [(0, 0.0), (0, 0.0)]


def test_any_order_refuses_steps_that_one_event_satisfies_both_of() -> None:
    timeline = Timeline(listed=np.zeros(1, np.int64))
    entries = timeline.entries(np.ones(1, np.uint32), np.zeros(1, np.uint64))
    with pytest.raises(Overlapping):
        any_order([entries, entries], timeline)


def test_entries_that_do_not_fit_into_one_document_are_split_over_several(monkeypatch: pytest.MonkeyPatch) -> None:
    from footfall.funnels import rollup

    monkeypatch.setattr(rollup, "ENTRIES_PER_DOCUMENT", 2)
    events = [Seen(person, "Mobile", page, EVE_OF_SUMMER_TIME) for person in range(5) for page in "ab"]
    _, documents = rolled_up(events, ["a", "b"])
    entered = unpack(documents, whole_range(events), 2)
    assert [document["entries"]["count"] for document in documents] == [2, 2, 1, 2, 2, 1]
    assert [step.users for step in figures(summary_of(entered))] == [5, 5]


def summary_of(entered: Entered) -> Summary:
    attempts: Attempts = ordered(entered.steps, entered.timeline)
    return Summary(2, attempts, entered.timeline)


def test_a_step_is_a_page_type_an_event_type_or_an_events_own_name() -> None:
    assert satisfies(a_document(pageType="home"), "search|home")
    assert satisfies(a_document(eventType="Order Completed"), "order_completed")
    assert satisfies(a_document(eventType="track", event="Wishlist opened"), "Wishlist opened")
    assert not satisfies(a_document(eventType="click", pageType="home"), "home"), (
        "a click on a page is not a view of it"
    )
    assert labels(a_document(pageType="home")) == {"home", "pageview"}


def test_the_question_to_the_store_finds_what_satisfies_the_steps() -> None:
    assert any_of(["home", "cart|Wishlist opened"]) == {
        "$or": [
            {"type": "pageview", "page_type": {"$in": ["Wishlist opened", "cart", "home"]}},
            {"type": {"$in": ["Wishlist opened", "cart", "home"]}},
            {"name": {"$in": ["Wishlist opened", "cart", "home"]}},
        ]
    }


def test_rollups_are_defined_by_time_zone_currency_and_funnels_alone() -> None:
    assert definition(a_site(name="One")) == definition(a_site(name="Two"))
    assert definition(a_site(time_zone="UTC")) != definition(a_site(time_zone="Asia/Tokyo"))
    assert definition(a_site()) != definition(a_site(funnels=[Funnel(name="default", steps=["home", "cart"])]))
