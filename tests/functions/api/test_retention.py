"""Who comes back, how often and at which stage: from daily figures, the lake, events and all together."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from footfall.people import links
from footfall.rates import percentage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.oracle.reckoning import cohorts as oracle
from tests.oracle.reckoning.cohorts import Act
from tests.support.asking import ask, refusal
from tests.support.caches import forget_answers
from tests.support.visits import a_shop, happen, know, mark, person, roll_up, view

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
RETENTION, STICKINESS, LIFECYCLE = "/api/retention", "/api/analytics/stickiness", "/api/analytics/lifecycle"
ROME = ZoneInfo("Europe/Rome")
FIRST, LAST = date(2026, 3, 25), date(2026, 4, 3)
"""Clocks go forward in the night to Sunday, 29 March."""
RANGE = {"from": FIRST.isoformat(), "to": LAST.isoformat()}
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
COLLECTIONS = ("events", "user_sessions", "funnel_analytics", "daily_metrics", "lake_periods", "rollups", "stale_days")
NAMES = ["ann", "bob", "cookie"]
NUMBERS = {"ann": 1, "bob": 2, "cookie": 3}
EVERYBODY = {"country": "!FR"}
"""A filter that leaves nobody out, and that the daily figures do not know."""


class Happening(NamedTuple):
    """Somebody viewed a page, or did something else."""

    who: str
    what: str
    device: str
    at: datetime

    @property
    def day(self) -> date:
        return self.at.astimezone(ROME).date()


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ROME).astimezone(UTC)


moments = st.builds(
    local, st.sampled_from([FIRST - timedelta(days=9), FIRST - timedelta(days=1), *DAYS]), st.sampled_from([0, 2, 23])
)
happenings = st.lists(
    st.builds(
        Happening,
        st.sampled_from(NAMES),
        st.sampled_from(["home", "cart", "click", "identify"]),
        st.sampled_from(["Mobile", "Desktop"]),
        moments,
    ),
    min_size=1,
    max_size=14,
).map(lambda found: sorted(found, key=lambda each: each.at))


def store(shop: Mongo, events: Sequence[Happening]) -> None:
    for collection in COLLECTIONS:
        shop[collection].delete_many({})
    forget_answers()
    shop["users"].update_one({"person_id": "cookie"}, {"$unset": {"link": "", "linked_at": ""}})
    links._known.clear()  # elsewhere nobody turns out to be nobody
    pages = {"home", "cart"}
    happen(
        shop,
        *(
            {
                **view(
                    each.what if each.what in pages else "home",
                    each.who,
                    eventType="pageview" if each.what in pages else each.what,
                    device=each.device,
                    eventId=f"{99 - number}",
                ),
                "timestamp": each.at,
                "sequence": number,
            }
            for number, each in enumerate(events)
        ),
    )
    all_stale(shop, events)


def all_stale(shop: Mongo, events: Sequence[Happening]) -> None:
    shop["stale_days"].delete_many({})
    mark(shop, *{str(each.day) for each in events})


def turn_out(shop: Mongo, events: Sequence[Happening]) -> list[Happening]:
    """The cookie turns out to be ann."""
    link = {"at": local(LAST, 23), "event_id": "e", "person_id": "ann"}
    shop["users"].update_one({"person_id": "cookie"}, {"$set": {"link": link, "linked_at": datetime.now(UTC)}})
    all_stale(shop, events)
    return [each._replace(who="ann") if each.who == "cookie" else each for each in events]


@pytest.fixture
def rome(shop: Mongo) -> Mongo:
    know(shop, a_shop("home", "search", time_zone="Europe/Rome"))
    shop["users"].delete_many({})
    shop["users"].insert_many([person(number, name) for name, number in NUMBERS.items()])
    return shop


def beginning(day: date, period: str) -> date:
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[period]


def periods(period: str) -> list[date]:
    """The beginnings of the range's periods, of the first one perhaps before the range."""
    return sorted({beginning(day, period) for day in DAYS})


def is_whole(period: str, number: int) -> bool:
    begin = periods(period)[number]
    last = max(day for day in DAYS if beginning(day, period) == begin)
    return begin >= FIRST and beginning(last + timedelta(days=1), period) != begin


def in_range(events: Sequence[Happening], period: str) -> list[Act]:
    places = {begin: number for number, begin in enumerate(periods(period))}
    return [
        Act(NUMBERS[each.who], each.what, places[beginning(each.day, period)])
        for each in events
        if FIRST <= each.day <= LAST
    ]


