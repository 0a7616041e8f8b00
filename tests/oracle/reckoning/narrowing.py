"""Which values of dimensions events and visits have, and which of them filters let through."""

from collections.abc import Sequence

from tests.oracle.life import Question
from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.numbers import local_day
from tests.oracle.reckoning.sessions import Session
from tests.oracle.reckoning.shop import Days, Reckoning

OF_VISITS = ("device", "source", "landing_page")
"""What visits have themselves; the others are of events alone."""
DIMENSIONS = (*OF_VISITS, "page", "page_type")
MISSING = {"source": "direct"}


def with_programs(question: Question | None) -> bool:
    """Returns whether programs that load pages are counted too."""
    return question is not None and question.get("bots") == "include"


def looked_at(shop: Reckoning, days: Days, question: Question | None) -> list[Event]:
    """Returns what happened on some days, whatever the filters: of people, and of programs where they are counted."""
    events = shop.events if with_programs(question) else shop.human
    return [event for event in events if shop.day(event) in days]


def passing(shop: Reckoning, days: Days, question: Question | None) -> list[Event]:
    """Returns those of these events that pass the filters."""
    return [event for event in looked_at(shop, days, question) if event_passes(shop, question, event)]


def value_of_event(shop: Reckoning, name: str, event: Event) -> str:
    """Returns the value of an event: of what brought the visitor and of the first page, that of its visit."""
    if name in ("source", "landing_page"):
        session = shop.visit_of.get(event)
        return value_of_visit(name, session) if session else MISSING.get(name, "unknown")
    return {"device": event.device, "page": event.path, "page_type": event.page_type}[name] or "unknown"


def value_of_visit(name: str, session: Session) -> str:
    """Returns the value that a visit has itself."""
    if name == "landing_page":
        return next((view.path for view in session.views[:1] if view.path), "unknown")
    return {"device": session.device, "source": session.source}[name]


def values_of_visit(shop: Reckoning, name: str, session: Session) -> set[str]:
    """Returns the values that a visit is counted under: its own, or those of what was done on the day it began."""
    if name in OF_VISITS:
        return {value_of_visit(name, session)}
    return {value_of_event(shop, name, event) for event in _first_day(shop, session)}


def event_passes(shop: Reckoning, question: Question | None, event: Event, names: Sequence[str] = DIMENSIONS) -> bool:
    """Returns whether an event passes all filters of a question."""
    asked = [(name, question.get(name)) for name in names] if question else []
    return all(fits(wanted, value_of_event(shop, name, event)) for name, wanted in asked if wanted)


def visit_passes(shop: Reckoning, question: Question, session: Session) -> bool:
    """Returns whether a visit passes: by its own values, and by something done on the day it began for the others."""
    own = [(name, question.get(name)) for name in OF_VISITS]
    if not all(fits(wanted, value_of_visit(name, session)) for name, wanted in own if wanted):
        return False
    others = [name for name in DIMENSIONS if name not in OF_VISITS]
    if not any(map(question.get, others)):
        return True
    return any(event_passes(shop, question, event, others) for event in _first_day(shop, session))


def has_filters(question: Question) -> bool:
    """Returns whether a question has filters."""
    return any(map(question.get, DIMENSIONS))


def is_narrowed(question: Question) -> bool:
    """Returns whether a question has filters, or counts programs too."""
    return with_programs(question) or has_filters(question)


def _first_day(shop: Reckoning, session: Session) -> list[Event]:
    day = local_day(session.began, shop.zone)
    return [event for event in session.events if shop.is_present(event) and shop.day(event) == day and not event.bot]


def fits(wanted: str, value: str) -> bool:
    """Returns whether a filter lets a value through: `!` before one leaves it out."""
    if wanted.startswith("!"):
        return value.casefold() != wanted[1:].casefold()
    return value.casefold() == wanted.casefold()
