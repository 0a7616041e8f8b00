"""The right answers of /api/funnel and /api/funnel/trend."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnels import Ambiguous, Chain, furthest, step_figures, window_of
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.sessions import Session
from tests.oracle.reckoning.shop import Days, Reckoning

Whose = Callable[[Event], object]
REFUSED: Json = {"status": 422}


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns who went how far; a refusal where it is not said which step an event counts for."""
    days, any_order = shop.days_of(question), question.get("order") == "any"
    name, steps = _steps(shop, question)
    whose = _session_of(shop) if question.get("unit") == "session" else shop.person
    try:
        chains = furthest(
            _entries(shop, days, question), whose, steps, window_of(question.get("window")), any_order=any_order
        )
    except Ambiguous:
        return REFUSED
    by_user = question.get("unit") != "session"
    spent = _spent(shop, days) if by_user else _nothing

    def figures(chosen: Mapping[object, Chain]) -> list[Json]:
        return step_figures(chosen, steps, any_order=any_order, spent=spent, by_user=by_user)

    found = figures(chains)
    return {
        "range": shop.range(days),
        "funnel": name,
        "unit": "user" if by_user else "session",
        "steps": found,
        "overall_conversion_rate": found[-1]["conversion_rate"],
        "currency": shop.shop.currency,
        **shop.left_out(shop.orders if by_user else [], days),
        "breakdowns": _breakdowns(chains, figures) if question.get("breakdown") else [],
    }


def _breakdowns(chains: Mapping[object, Chain], figures: Callable[[Mapping[object, Chain]], list[Json]]) -> list[Json]:
    found = []
    for device in {chain[0].device for chain in chains.values()}:
        steps = figures({owner: chain for owner, chain in chains.items() if chain[0].device == device})
        found.append({"value": device, "steps": steps, "overall_conversion_rate": steps[-1]["conversion_rate"]})
    return found


def trend(shop: Reckoning, question: Question) -> Json:
    """Returns the funnel of each period by itself; there are never enough tries in a life to mark any."""
    days, period = shop.days_of(question), question.get("period") or "day"
    name, steps = _steps(shop, question)
    return {
        "range": shop.range(days),
        "funnel": name,
        "period": period,
        "data": [_period(shop, part, steps, question) for part in _periods(days, period)],
        "anomalies": [],
    }


def _periods(days: Days, period: str) -> list[Days]:
    def begins(day: date) -> date:
        if period == "week":
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if period == "month" else day

    parts = [list(part) for _, part in groupby(days.all(), begins)]
    return [Days(part[0], part[-1]) for part in parts]


def _period(shop: Reckoning, days: Days, steps: Sequence[str], question: Question) -> Json:
    users = reached(shop, days, steps, question)
    figures = [
        {
            "name": step,
            "order": number + 1,
            "users": users[number],
            "conversion_rate": rate(users[number], users[0]),
            "step_conversion_rate": rate(users[number], users[max(number - 1, 0)]),
            "anomaly": None,
        }
        for number, step in enumerate(steps)
    ]
    return {
        "date": str(days.first),
        "last_date": str(days.last),
        "steps": figures,
        "overall_conversion_rate": figures[-1]["conversion_rate"],
    }


def reached(shop: Reckoning, days: Days, steps: Sequence[str], question: Question | None = None) -> list[int]:
    """Returns how many people reached each step in these days."""
    window = window_of(question.get("window")) if question else None
    chains = furthest(_entries(shop, days, question), shop.person, steps, window)
    return [sum(len(chain) > number for chain in chains.values()) for number in range(len(steps))]


def _steps(shop: Reckoning, question: Question) -> tuple[str | None, Sequence[str]]:
    # a funnel by its name; steps of one that has a name are that funnel
    given, funnels = question.get("steps"), shop.shop.funnels
    if given is None:
        name = question.get("funnel") or next(iter(funnels))
        return name, funnels[name]
    steps = tuple(given.split(","))
    return next((name for name, known in funnels.items() if known == steps), None), steps


def _entries(shop: Reckoning, days: Days, question: Question | None) -> list[Event]:
    device = question.get("device") if question else None
    return [event for event in shop.human if shop.day(event) in days and device in (None, event.device)]


def _session_of(shop: Reckoning) -> Whose:
    owner: dict[Event, Session] = {event: session for session in shop.sessions for event in session.events}
    return owner.get


def _spent(shop: Reckoning, days: Days) -> Callable[[object], float]:
    counted = [order for order in shop.placed(shop.orders, days) if shop.counted(order)]

    def spent(person: object) -> float:
        return sum(shop.major(order.total or 0) for order in counted if order.person == person)

    return spent


def _nothing(_: object) -> float:
    return 0.0
