"""Which events satisfy which step of a funnel."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from footfall.events.names import page_type_named, type_named
from footfall.schemas.event import NOT_A_VISIT, RECORDED_BY_PAGES, NamedEvent
from footfall.schemas.site import Site

FIGURES = 4
"""Counts the meanings that a day's figures have had: since 3, something was viewed in a session and people did
something, what cost nothing is counted apart, and a step is found by any of its names; since 4, customers are told, and
an order says what was given back of it."""


def words(step: str) -> list[str]:
    """Returns the names that a step consists of: `a|b` is either."""
    return [part.strip() for part in step.split("|")]


@lru_cache(maxsize=4096)
def alternatives(step: str) -> frozenset[str]:
    """Returns the labels of events that satisfy a step.

    A name of the vocabulary means its type as well: `Order Completed`, `purchase` and `order_completed` are one, and
    `Home` is `home`. A word that names a type of page and of event, as `search` does, means the page.
    """
    named = [(word, page_type_named(word) or type_named(word) or word) for word in words(step)]
    return frozenset(label for labels in named for label in labels)


def labels(event: NamedEvent) -> frozenset[str]:
    """Returns what an event is called in a step: its page type when a page was viewed, its type, and its own name."""
    page_type = event.get("page_type") if event["type"] == "pageview" else None
    return frozenset(label for label in (page_type, event["type"], event.get("name")) if label)


def satisfies(event: NamedEvent, step: str) -> bool:
    """Returns whether an event satisfies a step."""
    return not labels(event).isdisjoint(alternatives(step))


def any_of(steps: Iterable[str]) -> dict[str, object]:
    """Returns the MongoDB condition for events that satisfy at least one of the steps."""
    wanted = sorted(frozenset().union(*map(alternatives, steps)))
    page = {"type": "pageview", "page_type": {"$in": wanted}}
    return {"$or": [page, {"type": {"$in": wanted}}, {"name": {"$in": wanted}}]}


NOT_BETWEEN = RECORDED_BY_PAGES | NOT_A_VISIT
"""Events that are overlooked between two strict steps: what pages record by themselves, and what needs nobody there."""


@dataclass(frozen=True)
class Reading:
    """Which events a funnel reads: those of its steps, those that end an attempt, and if it is strict all between."""

    steps: Sequence[str]
    exclude: Sequence[str] = ()
    strict: bool = False

    @property
    def excluded(self) -> int:
        """The place, behind those of the steps, of events that end an attempt."""
        return len(self.steps)

    @property
    def others(self) -> int:
        """The place of the events that satisfy no step and count as in between."""
        return len(self.steps) + 1

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the places of the steps that an event satisfies, and those of the other parts that it has."""
        found = {number for number, step in enumerate(self.steps) if satisfies(event, step)}
        if not found and self.strict and NOT_BETWEEN.isdisjoint({event["type"], event.get("name")}):
            found.add(self.others)
        if any(satisfies(event, name) for name in self.exclude):
            found.add(self.excluded)
        return frozenset(found)

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for the events that have any place."""
        named = any_of([*self.steps, *self.exclude])
        if not self.strict:
            return named
        overlooked = {"$nin": sorted(NOT_BETWEEN)}
        return {"$or": [named, {"type": overlooked, "name": overlooked}]}


def definition(site: Site) -> str:
    """Returns a fingerprint of what a site's rollups depend on besides its events.

    Its time zone, currency and funnels, and what the figures mean: days that were computed otherwise are done anew.
    """
    funnels = [funnel.model_dump() for funnel in site.funnels]
    return hashlib.sha256(json.dumps([FIGURES, site.time_zone, site.currency, funnels]).encode()).hexdigest()[:16]