VISITS = frozenset({"home", "cart", "click"})
asked = st.sampled_from(
    [
        ({}, VISITS, VISITS),
        ({"first": "home"}, frozenset({"home"}), VISITS),
        ({"first": "home", "returning": "cart"}, frozenset({"home"}), frozenset({"cart"})),
        ({"first": "Home|cart", "returning": "cart"}, frozenset({"home", "cart"}), frozenset({"cart"})),
        ({"first": "identify", "returning": "home"}, frozenset({"identify"}), frozenset({"home"})),
    ]
)
Asked = tuple[dict[str, str], frozenset[str], frozenset[str]]


def assert_retained(query: Json, events: Sequence[Happening], of: Asked, period: str) -> None:
    answer = ask(handler, RETENTION, {**RANGE, **query, **of[0], "period": period})
    begins = periods(period)
    complete = [is_whole(period, number) for number in range(len(begins))]
    sizes, returned = expected = oracle.triangle(in_range(events, period), of[1], of[2], len(begins))
    assert [cohort["users"] for cohort in answer["cohorts"]] == sizes
    assert [cohort["date"] for cohort in answer["cohorts"]] == [str(max(begin, FIRST)) for begin in begins]
    for number, cohort in enumerate(answer["cohorts"]):
        assert [tuple(cell.values()) for cell in cohort["periods"]] == [
            (
                after,
                (users := returned.get((number, after), 0)),
                percentage(users, sizes[number]),
                complete[number + after],
            )
            for after in range(len(begins) - number)
        ]
    assert [(one["users"], one["returned"], one["rate"]) for one in answer["averages"]] == [
        (*(found := oracle.average(expected, complete, after)), percentage(found[1], found[0]))
        for after in range(len(begins))
    ]


def in_every_way(shop: Mongo, events: list[Happening], check: Callable[[Json, list[Happening]], None]) -> None:
    """Checks answers of events alone, of the lake, of figures, of both where a day changed, and after a merge."""
    store(shop, events)
    check(EVERYBODY, events)
    roll_up()
    for query in ({}, EVERYBODY):
        check(query, events)
    mark(shop, str(DAYS[4]))
    check(EVERYBODY, events)
    events = turn_out(shop, events)
    check(EVERYBODY, events)
    roll_up()
    for query in ({}, EVERYBODY):
        check(query, events)


def there(events: Sequence[Happening], days: Sequence[date], device: str | None = None) -> list[set[int]]:
    """Who was there on each day."""
    seen = [each for each in events if each.what in VISITS and device in (None, each.device)]
    return [{NUMBERS[each.who] for each in seen if each.day == day} for day in days]


def assert_sticky(query: Json, events: Sequence[Happening], device: str | None) -> None:
    answer = ask(handler, STICKINESS, {**RANGE, **query, **({"device": device} if device else {})})
    days = [FIRST + timedelta(days=number) for number in range(-29, len(DAYS))]
    by_day = there(events, days, device)
    assert [(one["date"], one["daily_users"], one["weekly_users"], one["monthly_users"]) for one in answer["data"]] == [
        (str(days[number]), *(oracle.active(by_day, number, window) for window in (1, 7, 30)))
        for number in range(29, len(days))
    ]
    assert [one["users"] for one in answer["days_there"]] == oracle.days_there(by_day[29:])
    assert sum(one["users"] for one in answer["days_there"]) == answer["users"]
    for one in answer["data"]:
        assert one["daily_of_weekly"] == percentage(one["daily_users"], one["weekly_users"])
        assert one["daily_of_monthly"] == percentage(one["daily_users"], one["monthly_users"])
        assert one["complete"]
    totals = [sum(one[name] for one in answer["data"]) for name in ("daily_users", "weekly_users", "monthly_users")]
    means = [answer[name] for name in ("avg_daily_users", "avg_weekly_users", "avg_monthly_users")]
    assert means == [round(total / len(DAYS), 2) for total in totals]
    assert answer["daily_of_monthly"] == percentage(totals[0], totals[2])


