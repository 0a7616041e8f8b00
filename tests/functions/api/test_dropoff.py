"""Why people leave a funnel: every count by its definition, what is a reason and what is none."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from footfall.funnels.lift import Compared, Trait
from footfall.funnels.steps import NOT_BETWEEN
from footfall.questions import dropoff, dropoff_breaks, dropoff_signals
from footfall.schemas.event import VIEW_TYPES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.layers.core.dropoff_oracle import Happening, Stay, ended_the_visit, exit_of, saw
from tests.layers.core.funnel_oracle import Chain, Rules, Seen, furthest
from tests.support.asking import ask, refusal
from tests.support.builders import NOON
from tests.support.visits import TODAY, a_shop, an_order, happen, know, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
Event = dict[str, Any]
DROPOFF = "/api/funnel/dropoff"
PAGES, NAMES = ["home", "search", "payment"], ["ann", "bob", "cid"]
RANGE = {"from": "2026-02-27", "to": "2026-03-02"}
WINDOWS = {None: None, "1s": timedelta(seconds=1), "20m": timedelta(minutes=20), "1d": timedelta(days=1)}
POOR = {"lcp": 9_000, "cls": 0.1}


def asked(**query: Any) -> dict[str, Any]:
    return ask(handler, DROPOFF, RANGE | query)


def transition(number: int = 2, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in asked(**query)["transitions"] if one["order"] == number)
    return found


def why(number: int = 2, **query: Any) -> dict[tuple[str, str | None], tuple[int, int, int, int]]:
    """Returns the counts of each reason."""
    reasons = transition(number, **query)["reasons"]
    return {
        (one["name"], one["value"]): (one["left"], one["left_of"], one["stayed"], one["stayed_of"]) for one in reasons
    }


def people(database: Mongo, left: int, stayed: int) -> tuple[list[str], list[str]]:
    """Stores so many people, each with a look at home, and at search where they stayed."""
    names = [f"v{number:03}" for number in range(left + stayed)]
    database["users"].insert_many([person(number, name, date=NOON) for number, name in enumerate(names, 100)])
    happen(database, *(view("home", name) for name in names), *(view("search", name, 2) for name in names[left:]))
    return names[:left], names[left:]


def did(kind: str, names: Iterable[str], minutes: float = 1, **but: Any) -> list[Event]:
    return [view("home", name, minutes, eventType=kind, **but) for name in names]


@pytest.mark.parametrize(
    ("name", "kind", "but"),
    [
        ("javascript_error", "javascript_error", {}),
        ("rage_click", "rage_click", {}),
        ("coupon_denied", "Coupon Denied", {}),
        ("out_of_stock", "Product Viewed", {"properties": {"product_id": "p", "availability": "Out of Stock"}}),
        ("out_of_stock", "view_item", {"properties": {"item_id": "p", "in_stock": False}}),
    ],
)
def test_what_happens_more_often_to_those_who_leave_is_a_reason(
    shop: Mongo, name: str, kind: str, but: dict[str, Any]
) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did(kind, [*left[:30], *stayed[:4]], **but), *did(kind, stayed, minutes=3, **but))
    for _ in range(2):
        (reason,) = transition()["reasons"]
        assert (reason["name"], reason["value"]) == (name, None)
        assert (reason["left"], reason["left_of"], reason["left_share"]) == (30, 40, 75.0)
        assert (reason["stayed"], reason["stayed_of"], reason["stayed_share"]) == (4, 40, 10.0)
        assert (reason["lift"], reason["lift_low"], reason["lift_high"], reason["extra"]) == (7.5, 2.91, 19.33, 26.0)
        assert reason["p_value"] < 1e-7
        roll_up()


def test_a_visit_that_ends_on_the_page_is_a_reason(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did("page_exit", [*left[:35], *stayed]))
    assert why() == {("exit", None): (35, 40, 0, 40)}
    roll_up()
    assert why() == {("exit", None): (35, 40, 0, 40)}


def test_pages_that_were_slow_are_compared_among_those_that_were_measured(shop: Mongo) -> None:
    left, stayed = people(shop, 60, 60)
    quick = {"lcp": 1_000, "cls": 0.01}
    happen(shop, *did("page_exit", left[:40], vitals=POOR), *did("page_exit", left[40:50], vitals=quick))
    happen(shop, *did("page_exit", stayed[:5], vitals=POOR), *did("page_exit", stayed[5:35], vitals=quick))
    for _ in range(2):
        found = why()
        assert found["poor_lcp", None] == (40, 50, 5, 35)
        assert found.keys() == {("poor_lcp", None), ("exit", None)}
        roll_up()


def test_texts_that_were_read_as_negative_are_a_reason_and_others_are_none(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    texts = did("feedback", [*left, *stayed], properties={"text": "so"})
    happen(shop, *texts)
    negative = {*left[:30], *stayed[:3]}
    store_feedback(shop, [(text, text["visitor_id"] in negative) for text in texts])
    assert why() == {("negative_feedback", None): (30, 40, 3, 40)}


def store_feedback(database: Mongo, texts: Iterable[tuple[Event, bool]]) -> None:
    kept = ("_id", "site_id", "event_id", "timestamp", "person_id", "bot")
    for text, negative in texts:
        sentiment = {"label": "negative" if negative else "positive"}
        fields = {name: text[name] for name in kept}
        database["feedback"].insert_one({**fields, "user_id": text.get("user_id"), "sentiment": sentiment})


def test_what_people_have_is_a_reason_where_those_who_left_have_it_more_often(shop: Mongo) -> None:
    for number in range(90):
        name, is_mobile = f"v{number:02}", number < 40
        shop["users"].insert_one(person(100 + number, name, date=NOON - timedelta(days=number % 2)))
        here = {"device": "Mobile" if is_mobile else "Desktop", "path": "/sale" if is_mobile else "/"}
        came = {"attribution": {"utmParams": {"utm_source": "newsletter"}}} if is_mobile else {}
        happen(shop, view("home", name, **here, **came))
        if not is_mobile or number % 10 == 0:
            happen(shop, view("search", name, 1, **here))
    for _ in range(2):
        found = why()
        assert found.pop(("device", "Mobile")) == (36, 36, 4, 54)
        assert found.pop(("page", "/sale")) == (36, 36, 4, 54)
        assert found.pop(("source", "newsletter")) == (36, 36, 4, 54)
        assert {name for name, _ in found} <= {"channel"}
        roll_up()


def test_who_was_there_before_is_a_reason(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    before = {"$set": {"date": NOON - timedelta(days=3)}}
    shop["users"].update_many({"person_id": {"$in": [*left[:30], *stayed[:3]]}}, before)
    for _ in range(2):
        assert why() == why(unit="session") == {("visitor", "returning"): (30, 40, 3, 40)}
        roll_up()


def test_a_dimension_of_the_site_is_looked_at(shop: Mongo) -> None:
    know(shop, a_shop(*PAGES, dimensions=[{"name": "theme", "property": "theme"}]))
    names = [f"v{number:02}" for number in range(80)]
    shop["users"].insert_many([person(number, name) for number, name in enumerate(names, 100)])
    themes = [{"properties": {"theme": "dark" if number < 30 else "light"}} for number in range(80)]
    happen(shop, *(view("home", name, **but) for name, but in zip(names, themes, strict=True)))
    happen(shop, *(view("search", name, 1) for name in names[40:]))
    assert why() == {("theme", "dark"): (30, 40, 0, 40)}


def test_fewer_than_thirty_on_a_side_tell_nothing(shop: Mongo) -> None:
    left, _ = people(shop, 29, 400)
    happen(shop, *did("javascript_error", left))
    answer = asked()
    assert (answer["looked_at"], answer["transitions"][1]["reasons"]) == (0, [])


def test_what_came_after_going_on_or_on_another_page_is_no_reason(shop: Mongo) -> None:
    left, _ = people(shop, 40, 40)
    happen(shop, *(view("about", name, 1) for name in left), *did("javascript_error", left, minutes=2))
    assert why() == {}
    happen(shop, *did("rage_click", left, minutes=45))
    assert why() == {}, "longer than half an hour"


def test_the_largest_loss_comes_first_with_what_it_cost(shop: Mongo) -> None:
    _, stayed = people(shop, 40, 60)
    happen(shop, *(view("payment", name, 3) for name in stayed[:10]))
    shop["orders"].insert_many([an_order(f"o{name}", name, 1_000) for name in stayed[:10]])
    roll_up()
    answer = asked()
    assert [(one["step_before"], one["step"], one["drop_off"]) for one in answer["transitions"]] == [
        ("search", "payment", 50),
        ("home", "search", 40),
    ]
    lost = answer["transitions"][0]
    steps = ask(handler, "/api/funnel", RANGE)["steps"]
    assert (lost["users"], lost["drop_off_rate"], lost["value_lost"]) == (60, 83.33, 500.0)
    for name in ("drop_off_rate", "value_lost", "value_lost_low", "value_lost_high"):
        assert lost[name] == steps[2][name]
    assert transition(3, unit="session")["value_lost"] is None


def test_filters_narrow_who_is_compared_and_not_what_happened_to_them(shop: Mongo) -> None:
    left, stayed = people(shop, 40, 40)
    happen(shop, *did("rage_click", [*left[:30], *stayed[:3]], device="Desktop", path="/elsewhere"))
    assert why(device="Mobile") == {("rage_click", None): (30, 40, 3, 40)}
    assert why(device="Desktop") == {}
    assert ("rage_click", None) in why(page_type="!cart")


def test_a_site_without_events_has_no_reasons(shop: Mongo) -> None:
    answer = ask(handler, DROPOFF, {"from": TODAY, "to": TODAY})
    assert answer["range"] == {"from": TODAY, "to": TODAY, "time_zone": "UTC"}
    assert [(one["users"], one["reasons"], one["breaks"]) for one in answer["transitions"]] == [(0, [], [])] * 2


def test_too_many_days_have_no_breaks_and_too_many_texts_are_refused(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, _ = people(shop, 2, 0)
    texts = did("feedback", left, properties={"text": "bad"})
    happen(shop, *texts)
    store_feedback(shop, [(text, True) for text in texts])
    monkeypatch.setattr(dropoff_breaks, "MOST_FIGURES", 11)
    assert transition()["breaks"] is None
    monkeypatch.setattr(dropoff_signals, "MOST_FEEDBACK", 1)
    assert refusal(handler, DROPOFF, RANGE) == (422, ["from"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"steps": "home"}, "steps"),
        ({"steps": ",".join(["home"] * 33)}, "steps"),
        ({"steps": "home,nothing of the kind"}, "steps"),
        ({"window": "0d"}, "window"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"breakdown": "device"}, "breakdown"),
        ({"continent": "Europe"}, "continent"),
        ({"order": "any", "steps": "home,home"}, "steps"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(shop: Mongo, query: dict[str, Any], field: str) -> None:
    people(shop, 1, 1)
    assert refusal(handler, DROPOFF, RANGE | query) == (422, [field])


class Happened(NamedTuple):
    """Something that somebody did, or that happened to them."""

    person: int
    kind: str
    at: datetime


KINDS = {
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
    told: list[list[Trait]] = []
    monkeypatch.setattr(dropoff, "compared", lambda groups: taken(told, groups))
    store(shop, events)
    expected = counts(events, mode)
    for prepare in (lambda: None, roll_up, lambda: mark(shop, "2026-03-01")):
        prepare()
        told.clear()
        asked(**{name: value for name, value in mode.items() if value}, steps=",".join(PAGES))
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
    store_feedback(shop, [(event, True) for event in stored if event["type"] == "feedback"])


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
        window = rules.window and round(rules.window.total_seconds() * 1000)
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
