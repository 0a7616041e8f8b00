"""What sessions or people visited over a range of days, as journeys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from footfall.days import DayRange
from footfall.dimensions import UNKNOWN, Dimension, dimensions_of
from footfall.events.names import page_type_named, type_named
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded
from footfall.funnels.steps import NOT_BETWEEN
from footfall.paths.journeys import Integers, Journeys, Visited
from footfall.questions.event_rows import EventsQuery, Rows, joined
from footfall.questions.filters import Filtered
from footfall.questions.funnel_query import Unit
from footfall.questions.read_rows import read_rows
from footfall.rollups import Rollups
from footfall.schemas.event import NamedEvent
from footfall.schemas.site import Site

Nodes = Literal["page", "page_type", "event"]


class VisitedQuestion(Filtered):
    """What counts as a step."""

    nodes: Nodes = Field(
        default="page_type",
        description="What steps are: page views by the `page` (its path, or its type where it came without), or by its"
        " `page_type`; or any `event` that somebody meant: page views by their type and all others by their name, but"
        " what pages record by themselves (page_exit, click, rage_click, scroll, hover, form, javascript_error) and"
        " what needs nobody there (identify, refunds …)",
    )


class _PageViews:
    def places(self, event: NamedEvent) -> frozenset[int]:
        return frozenset({0} if event["type"] == "pageview" else ())

    def condition(self) -> dict[str, object]:
        return {"type": "pageview"}


class _Meant:
    def places(self, event: NamedEvent) -> frozenset[int]:
        return frozenset({0} if NOT_BETWEEN.isdisjoint({event["type"], event.get("name")}) else ())

    def condition(self) -> dict[str, object]:
        overlooked = {"$nin": sorted(NOT_BETWEEN)}
        return {"type": overlooked, "name": overlooked}


class _Told(NamedTuple):
    # what must be told of an event, and what it is called then
    names: tuple[str, ...]
    text: Callable[..., str]


def _page(page: str, page_type: str) -> str:
    return page_type if page == UNKNOWN else page


def _event(kind: str, name: str, page_type: str) -> str:
    own = page_type if kind == "pageview" else name if kind == "custom" else kind
    return kind if own == UNKNOWN else own


TOLD: Mapping[Nodes, _Told] = {
    "page": _Told(("page", "page_type"), _page),
    "page_type": _Told(("page_type",), str),
    "event": _Told(("type", "name", "page_type"), _event),
}


@dataclass(frozen=True)
class Visits:
    """Journeys over some days, and what their steps are called, in ascending order: a step is a place among `texts`."""

    days: DayRange
    journeys: Journeys
    texts: Sequence[str]

    def named(self, name: str) -> int:
        """Returns the step that has a name, exactly or as steps of funnels have it; for none, behind the last."""
        names = (name, page_type_named(name), type_named(name))
        return next((self.texts.index(each) for each in names if each in self.texts), len(self.texts))


def visits(rollups: Rollups, question: VisitedQuestion, unit: Unit) -> Visits:
    """Returns what each session that began in the range, or each person, visited in it.

    Raises Invalid for too many events, Unavailable.
    """
    reading, by_session = _Meant() if question.nodes == "event" else _PageViews(), unit == "session"
    told = _dimensions(rollups.site, question.nodes)
    query = EventsQuery.over(rollups, question, reading, told, by_session=by_session)
    read = read_rows(query)
    nodes = _named(read.rows, TOLD[question.nodes])
    who, people = (_joined([getattr(rows, name) for rows in read.rows]) for name in ("who", "people"))
    visited = Visited(who, people, _joined(read.places), nodes.codes)
    if by_session:
        visited = visited.where(_joined([rows.session_starts for rows in read.rows]) >= milliseconds(query.days.start))
    return Visits(query.days, Journeys.of(visited), nodes.texts)


def _dimensions(site: Site, nodes: Nodes) -> dict[str, Dimension]:
    names, rows = TOLD[nodes].names, dimensions_of(site)
    return {name: rows.get(name) or Dimension(name, "What it is called", "event", event=name) for name in names}


def _named(rows: Sequence[Rows], told: _Told) -> Coded:
    columns = [joined([each.told[name] for each in rows]) for name in told.names]
    shape = tuple(len(column.texts) or 1 for column in columns)
    used, codes = np.unique(np.ravel_multi_index([column.codes for column in columns], shape), return_inverse=True)
    combined = zip(*np.unravel_index(used, shape), strict=True)
    texts = [told.text(*(column.texts[code] for column, code in zip(columns, each, strict=True))) for each in combined]
    ordered = sorted(set(texts))
    places = {text: place for place, text in enumerate(ordered)}
    return Coded(ordered, np.array([places[text] for text in texts], np.int64)[codes])


def _joined(columns: Sequence[Integers]) -> Integers:
    return np.concatenate([np.zeros(0, np.int64), *columns])
