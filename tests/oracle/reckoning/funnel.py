"""The right answers of /api/funnel and /api/funnel/trend."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnels import Ambiguous, Chain, Meets, Spent, durations, furthest, step_figures
from tests.oracle.reckoning.narrowing import looked_at, passing, value_of_event
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.periods import periods
from tests.oracle.reckoning.shop import Days, Reckoning
from tests.oracle.reckoning.steps import meets, rules_of

Whose = Callable[[Event], object]
REFUSED: Json = {"status": 422}
NOT_REACHED = "not reached"


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns who went how far; a refusal where it is not said which step an event counts for."""
    days, any_order = shop.days_of(question), question.get("order") == "any"
    name, steps = _steps(shop, question)
    try:
        chains = _chains(shop, days, question)
    except Ambiguous:
        return REFUSED
    by_user = question.get("unit") != "session"
    spent = _spent(shop, days) if by_user else None

    def figures(chosen: Mapping[object, Chain]) -> list[Json]:
        return step_figures(chosen, steps, any_order=any_order, spent=spent, money=shop.major)

    found = figures(chains)
    return {
        "range": shop.range(days),
        "funnel": name,
        "unit": "user" if by_user else "session",
        "steps": found,
        "overall_conversion_rate": found[-1]["conversion_rate"],
        "currency": shop.shop.currency,
        **shop.left_out(shop.orders if by_user else [], days),
        "breakdowns": _breakdowns(shop, question, chains, figures) if question.get("breakdown") else [],
    }


def _chains(shop: Reckoning, days: Days, question: Question) -> dict[object, Chain]:
    whose = _session_of(shop) if question.get("unit") == "session" else shop.person
    steps, chosen = _met(shop, _steps(shop, question)[1]), passing(shop, days, question)
    left_out = [event for event in looked_at(shop, days, question) if event not in chosen]
    return furthest(chosen, whose, steps, rules_of(shop, question), left_out)


def _met(shop: Reckoning, steps: Sequence[str]) -> list[Meets]:
    return [meets(shop, step) for step in steps]


def people(shop: Reckoning, question: Question) -> Json:
    """Returns who reached a step, or left before it: all of them, since a life has few."""
    days, outcome = shop.days_of(question), question.get("outcome") or "reached"
    name, steps = _steps(shop, question)
    step = int(question.get("step") or len(steps))
    try:
        chains = _chains(shop, days, question)
    except Ambiguous:
        return REFUSED
    spent = _spent(shop, days)
    found = {
        who: chain
        for who, chain in chains.items()
        if (len(chain) >= step if outcome == "reached" else len(chain) == step - 1)
    }
    return {
        "range": shop.range(days),
        "funnel": name,
        "unit": "user",
        "step": step,
        "name": steps[step - 1],
        "outcome": outcome,
        "currency": shop.shop.currency,
        "total": len(found),
        "page": 1,
        "page_size": 100,
        "total_pages": min(len(found), 1),
        "next": None,
        "people": [_person(shop, who, chain, step, spent(who)) for who, chain in found.items()],
    }


def _person(shop: Reckoning, who: object, chain: Chain, step: int, spent: Spent) -> Json:
    is_known = any(event.user == who for event in shop.events)
    return {
        "user_id": who if is_known else None,
        "visitor_id": None if is_known else who,
        "entered_at": _written(chain[0].at),
        "at": _written(max(event.at for event in chain[:step])),
        "steps": len(chain),
        "revenue": shop.major(spent.revenue),
        "net_revenue": shop.major(spent.revenue - spent.refunded),
    }


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def times(shop: Reckoning, question: Question) -> Json:
    """Returns how long people took from the first step to the last; bins have the edges that the docs tell."""
    days = shop.days_of(question)
    name, steps = _steps(shop, question)
    try:
        chains = [chain for chain in _chains(shop, days, question).values() if len(chain) == len(steps)]
    except Ambiguous:
        return REFUSED
    seconds = sorted((max(event.at for event in chain) - chain[0].at).total_seconds() for chain in chains)
    return {
        "range": shop.range(days),
        "funnel": name,
        "unit": question.get("unit") or "user",
        "from_step": 1,
        "from_name": steps[0],
        "to_step": len(steps),
        "to_name": steps[-1],
        "users": len(seconds),
        **durations(seconds),
        "bins": _bins(seconds),
    }


def _bins(seconds: Sequence[float]) -> list[Json]:
    edges = [
        *(0, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200),
        *(86_400 * days for days in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365)),
    ]
    bins: list[Json] = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        if seconds and seconds[-1] >= low and (high is None or seconds[0] < high):
            users = sum(low <= each and (high is None or each < high) for each in seconds)
            share = rate(users, len(seconds))
            bins.append({"from_seconds": low, "to_seconds": high, "users": users, "share": share})
    return bins


def _breakdowns(
    shop: Reckoning,
    question: Question,
    chains: Mapping[object, Chain],
    figures: Callable[[Mapping[object, Chain]], list[Json]],
) -> list[Json]:
    names = (question.get("breakdown") or "").split(",")
    values = {owner: _told(shop, names, question, chain) for owner, chain in chains.items()}
    found: list[Json] = []
    for value in set(values.values()):
        steps = figures({owner: chain for owner, chain in chains.items() if values[owner] == value})
        shown = value[0] if len(value) == 1 else list(value)
        found.append({"value": shown, "steps": steps, "overall_conversion_rate": steps[-1]["conversion_rate"]})
    return found


def _told(shop: Reckoning, names: Sequence[str], question: Question, chain: Chain) -> tuple[str, ...]:
    # what the first step says, the last that was reached, or one by its number, which not everybody reached
    at = question.get("at") or "first"
    place = {"first": 0, "last": len(chain) - 1}.get(at, 0) if not at.isdigit() else int(at) - 1
    if place >= len(chain):
        return (NOT_REACHED,) * len(names)
    return tuple(value_of_event(shop, name, chain[place]) for name in names)


def trend(shop: Reckoning, question: Question) -> Json:
    """Returns the funnel of each period by itself; there are never enough tries in a life to mark any."""
    days, period = shop.days_of(question), question.get("period") or "day"
    name, steps = _steps(shop, question)
    return {
        "range": shop.range(days),
        "funnel": name,
        "period": period,
        "data": [_period(shop, part, steps, question) for part in periods(days, period)],
        "anomalies": [],
    }


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
    rules = rules_of(shop, question)
    chains = furthest(passing(shop, days, question), shop.person, _met(shop, steps), rules)
    return [sum(len(chain) > number for chain in chains.values()) for number in range(len(steps))]


def _steps(shop: Reckoning, question: Question) -> tuple[str | None, Sequence[str]]:
    # a funnel by its name; steps of one that has a name are that funnel
    given, funnels = question.get("steps"), shop.shop.funnels
    if given is None:
        name = question.get("funnel") or next(iter(funnels))
        return name, funnels[name]
    steps = tuple(given.split(","))
    return next((name for name, known in funnels.items() if known == steps), None), steps


def _session_of(shop: Reckoning) -> Whose:
    return shop.visit_of.get


def _spent(shop: Reckoning, days: Days) -> Callable[[object], Spent]:
    counted = [order for order in shop.placed(shop.orders, days) if shop.counted(order)]

    def spent(person: object) -> Spent:
        theirs = [order for order in counted if order.person == person]
        refunds = [refund for order in theirs for refund in order.refunds]
        return Spent(sum(order.total or 0 for order in theirs), sum(refund.amount for refund in refunds))

    return spent
