"""Whose something is: who the event says they are, else who the visitor turned out to be, else the visitor."""

from collections.abc import Iterable, Mapping

from tests.oracle.reckoning.events import Event

Links = Mapping[str, str]
"""Who each visitor turned out to be, of those who turned out to be somebody."""


def links(events: Iterable[Event]) -> Links:
    """Returns who visitors turned out to be, whenever that was: the first event that says so counts."""
    found: dict[str, str] = {}
    for event in sorted(events, key=lambda one: (one.at, one.event_id)):  # of one instant, nobody says which is first
        if event.user and event.visitor != event.user:
            found.setdefault(event.visitor, event.user)
    return found


def person(event: Event, known: Links) -> str:
    """Returns whose an event is."""
    return event.user or known.get(event.visitor, event.visitor)
