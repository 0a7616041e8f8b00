"""The right answers of /api/paths and /api/journeys."""

from collections.abc import Mapping, Sequence

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.funnels import is_meant
from tests.oracle.reckoning.journeys import Journey, Visit, flow, followed, journeys, patterns
from tests.oracle.reckoning.narrowing import passing
from tests.oracle.reckoning.numbers import local_day, rate
from tests.oracle.reckoning.shop import Reckoning
from tests.oracle.reckoning.steps import called

DEPTH, WIDEST, LONGEST, MOST = 5, 10, 6, 20


def paths(shop: Reckoning, question: Question) -> Json:
    """Returns the ways of sessions that began in a range."""
    found, back = journeys(_visits(shop, question, by_session=True)), question.get("to_page") is not None
    asked = question.get("from_page") or question.get("to_page")
    parts = followed(found, _node(asked, found) if asked else None, back=back)
    nodes, links = flow(parts, int(question.get("depth") or DEPTH), int(question.get("top") or WIDEST))
    return {
        "range": shop.range(shop.days_of(question)),
        "sessions": len(parts),
        "users": len({part.person for part in parts}),
        "nodes": [
            {"step": step, "name": name, **dict(zip(("sessions", "users", "ended", "beyond"), figures, strict=True))}
            for (step, name), figures in nodes.items()
        ],
        "links": [
            {
                "step": step + 1,
                "source": after if back else before,
                "target": before if back else after,
                "sessions": sessions,
                "users": users,
            }
            for (step, before, after), (sessions, users) in links.items()
        ],
    }


def common_journeys(shop: Reckoning, question: Question) -> Json:
    """Returns the commonest journeys, of equally common ones by their steps."""
    days, unit = shop.days_of(question), question.get("unit") or "user"
    found = journeys(_visits(shop, question, by_session=unit == "session"))
    length, top = int(question.get("length") or LONGEST), int(question.get("top") or MOST)
    counted = patterns(found, _converted(shop, question, found), length)
    listed = sorted(counted.items(), key=lambda each: (-each[1][0], each[0]))
    return {
        "range": shop.range(days),
        "unit": unit,
        "users": len(found),
        "patterns": len(counted),
        "journeys": [
            {
                "pattern": [*steps, *(["…"] if goes_on else [])],
                "users": users,
                "percentage": rate(users, len(found)),
                "converted": bought,
                "conversion_rate": rate(bought, users),
            }
            for (steps, goes_on), (users, bought) in listed[:top]
        ],
        "other_users": sum(users for _, (users, _) in listed[top:]),
    }


def _converted(shop: Reckoning, question: Question, found: Mapping[object, Journey]) -> list[object]:
    if question.get("unit") == "session":
        return [session for session in shop.sessions if session in found and shop.converted(session)]
    counted = filter(shop.counted, shop.placed(shop.orders, shop.days_of(question)))
    return [order.person for order in counted]


def _visits(shop: Reckoning, question: Question, *, by_session: bool) -> list[Visit]:
    # sessions count by the day they began; what happened before the range is none of a journey
    events, nodes = passing(shop, shop.days_of(question), question), question.get("nodes") or "page_type"
    named = [(event, node) for event in events if (node := _called(event, nodes))]
    if not by_session:
        return [Visit(shop.person(event), shop.person(event), node) for event, node in named]
    return [
        Visit(session, shop.person(event), node)
        for event, node in named
        if (session := shop.visit_of.get(event)) and local_day(session.began, shop.zone) >= shop.days_of(question).first
    ]


def _called(event: Event, nodes: str) -> str | None:
    # what a step is called; None for what is none
    is_view = event.kind == "pageview"
    if nodes != "event" and not is_view:
        return None
    if nodes == "page":
        return event.path or event.page_type or "unknown"
    if nodes == "page_type":
        return event.page_type or "unknown"
    own = event.page_type if is_view else event.name if event.kind == "custom" else event.kind
    return (own or event.kind) if is_meant(event) else None


def _node(asked: str, found: Mapping[object, Journey]) -> str:
    there = {step for journey in found.values() for step in journey.steps}
    return asked if asked in there else next(iter(_other_names(asked, sorted(there))), asked)


def _other_names(asked: str, there: Sequence[str]) -> list[str]:
    return [name for name in there if name in called(asked)]
