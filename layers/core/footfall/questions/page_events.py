"""What happened on one page over a range of days, as columns: its views, and what people did on it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from footfall.dimensions import LONGEST, UNKNOWN, Dimension, dimensions_of
from footfall.errors import FieldProblem, Invalid, NotFound
from footfall.events.names import page_type_named
from footfall.funnels.engine import Coded, keys_of
from footfall.heatmaps.engine import Moments, Numbers, numbered
from footfall.lake.contents import SPOTS
from footfall.questions.event_rows import EventsQuery, joined
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.how_much import TooBig
from footfall.questions.read_rows import read_rows
from footfall.rollups import Rollups
from footfall.schemas.event import NamedEvent
from footfall.schemas.site import Site

Kind = Literal["pageview", "click", "rage_click", "dead_click", "hover", "scroll"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Number = TypeVar("Number", np.uint8, np.int64)
VIEW: Kind = "pageview"
TROUBLE: tuple[Kind, ...] = ("rage_click", "dead_click")
NO_PATH = ""
"""A path that no page has: where none was viewed, nothing is found."""
MOST_COMPARED = 1_000
"""So many of the pages that were viewed most are compared with the name of an unknown one."""
MOST_NEAR = 3


@dataclass(frozen=True)
class Doings:
    """Which events are read: those of these kinds, each by its type or, where the client made it up, by its name."""

    kinds: Collection[Kind] = KINDS

    def places(self, event: NamedEvent) -> frozenset[int]:
        """Returns the place of an event's kind among all; empty for one that is not read."""
        kind = event.get("name") if event["type"] == "custom" else event["type"]
        return frozenset(place for place, known in enumerate(KINDS) if known == kind and known in self.kinds)

    def condition(self) -> dict[str, object]:
        """Returns the MongoDB condition for these events."""
        kinds = {"$in": list(self.kinds)}
        return {"$or": [{"type": kinds}, {"type": "custom", "name": kinds}]}


@dataclass(frozen=True)
class PageEvents:
    """What happened on a page, with the same places in all columns, in whatever order.

    `kinds` are places in KINDS, `devices` in DEVICES; `moments` number each person on each path of the page. `spots`
    are the columns of SPOTS that were asked for.
    """

    kinds: NDArray[np.uint8]
    people: Numbers
    devices: NDArray[np.uint8]
    moments: Moments
    spots: Mapping[str, Coded]

    def where(self, those: Numbers) -> "PageEvents":
        """Returns some of the events, by their places."""
        return PageEvents(
            self.kinds[those],
            self.people[those],
            self.devices[those],
            self.moments.where(those),
            {name: Coded(coded.texts, coded.codes[those]) for name, coded in self.spots.items()},
        )

    def of(self, kind: Kind) -> "PageEvents":
        """Returns those of one kind."""
        those = np.flatnonzero(self.kinds == KINDS.index(kind))
        return self if len(those) == len(self.kinds) else self.where(those)


def page_query(rollups: Rollups, page: str, question: Filtered) -> EventsQuery:
    """Returns which events a question about a page reads; raises Invalid.

    A page is named by its path, or by its type: that is, by all paths that were viewed as one of this type.
    """
    rows = dimensions_of(rollups.site)
    query = EventsQuery.over(rollups, question, Doings(), {"page": rows["page"]})
    for name in ("page", "page_type"):
        if name in query.filters:
            raise Invalid([FieldProblem(name, "the address says already which page is meant")])
    paths = {page[:LONGEST]} if is_path(page) else _paths(query, page, rows["page_type"])
    return replace(query, filters={**query.filters, "page": _only(rows["page"], paths)})


def is_path(page: str) -> bool:
    """Returns whether a page is named by its path; else it is by its type."""
    return page.startswith("/")


def _paths(query: EventsQuery, page_type: str, row: Dimension) -> set[str]:
    # of everybody, whoever the question is about: one person's view says the type for all
    of_type = {**query.filters, "page_type": _only(row, [page_type_named(page_type) or page_type[:LONGEST]])}
    views = replace(query, rollups=replace(query.rollups, part=None), reading=Doings([VIEW]), filters=of_type)
    try:
        pages = joined([rows.told["page"] for rows in read_rows(views).rows])
    except TooBig:
        message = "pages are viewed too often to find those of a type: ask for one by its path, or for fewer days"
        raise Invalid([FieldProblem("page_type", message)]) from None
    return {NO_PATH, *(pages.texts[code] for code in np.unique(pages.codes).tolist())} - {UNKNOWN}


def _only(row: Dimension, values: Iterable[str]) -> Wanted:
    # a page may begin with what excludes a filter's value
    return Wanted(row, frozenset(value.casefold() for value in values), frozenset())


def read_page(query: EventsQuery, kinds: Collection[Kind], spots: Collection[str]) -> PageEvents:
    """Returns what happened of some kinds on a page, with some of SPOTS; raises Invalid for too much, Unavailable."""
    told = {row.name: row for row in SPOTS if row.name in spots}
    read = read_rows(replace(query, reading=Doings(kinds), told={**query.told, **told}))
    rows = [each for each in read.rows if each.steps]
    places = [places for each, places in zip(read.rows, read.places, strict=True) if each.steps]
    people = _whole([each.people for each in rows], np.int64)
    pages = joined([each.told["page"] for each in rows])
    return PageEvents(
        _whole([np.full(len(each.who), min(each.steps)) for each in rows], np.uint8),
        people,
        _whole([each.devices for each in rows], np.uint8),
        Moments(*keys_of(_whose(people, pages.codes), _whole(places, np.int64))),
        {name: joined([each.told[name] for each in rows]) for name in told},
    )


def _whose(people: Numbers, pages: Numbers) -> Numbers:
    one_page = not len(pages) or pages.min() == pages.max()
    return people if one_page else numbered(people, pages)


def _whole(columns: Sequence[NDArray[Any]], kind: type[Number]) -> NDArray[Number]:
    return np.concatenate(columns).astype(kind) if columns else np.zeros(0, kind)


def pages_seen(query: EventsQuery, page: str) -> dict[str, int]:
    """Returns how often pages were seen in a range, by what `page` names one; nothing for a type that there is."""
    name = "page" if is_path(page) else "page_type"
    if name == "page_type" and _is_known(query.rollups.site, page):
        return {}
    row = dimensions_of(query.rollups.site)[name]
    everything = replace(query, device=None, filters={}, told={name: row})
    found = joined([rows.told[name] for rows in read_rows(everything).rows])
    return {found.texts[code]: count for code, count in enumerate(np.bincount(found.codes).tolist()) if count}


def check_seen(seen: Mapping[str, int], page: str) -> None:
    """Raises NotFound, naming pages that are near, for one that was not seen where others were."""
    if seen and page[:LONGEST].casefold() not in {text.casefold() for text in seen}:
        ranked = sorted(seen, key=lambda text: (-seen[text], text))
        raise NotFound(_near(page, ranked[:MOST_COMPARED]))


def _is_known(site: Site, page_type: str) -> bool:
    return bool(page_type_named(page_type)) or any(rule.page_type == page_type for rule in site.page_rules)


def _near(page: str, seen: Sequence[str]) -> str:
    near = get_close_matches(page, seen, MOST_NEAR)
    named = f"near it are {', '.join(near)}" if near else f"most was done on {', '.join(seen[:MOST_NEAR])}"
    return f"no page of this name was seen in these days; {named}"
