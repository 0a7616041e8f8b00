"""The right answer of /api/dimensions/{name}."""

from collections import Counter

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.narrowing import MISSING, OF_VISITS, value_of_event, value_of_visit
from tests.oracle.reckoning.numbers import local_day
from tests.oracle.reckoning.pages import listed
from tests.oracle.reckoning.shop import Days, Reckoning


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns how many sessions have each value, or of what sessions do not have, events with any."""
    name, days = question.path.rpartition("/")[2], shop.days_of(question)
    counts = _of_visits(shop, name, days) if name in OF_VISITS else _of_events(shop, name, days)
    values = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    of_list = {field: each for field, each in listed(len(values)).items() if field != "next"}
    return {
        "range": shop.range(days),
        "dimension": name,
        "counted": "sessions" if name in OF_VISITS else "events",
        "values": [{"value": value, "count": count} for value, count in values],
        "other": 0,
        **of_list,
    }


def _of_visits(shop: Reckoning, name: str, days: Days) -> Counter[str]:
    began = [session for session in shop.sessions if not session.bot and local_day(session.began, shop.zone) in days]
    return Counter(value_of_visit(name, session) for session in began)


def _of_events(shop: Reckoning, name: str, days: Days) -> Counter[str]:
    told = Counter(value_of_event(shop, name, event) for event in shop.human if shop.day(event) in days)
    del told[MISSING.get(name, "unknown")]
    return told
