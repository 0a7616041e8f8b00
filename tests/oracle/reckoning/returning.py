"""The right answers of /api/retention, /api/analytics/stickiness and /api/analytics/lifecycle."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.cohorts import Act, Triangle, active, average, days_there, stages, triangle
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnels import Meets
from tests.oracle.reckoning.narrowing import is_narrowed, passing, value_of_event
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.periods import beginning, is_whole, periods
from tests.oracle.reckoning.shop import Days, Reckoning
from tests.oracle.reckoning.steps import meets

MOST_PERIODS, MONTH, WEEK = 60, 30, 7
FIRST, RETURNING = frozenset(["first", "both"]), frozenset(["returning", "both"])
STAGES = ("new", "returning", "resurrecting", "dormant")


def retention(shop: Reckoning, question: Question) -> Json:
    """Returns the cohorts of a range."""
    days, period = shop.days_of(question), question.get("period") or "day"
    parts = periods(days, period)
    acts, breakdown = _acts(shop, question, parts), question.get("breakdown")
    found = triangle(acts, FIRST, RETURNING, len(parts))
    return {
        "range": shop.range(days),
        "period": period,
        "first": question.get("first"),
        "returning": question.get("returning"),
        "users": sum(found[0]),
        "cohorts": [_cohort(shop, question, parts, found, number) for number in range(len(parts))],
        "averages": _averages(shop, question, parts, found),
        "breakdowns": _breakdowns(shop, question, parts, breakdown) if breakdown else [],
    }


def _width(question: Question, parts: Sequence[Days]) -> int:
    return min(int(question.get("periods") or MOST_PERIODS), len(parts) - 1) + 1


def _complete(shop: Reckoning, question: Question, parts: Sequence[Days]) -> list[bool]:
    return [is_whole(part, question.get("period") or "day") and part.last < shop.today for part in parts]


def _acts(shop: Reckoning, question: Question, parts: Sequence[Days]) -> list[Act]:
    return [Act(shop.person(event), what, place) for event, what, place in _done(shop, question, parts)]


def _done(shop: Reckoning, question: Question, parts: Sequence[Days]) -> list[tuple[Event, str, int]]:
    # what each event of the range is to the question, and in which period it was
    first, returning = (_meant(shop, question.get(name)) for name in ("first", "returning"))
    words = {(True, True): "both", (True, False): "first", (False, True): "returning", (False, False): "nothing"}
    return [
        (event, words[first(event), returning(event)], place)
        for event in passing(shop, shop.days_of(question), question)
        for place, part in enumerate(parts)
        if shop.day(event) in part
    ]


def _meant(shop: Reckoning, name: str | None) -> Meets:
    return shop.is_present if name is None else meets(shop, name)


def _cohort(shop: Reckoning, question: Question, parts: Sequence[Days], found: Triangle, number: int) -> Json:
    sizes, returned = found
    complete, after = _complete(shop, question, parts), range(min(_width(question, parts), len(parts) - number))
    came = [returned.get((number, each), 0) for each in after]
    return {
        "date": str(parts[number].first),
        "last_date": str(parts[number].last),
        "users": sizes[number],
        "periods": [
            {
                "period": each,
                "users": came[each],
                "rate": rate(came[each], sizes[number]),
                "complete": complete[number + each],
            }
            for each in after
        ],
    }


def _averages(shop: Reckoning, question: Question, parts: Sequence[Days], found: Triangle) -> list[Json]:
    complete = _complete(shop, question, parts)
    sums = [average(found, complete, after) for after in range(_width(question, parts))]
    return [
        {"period": after, "users": users, "returned": returned, "rate": rate(returned, users)}
        for after, (users, returned) in enumerate(sums)
    ]


def _breakdowns(shop: Reckoning, question: Question, parts: Sequence[Days], name: str) -> list[Json]:
    # everybody has the value of the event that put them in their cohort
    values: dict[object, str] = {}
    for event, what, _ in _done(shop, question, parts):
        if what in FIRST:
            values.setdefault(shop.person(event), value_of_event(shop, name, event))
    acts = _acts(shop, question, parts)
    found = []
    for value in set(values.values()):
        ours = triangle([act for act in acts if values.get(act.person) == value], FIRST, RETURNING, len(parts))
        averages = _averages(shop, question, parts, ours)
        found.append({"value": value, "users": sum(ours[0]), "averages": averages})
    return found


def _there(shop: Reckoning, days: Sequence[date], question: Question | None) -> list[set[str]]:
    # who was there on each of these days
    events = passing(shop, Days(days[0], days[-1]), question)
    found: defaultdict[date, set[str]] = defaultdict(set)
    for event in filter(shop.is_present, events):
        found[shop.day(event)].add(shop.person(event))
    return [found[day] for day in days]


def stickiness(shop: Reckoning, question: Question) -> Json:
    """Returns how often people are there."""
    days = shop.days_of(question)
    by_day = _there(shop, Days(days.first - timedelta(days=MONTH - 1), days.last).all(), question)
    data = [_sticky(shop, by_day, number, day) for number, day in enumerate(days.all(), MONTH - 1)]
    over = [day for day in data if day["complete"]]
    daily, weekly, monthly = (
        sum(int(str(day[f"{name}_users"])) for day in over) for name in ("daily", "weekly", "monthly")
    )
    users = len(set().union(*by_day[MONTH - 1 :]))
    return {
        "range": shop.range(days),
        "users": users,
        "avg_daily_users": _mean(daily, len(over)),
        "avg_weekly_users": _mean(weekly, len(over)),
        "avg_monthly_users": _mean(monthly, len(over)),
        "daily_of_weekly": rate(daily, weekly),
        "daily_of_monthly": rate(daily, monthly),
        "data": data,
        "days_there": [
            {"days": number, "users": people, "share": rate(people, users)}
            for number, people in enumerate(days_there(by_day[MONTH - 1 :]), 1)
        ],
    }


def _sticky(shop: Reckoning, by_day: Sequence[set[str]], number: int, day: date) -> Json:
    daily, weekly, monthly = (active(by_day, number, window) for window in (1, WEEK, MONTH))
    return {
        "date": str(day),
        "daily_users": daily,
        "weekly_users": weekly,
        "monthly_users": monthly,
        "daily_of_weekly": rate(daily, weekly),
        "daily_of_monthly": rate(daily, monthly),
        "complete": day < shop.today,
    }


def _mean(total: int, days: int) -> float:
    return round(total / days, 2) if days else 0.0


def lifecycle(shop: Reckoning, question: Question) -> Json:
    """Returns at which stage people are in each period of a range; whoever was ever there is new nowhere."""
    days, period = shop.days_of(question), question.get("period") or "day"
    seen = _periods_seen(shop, question, days, period)
    counted = {who: {place for place in places if place >= 0} for who, places in seen.items()}
    everybody = _periods_seen(shop, None, days, period)
    return {
        "range": shop.range(days),
        "period": period,
        "data": [
            {
                "date": str(part.first),
                "last_date": str(part.last),
                "users": sum(number in places for places in counted.values()),
                **dict(zip(STAGES, stages(counted, everybody if is_narrowed(question) else seen, number), strict=True)),
                "complete": is_whole(part, period) and part.last < shop.today,
            }
            for number, part in enumerate(periods(days, period), 1)
        ],
    }


def _periods_seen(shop: Reckoning, question: Question | None, days: Days, period: str) -> Mapping[str, set[int]]:
    # in which periods of the range, from 1, everybody was there; 0 is the one before it, and -1 whenever else before
    begins = [beginning(part.first, period) for part in periods(days, period)]
    before = beginning(begins[0] - timedelta(days=1), period)
    found: defaultdict[str, set[int]] = defaultdict(set)
    for event in filter(shop.is_present, passing(shop, Days(date.min, days.last), question)):
        day = shop.day(event)
        if day >= days.first:
            found[shop.person(event)].add(begins.index(beginning(day, period)) + 1)
        else:
            found[shop.person(event)].add(0 if beginning(day, period) == before else -1)
    return found