def assert_staged(query: Json, events: Sequence[Happening], period: str, device: str | None) -> None:
    answer = ask(handler, LIFECYCLE, {**RANGE, **query, "period": period, **({"device": device} if device else {})})
    begins = periods(period)
    before = beginning(begins[0] - timedelta(days=1), period)

    def place(day: date) -> int:
        # days of the first period before the range are of none; all that is long ago is so
        if day >= FIRST:
            return begins.index(beginning(day, period)) + 1
        return 0 if beginning(day, period) == before else -1

    ever = [FIRST - timedelta(days=number) for number in range(40, 0, -1)] + DAYS
    counted, everywhere = ({number: set[int]() for number in NUMBERS.values()} for _ in range(2))
    for day, ours, all_ in zip(ever, there(events, ever, device), there(events, ever), strict=True):
        for number in ours:
            if place(day) >= 0:
                counted[number].add(place(day))
        for number in all_:
            everywhere[number].add(place(day))
    for number, one in enumerate(answer["data"], 1):
        found = [one[name] for name in ("new", "returning", "resurrecting", "dormant")]
        assert found == oracle.stages(counted, everywhere, number)
        assert one["users"] == sum(found[:3])
        assert one["date"] == str(max(begins[number - 1], FIRST))
        assert one["complete"] == is_whole(period, number - 1)
        assert found[1] + found[3] == sum(number - 1 in periods_ for periods_ in counted.values())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings, asked, st.sampled_from(["day", "week", "month"]), st.sampled_from([None, "Mobile"]))
def test_who_comes_back_is_what_counting_person_by_person_gives(
    rome: Mongo, events: list[Happening], of: Asked, period: str, device: str | None
) -> None:
    def check(query: Json, told: list[Happening]) -> None:
        assert_retained(query, told, of, period)
        assert_sticky(query, told, device)
        if not rome["stale_days"].count_documents({}):  # who is new is told by the daily figures
            assert_staged(query, told, period, device)

    in_every_way(rome, events, check)


def rates(cohort: Json) -> list[tuple[float, bool]]:
    return [(cell["rate"], cell["complete"]) for cell in cohort["periods"]]


def test_a_part_of_a_week_is_marked_and_no_loss(rome: Mongo) -> None:
    store(
        rome,
        [Happening("ann", "home", "Mobile", local(DAYS[0], 9)), Happening("bob", "home", "Mobile", local(DAYS[5], 9))],
    )
    roll_up()
    answer = ask(handler, RETENTION, RANGE | {"period": "week"})
    first, second = answer["cohorts"]
    assert [(each["date"], each["last_date"]) for each in (first, second)] == [
        ("2026-03-25", "2026-03-29"),
        ("2026-03-30", "2026-04-03"),
    ]
    assert (rates(first), rates(second)) == ([(100.0, False), (0.0, False)], [(100.0, False)])
    assert [(one["users"], one["rate"]) for one in answer["averages"]] == [(0, 0.0), (0, 0.0)]
    whole = ask(handler, RETENTION, {"from": "2026-03-23", "to": "2026-04-05", "period": "week", "periods": 1})
    assert [rates(each) for each in whole["cohorts"]] == [[(100.0, True), (0.0, True)], [(100.0, True)]]
    assert [(one["users"], one["returned"], one["rate"]) for one in whole["averages"]] == [(2, 2, 100.0), (1, 0, 0.0)]


def test_a_day_that_goes_on_is_not_complete(rome: Mongo) -> None:
    now = datetime.now(UTC)
    store(rome, [Happening("ann", "home", "Mobile", now - timedelta(days=1)), Happening("ann", "home", "Mobile", now)])
    roll_up()
    days = {"from": str((now - timedelta(days=1)).astimezone(ROME).date()), "to": str(now.astimezone(ROME).date())}
    (yesterday, today) = ask(handler, RETENTION, days)["cohorts"]
    assert (rates(yesterday), rates(today)) == ([(100.0, True), (100.0, False)], [(0.0, False)])
    assert [one["complete"] for one in ask(handler, STICKINESS, days)["data"]] == [True, False]
    assert ask(handler, STICKINESS, days)["avg_daily_users"] == 1.0
    assert [one["complete"] for one in ask(handler, LIFECYCLE, days)["data"]] == [True, False]


def test_a_breakdown_goes_by_the_first_event_and_splits_nobody(rome: Mongo) -> None:
    events = [
        Happening("ann", "home", "Mobile", local(DAYS[0], 9)),
        Happening("ann", "cart", "Desktop", local(DAYS[1], 9)),
        Happening("bob", "home", "Desktop", local(DAYS[0], 9)),
        Happening("cookie", "home", "Mobile", local(DAYS[1], 9)),
    ]
    store(rome, events)
    for _ in range(2):
        answer = ask(handler, RETENTION, RANGE | {"breakdown": "device", "periods": 1})
        found = {
            one["value"]: (one["users"], [each["returned"] for each in one["averages"]]) for one in answer["breakdowns"]
        }
        assert found == {"Mobile": (2, [2, 1]), "Desktop": (1, [1, 0])}
        assert answer["users"] == 3
        roll_up()


