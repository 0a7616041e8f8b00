"""Which events satisfy which step of a funnel.

A step is a name, or several with `|` between them, of which any will do. A name may have conditions, all of which must
hold: `product_viewed[category=lamps][device!=Mobile]` says values of dimensions.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from footfall.events.names import page_type_named, type_named
from footfall.schemas.event import NOT_A_VISIT, RECORDED_BY_PAGES, NamedEvent
from footfall.schemas.site import Funnel, Site

FIGURES = 6
"""Counts the meanings that a day's figures have had: since 3, something was viewed in a session and people did
something, what cost nothing is counted apart, and a step is found by any of its names; since 4, customers are told, and
an order says what was given back of it; since 5, the texts of feedback are added up, and there are figures by
dimension; since 6, a day's sessions tell whose they are, sessions are known by when they began, and there are those of
bots."""


CONDITION = re.compile(r"\[([^\[\]=!]+)(!?=)([^\[\]]+)\]")
NAMED = re.compile(r"(.*?)((?:\[[^\[\]=!]+!?=[^\[\]]+\])*)", re.DOTALL)
COVERED = "\0"


class Condition(NamedTuple):
    """What an event's value of a dimension must be, or with `excluded` must not be."""

    dimension: str
    value: str
    excluded: bool


class Alternative(NamedTuple):
    """One of a step's names, and the conditions that hold for it."""

    word: str
    conditions: tuple[Condition, ...]


def parted(text: str, separator: str) -> list[str]:
    """Returns the parts of a text between separators, those inside of conditions left alone."""
    covered = CONDITION.sub(lambda found: found[0].replace(separator, COVERED), text)
    return [part.replace(COVERED, separator).strip() for part in covered.split(separator)]


@lru_cache(maxsize=4096)
def parsed(step: str) -> tuple[Alternative, ...]:
    """Returns what a step consists of."""
    return tuple(map(_alternative, parted(step, "|")))


def _alternative(text: str) -> Alternative:
    found = NAMED.fullmatch(text)
    word, told = (found[1], found[2]) if found else (text, "")
    conditions = [Condition(name.strip(), value.strip(), sign == "!=") for name, sign, value in CONDITION.findall(told)]
    return Alternative(word.strip(), tuple(conditions))


def words(step: str) -> list[str]:
    """Returns the names that a step consists of: `a|b` is either."""
    return [alternative.word for alternative in parsed(step)]


def has_conditions(step: str) -> bool:
    """Returns whether more than an event's names says if it satisfies a step."""
    return any(alternative.conditions for alternative in parsed(step))


def kept_by_day(site: Site) -> list[Funnel]:
    """Returns the funnels whose entries the rollups hold: those without conditions."""
    return [funnel for funnel in site.funnels if not any(map(has_conditions, funnel.steps))]


@lru_cache(maxsize=4096)
def alternatives(step: str) -> frozenset[str]:
    """Returns the labels of events that satisfy a step, as far as names go.

    A name of the vocabulary means its type as well: `Order Completed`, `purchase` and `order_completed` are one, and
    `Home` is `home`. A word that names a type of page and of event, as `search` does, means the page.
    """
    return _labels_of(parsed(step))


def _labels_of(found: Iterable[Alternative]) -> frozenset[str]:
    named = [(word, page_type_named(word) or type_named(word) or word) for word, _ in found]
    return frozenset(label for labels in named for label in labels)


def labels(event: NamedEvent) -> frozenset[str]:
    """Returns what an event is called in a step: its page type when a page was viewed, its type, and its own name."""
    page_type = event.get("page_type") if event["type"] == "pageview" else None
    return frozenset(label for label in (page_type, event["type"], event.get("name")) if label)


def satisfies(event: NamedEvent, step: str) -> bool:
    """Returns whether an event satisfies a step, as far as names go."""
    return not labels(event).isdisjoint(alternatives(step))


def any_of(steps: Iterable[str]) -> dict[str, object]:
    """Returns the MongoDB condition for events that satisfy at least one of the steps, as far as names go."""
    wanted = sorted(frozenset().union(*map(alternatives, steps)))
    page = {"type": "pageview", "page_type": {"$in": wanted}}
    return {"$or": [page, {"type": {"$in": wanted}}, {"name": {"$in": wanted}}]}


NOT_BETWEEN = RECORDED_BY_PAGES | NOT_A_VISIT
"""Events that are overlooked between two strict steps: what pages record by themselves, and what needs nobody there."""


class Conditional(NamedTuple):
    """One alternative with conditions: the place that an event has which fits, and the labels that it must have."""

    place: int
    labels: frozenset[str]
    conditions: tuple[Condition, ...]


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

    @cached_property
    def conditionals(self) -> Mapping[int, Conditional]:
        """The alternatives that have conditions, under places of their own: events have one until it is settled."""
        named = [*enumerate(self.steps), *((self.excluded, name) for name in self.exclude)]
        found = [
            Conditional(place, _labels_of([alternative]), alternative.conditions)
            for place, step in named
            for alternative in parsed(step)
            if alternative.conditions
        ]
        return dict(enumerate(found, self.others + 1))

    @cached_property
    def _labels(self) -> list[frozenset[str]]:
        # of what has no conditions, by place
        plain = [[each for each in parsed(step) if not each.conditions] for step in self.steps]
        excluded = [each for name in self.exclude for each in parsed(name) if not each.conditions]
        return [_labels_of(found) for found in (*plain, excluded)]

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the places of the steps that an event satisfies, and those of the other parts that it has.

        Among them are those of `conditionals` that it may satisfy, and that of `others` unless it would be overlooked.
        """
        own = labels(event)
        found = {place for place, wanted in enumerate(self._labels) if not own.isdisjoint(wanted)}
        found |= {
            number
            for number, each in self.conditionals.items()
            if each.place not in found and not own.isdisjoint(each.labels)
        }
        if self.strict and NOT_BETWEEN.isdisjoint({event["type"], event.get("name")}):
            found.add(self.others)
        return frozenset(found)

    def settled(self, places: frozenset[int]) -> frozenset[int]:
        """Returns the places of an event, of whose `conditionals` those are left that it fits.

        What satisfies a step is none of the `others`.
        """
        found = {self.conditionals[place].place if place in self.conditionals else place for place in places}
        return frozenset(found - {self.others} if min(found, default=self.excluded) < self.excluded else found)

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for the events that have any place."""
        named = any_of([*self.steps, *self.exclude])
        if not self.strict:
            return named
        overlooked = {"$nin": sorted(NOT_BETWEEN)}
        return {"$or": [named, {"type": overlooked, "name": overlooked}]}


def definition(site: Site) -> str:
    """Returns a fingerprint of what a site's rollups depend on besides its events.

    Its time zone, currency, funnels and own dimensions, and what the figures mean: days that were computed otherwise
    are done anew.
    """
    funnels = [funnel.model_dump() for funnel in kept_by_day(site)]
    own = [(row.name, row.property) for row in site.dimensions]
    told = [FIGURES, site.time_zone, site.currency, funnels, own]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
