"""Every count of /api/funnel/dropoff by its definition, in every mode: from events, from the lake and from both."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from footfall.funnels.lift import Compared, Trait
from footfall.funnels.steps import NOT_BETWEEN
from footfall.questions import dropoff
from footfall.schemas.event import VIEW_TYPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.layers.core.dropoff_oracle import Happening, Stay, ended_the_visit, exit_of, saw
from tests.layers.core.funnel_oracle import Chain, Rules, Seen, furthest
from tests.support.asking import ask
from tests.support.builders import NOON
from tests.support.caches import forget_answers
from tests.support.visits import happen, keep_feedback, mark, roll_up, view

Mongo = Database[dict[str, Any]]
Event = dict[str, Any]
PAGES, NAMES = ["home", "search", "payment"], ["ann", "bob", "cid"]
RANGE = {"from": "2026-02-27", "to": "2026-03-02"}
WINDOWS = {None: None, "1s": timedelta(seconds=1), "20m": timedelta(minutes=20), "1d": timedelta(days=1)}
POOR = {"lcp": 9_000, "cls": 0.1}


class Happened(NamedTuple):
    """Something that somebody did, or that happened to them."""

    person: int
    kind: str
    at: datetime


KINDS: dict[str, Event] = {
    **{page: {"pageType": page} for page in [*PAGES, "cart"]},
    "page_exit": {"eventType": "page_exit"},
    "poor exit": {"eventType": "page_exit", "vitals": POOR},
    "javascript_error": {"eventType": "javascript_error"},
    "sold out": {"eventType": "product_viewed", "properties": {"product_id": "p", "stock": 0}},
    "complaint": {"eventType": "feedback", "properties": {"text": "bad"}},
}
VIEWS = {*PAGES, "cart"}
happenings = st.lists(
    st.builds(
        Happened,
        st.integers(1, 3),
        st.sampled_from(list(KINDS)),
        st.builds(
            lambda minutes: NOON + timedelta(minutes=minutes), st.sampled_from([-1440, 0, 0, 1, 2, 29, 30, 31, 45, 700])
        ),
    ),
    min_size=1,
    max_size=14,
).map(lambda events: sorted(events, key=lambda event: event.at))
modes = st.fixed_dictionaries(
    {
        "order": st.sampled_from(["ordered", "strict", "any"]),
        "window": st.sampled_from(list(WINDOWS)),
        "window_mode": st.sampled_from(["first", "step"]),
        "exclude": st.sampled_from([None, "cart"]),
        "unit": st.sampled_from(["user", "session"]),
    }
).map(lambda drawn: drawn if drawn["window"] and drawn["order"] != "any" else {**drawn, "window_mode": "first"})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings, modes)
def test_every_count_is_the_definition_from_events_from_the_lake_and_from_both(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, events: list[Happened], mode: dict[str, Any]
) -> None:
    for collection in ("events", "user_sessions", "daily_metrics", "lake_periods", "rollups", "feedback"):
        shop[collection].delete_many({})
    forget_answers()
    told: list[list[Trait]] = []
    monkeypatch.setattr(dropoff, "compared", lambda groups: taken(told, groups))
    store(shop, events)
    expected = counts(events, mode)
    for prepare in (lambda: None, roll_up, lambda: mark(shop, "2026-03-01")):
        prepare()
        told.clear()
        query = {name: value for name, value in mode.items() if value} | {"steps": ",".join(PAGES)}
        ask(handler, "/api/funnel/dropoff", RANGE | query)
        signals = [{trait.name: trait[2:] for trait in group if trait.value is None} for group in told]
        assert [{name: group[name] for name in expected[0]} for group in signals] == expected
        devices = [Counter(trait[2:] for trait in group if trait.name == "device") for group in told]
        assert all(trait[0] == trait[1] and trait[2] == trait[3] for group in devices for trait in group)


def taken(told: list[list[Trait]], groups: Sequence[Iterable[Trait]]) -> Compared:
    told += [list(group) for group in groups]
    return Compared([[] for _ in groups], 0)


def store(shop: Mongo, events: Sequence[Happened]) -> None:
    stored = [
        {
            **view("", NAMES[event.person - 1], **KINDS[event.kind], eventId=f"{99 - number}"),
            "timestamp": event.at,
            "sequence": number,
        }
        for number, event in enumerate(events)
    ]
    happen(shop, *stored)
    keep_feedback(shop, [(event, True) for event in stored if event["type"] == "feedback"])


def counts(events: Sequence[Happened], mode: dict[str, Any]) -> list[dict[str, tuple[int, ...]]]:
    """How many of each side have what, of each step but the last, by the definitions."""
    owned = by_session(events) if mode["unit"] == "session" else list(events)
    rules = Rules(mode["order"], WINDOWS[mode["window"]], mode["window_mode"] == "step", mode["exclude"])
    between = [each for each in owned if KINDS[each.kind].get("eventType") not in NOT_BETWEEN]
    seen = [Seen(each.person, "Mobile", named(each), each.at) for each in between]
    chains = furthest(seen, PAGES, rules=rules)
    happened = [Happening(each.person, kind, milliseconds(each.at)) for each in owned for kind in signs(each, mode)]
    return [counts_at(step, seen, chains, happened, rules) for step in range(len(PAGES) - 1)]


def named(event: Happened) -> str:
    return event.kind if event.kind in VIEWS else f"({event.kind})"


def signs(event: Happened, mode: dict[str, Any]) -> list[str]:
    found = [event.kind]
    if event.kind in VIEWS:
        found.append("view")
    if event.kind in ("page_exit", "poor exit"):
        found.append("exit")
    if event.kind == mode["exclude"]:
        found.append("excluded")
    return found


def by_session(events: Sequence[Happened]) -> list[Happened]:
    """The same events by a number of their session: those within half an hour, if anything is viewed in it."""
    numbered: list[Happened] = []
    last: dict[int, tuple[datetime, int]] = {}
    for number, event in enumerate(events):
        before = last.get(event.person)
        session = before[1] if before and event.at - before[0] <= timedelta(minutes=30) else number
        last[event.person] = (event.at, session)
        numbered.append(event._replace(person=session))
    viewed = {each.person for each in numbered if KINDS[each.kind].get("eventType", "pageview") in VIEW_TYPES}
    return [each for each in numbered if each.person in viewed]


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def counts_at(
    step: int, seen: Sequence[Seen], chains: dict[int, Chain], happened: Sequence[Happening], rules: Rules
) -> dict[str, tuple[int, ...]]:
    def reached(chain: Chain, number: int) -> int:
        place = max(chain[: number + 1]) if rules.order == "any" else chain[number]
        return milliseconds(seen[place].at)

    def stay(who: int, chain: Chain) -> Stay:
        begun = reached(chain, step)
        since = begun if rules.each_step else reached(chain, 0)
        window = None if rules.window is None else round(rules.window.total_seconds() * 1000)
        on = reached(chain, step + 1) if len(chain) > step + 1 else None
        return Stay(who, begun, on, None if window is None else since + window)

    stays = [stay(who, chain) for who, chain in sorted(chains.items()) if len(chain) > step]
    left = [one.gone_on is None for one in stays]
    everybody = [True] * len(stays)
    measured = [exit_of(one, happened, "poor exit") is not None for one in stays]

    def told(having: Sequence[bool], known: Sequence[bool] = everybody) -> tuple[int, ...]:
        rows = [(side, has) for side, has, is_known in zip(left, having, known, strict=True) if is_known]
        return tuple(rows.count(row) + extra for row, extra in counted(rows))

    def counted(rows: Sequence[tuple[bool, bool]]) -> list[tuple[tuple[bool, bool], int]]:
        return [
            ((True, True), 0),
            ((True, False), rows.count((True, True))),
            ((False, True), 0),
            ((False, False), rows.count((False, True))),
        ]

    return {
        "javascript_error": told(saw(stays, happened, "javascript_error")),
        "out_of_stock": told(saw(stays, happened, "sold out")),
        "negative_feedback": told(saw(stays, happened, "complaint")),
        "exit": told([ended_the_visit(one, happened) for one in stays]),
        "poor_lcp": told(measured, measured),
        "poor_cls": told([False] * len(stays), measured),
        "poor_inp": told(everybody, [False] * len(stays)),
    }