def test_what_somebody_did_first_may_have_conditions(rome: Mongo) -> None:
    events = [
        Happening(name, "home", device, local(DAYS[0], 9)) for name, device in (("ann", "Mobile"), ("bob", "Desktop"))
    ]
    store(rome, [*events, Happening("bob", "cart", "Mobile", local(DAYS[2], 9))])
    for _ in range(2):
        for first, users in (
            ("home[device=Mobile]", 1),
            ("home[device!=Mobile]|cart", 1),
            ("home|cart[device=Mobile]", 2),
        ):
            assert ask(handler, RETENTION, RANGE | {"first": first})["users"] == users
        back = ask(handler, RETENTION, RANGE | {"first": "home", "returning": "cart[device=Mobile]"})
        assert [cell["users"] for cell in back["cohorts"][0]["periods"]][:4] == [0, 0, 1, 0]
        roll_up()


def test_cohorts_may_be_of_new_visitors_alone(rome: Mongo) -> None:
    events = [
        Happening(name, "home", "Mobile", local(DAYS[day], 9)) for name, day in (("ann", 0), ("bob", 0), ("ann", 2))
    ]
    store(rome, events)
    for name, first in (("ann", local(DAYS[0], 9)), ("bob", local(DAYS[0], 0))):
        rome["users"].update_one({"person_id": name}, {"$set": {"date": first}})
    for _ in range(2):
        (cohort, *_) = ask(handler, RETENTION, RANGE | {"first": "pageview[visitor=new]"})["cohorts"]
        assert [cell["users"] for cell in cohort["periods"]][:4] == [1, 0, 1, 0]
        roll_up()


def test_bots_and_other_shops_are_nobody(rome: Mongo) -> None:
    store(rome, [Happening("ann", "home", "Mobile", local(DAYS[0], 9))])
    rome["events"].update_many({}, {"$set": {"bot": True}})
    for query in (EVERYBODY, {}):
        assert ask(handler, RETENTION, RANGE | query)["users"] == 0
        roll_up()
    for path, name in ((RETENTION, "users"), (STICKINESS, "users")):
        assert ask(handler, path, RANGE | {"bots": "include"})[name] == 1
    assert ask(handler, LIFECYCLE, RANGE | {"bots": "include"})["data"][0]["new"] == 1
    rome["events"].update_many({}, {"$set": {"bot": False}})
    know(rome, a_shop("home", "search", site_id="other"))
    assert ask(handler, STICKINESS, RANGE | EVERYBODY, site_id="other")["users"] == 0


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (RETENTION, {"period": "hour"}, "period"),
        (RETENTION, {"periods": 0}, "periods"),
        (RETENTION, {"periods": 61}, "periods"),
        (RETENTION, {"from": "2020-01-01", "to": "2026-01-01"}, "period"),
        (RETENTION, {"first": "hom"}, "first"),
        (RETENTION, {"returning": "home||cart"}, "returning"),
        (RETENTION, {"returning": "home[colour=red]"}, "returning"),
        (RETENTION, {"breakdown": "colour"}, "breakdown"),
        (RETENTION, {"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        (STICKINESS, {"from": "2020-01-01", "to": "2026-01-01"}, "from"),
        (STICKINESS, {"device": "Phone"}, "device"),
        (LIFECYCLE, {"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_answered_is_refused_by_name(rome: Mongo, path: str, query: Json, field: str) -> None:
    assert refusal(handler, path, query) == (422, [field])


def test_a_shop_without_events_has_an_empty_answer(rome: Mongo) -> None:
    for query in ({}, EVERYBODY):
        answer = ask(handler, RETENTION, RANGE | query)
        assert (answer["users"], len(answer["cohorts"]), answer["breakdowns"]) == (0, 10, [])
        assert answer["range"] == {"from": "2026-03-25", "to": "2026-04-03", "time_zone": "Europe/Rome"}
        sticky = ask(handler, STICKINESS, RANGE | query)
        assert (sticky["users"], sticky["daily_of_monthly"], sticky["days_there"]) == (0, 0.0, [])
        assert {one["users"] + one["dormant"] for one in ask(handler, LIFECYCLE, RANGE | query)["data"]} == {0}
