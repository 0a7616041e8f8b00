"""The question where on a page people click, hover and scroll to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from footfall.heatmaps.engine import (
    FINEST,
    NOWHERE,
    TENTHS,
    Bin,
    Numbers,
    bins_of,
    cells_of,
    depths_of,
    people_of,
    reached,
    scrolled,
    top_elements,
)
from footfall.questions.event_rows import EventsQuery
from footfall.questions.filters import Filtered
from footfall.questions.page_events import KINDS, TROUBLE, VIEW, Kind, PageEvents, check_seen, page_query, read_page
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.stores.mongo import answering

GRIDS = (10, 20, 25, 50)
MOST_ELEMENTS = 20
PLACED = ("element", "place", "place_on_page")
Metric = Literal["click", "rage_click", "hover", "scroll"]
Those = slice | NDArray[np.bool_]


def _even(grid: int) -> int:
    if grid not in GRIDS:
        raise PydanticCustomError("grid", "is one of 10, 20, 25 and 50")
    return grid


Grid = Annotated[int, AfterValidator(_even)]


class HeatmapQuestion(Filtered):
    """What is looked at, in how many bins, over which days and of whom."""

    metric: Metric = Field(default="click", description="What the bins and elements are of")
    grid: Grid = Field(
        default=20,
        description="How many columns and rows of bins: 10, 20, 25 or 50",
        json_schema_extra={"enum": list(GRIDS)},
    )


class HeatBin(BaseModel):
    """A part of the view, or of the page, in which something happened."""

    x: int = Field(description="Its left edge, in percent of the width: each is 100 / `grid` wide", examples=[35])
    y: int = Field(description="Its upper edge, in percent of the height", examples=[10])
    count: int = Field(description="How often", examples=[214])


class ScrollDepth(BaseModel):
    """How many views went so far down."""

    depth: int = Field(description="Down to so much of the page, in percent: 10, 20 … 100", examples=[50])
    views: int = Field(description="Views that went so far or further", examples=[870])
    share: float = Field(description="Of all views, in percent", examples=[43.5])
    ended: int = Field(description="Views that went so far, and not to the next tenth", examples=[120])


class HeatElement(BaseModel):
    """Something that was clicked or hovered over."""

    element: str = Field(description="As the client names it: the tracker by tag and id, name or classes")
    count: int = Field(description="How often")
    people: int = Field(description="By how many people")


class Heat(BaseModel):
    """What was done on a page, on some devices."""

    views: int = Field(description="How often the page was viewed", examples=[2_000])
    people: int = Field(description="By how many people", examples=[1_450])
    count: int = Field(description="How often what `metric` names was done", examples=[5_230])
    count_people: int = Field(description="By how many people", examples=[1_210])
    unplaced: int = Field(
        description="Of these, how many are in no bin of `bins`: they tell no place (a click by keyboard has none),"
        " none that can be read, or one outside of the view. Of `scroll`, those that tell no depth from 0 to 100, or"
        " are of no view in the range"
    )
    bins: list[HeatBin] = Field(
        description="How often, by the place in what was in view, row by row; empty bins are left out, and `scroll` has"
        " none"
    )
    page_bins: list[HeatBin] = Field(
        description="The same by the place on the whole page, of events that tell it. Of `scroll`, by rows alone: how"
        " many views went down to the end of each"
    )
    rage_clicks: int = Field(description="Three clicks or more in quick succession at one place", examples=[12])
    dead_clicks: int = Field(description="Clicks that nothing came of, where a client tells them as `dead_click`")
    scroll_depth: list[ScrollDepth] = Field(
        description="How far down views went. A view's scrolls are those of the same person on this page until they"
        " view it again; a view without any counts as one of depth 0, also where the whole page was in view at once"
    )


class DeviceHeat(Heat):
    """The same on one kind of device."""

    device: Device


class Trouble(BaseModel):
    """Clicks that did not do what somebody wanted."""

    count: int = Field(description="How often")
    people: int = Field(description="By how many people")
    unplaced: int = Field(description="Of these, how many are in no bin")
    bins: list[HeatBin] = Field(description="By the place in what was in view, row by row; empty bins are left out")
    elements: list[HeatElement] = Field(description="What was clicked most, at most twenty")


class HeatmapAnswer(RangeAnswer, Heat):
    """What people did on a page, in all and by device; bots are left out."""

    name: str = Field(description="The page's path, or its type, as it was asked for", examples=["/checkout"])
    metric: Metric = Field(description="What the bins and elements are of")
    grid: int = Field(description="Bins across and down", examples=[20])
    by_device: list[DeviceHeat] = Field(description="The same by device, where there is anything")
    elements: list[HeatElement] = Field(
        description="What was clicked or hovered over most, at most twenty; `scroll` has none"
    )
    rage: Trouble = Field(description="Rage clicks: where and on what")
    dead: Trouble = Field(description="Dead clicks: where and on what")


@answering()
def answer(site_id: str, page: str, question: HeatmapQuestion) -> HeatmapAnswer:
    """Returns what was done on a page; raises Invalid, Unavailable, or NotFound for a page that was not seen."""
    with rollups_of(site_id) as rollups:
        query = page_query(rollups, page, question)
        visits = read_page(query, [VIEW, "scroll"], ["scrolled"])
        placed: list[Kind] = [] if question.metric == "scroll" else [question.metric]
        doings = read_page(query, [*placed, *TROUBLE], PLACED)
        if not len(visits.people) + len(doings.people):
            check_seen(query, page)
        return query.counted(_heatmap(query, page, question, visits, doings))


def _heatmap(
    query: EventsQuery, page: str, question: HeatmapQuestion, visits: PageEvents, doings: PageEvents
) -> HeatmapAnswer:
    heats = _Heats.of(visits, doings, question)
    seen = {*np.unique(visits.devices).tolist(), *np.unique(doings.devices).tolist()}
    devices = [(place, device) for place, device in enumerate(DEVICES) if place in seen]
    return HeatmapAnswer(
        range=Range.of(query.days),
        complete_to=None,
        name=page,
        metric=question.metric,
        grid=question.grid,
        **dict(heats.heat(None)),
        by_device=[DeviceHeat(device=device, **dict(heats.heat(place))) for place, device in devices],
        elements=[] if question.metric == "scroll" else _elements(heats.done),
        rage=_trouble(doings.of("rage_click"), question.grid),
        dead=_trouble(doings.of("dead_click"), question.grid),
    )


@dataclass(frozen=True)
class _Heats:
    # `deepest` is of the views; `placed`, `cells` and `page_cells` are of what was done
    doings: PageEvents
    views: PageEvents
    done: PageEvents
    deepest: Numbers
    placed: NDArray[np.bool_]
    cells: Numbers
    page_cells: Numbers
    grid: int
    metric: Metric

    @classmethod
    def of(cls, visits: PageEvents, doings: PageEvents, question: HeatmapQuestion) -> "_Heats":
        views, scrolls = visits.of(VIEW), visits.of("scroll")
        depths = scrolled(views.moments, scrolls.moments, depths_of(scrolls.spots["scrolled"]))
        if question.metric == "scroll":
            nowhere = np.full(len(scrolls.people), NOWHERE)
            found = scrolls, depths.deepest, depths.placed, nowhere, nowhere
        else:
            done = doings.of(question.metric)
            cells = cells_of(done.spots["place"], question.grid)
            page_cells = cells_of(done.spots["place_on_page"], question.grid)
            found = done, depths.deepest, cells != NOWHERE, cells, page_cells
        return cls(doings, views, *found, question.grid, question.metric)

    def heat(self, device: int | None) -> Heat:
        viewed, done = _on(self.views, device), _on(self.done, device)
        kinds = self.doings.kinds[_on(self.doings, device)]
        return Heat(
            views=len(self.deepest[viewed]),
            people=people_of(self.views.people[viewed]),
            count=len(self.placed[done]),
            count_people=people_of(self.done.people[done]),
            unplaced=int(np.count_nonzero(~self.placed[done])),
            bins=_bins(bins_of(self.cells[done], self.grid)),
            page_bins=_bins(self._page_bins(viewed, done)),
            rage_clicks=int((kinds == KINDS.index("rage_click")).sum()),
            dead_clicks=int((kinds == KINDS.index("dead_click")).sum()),
            scroll_depth=_depths(self.deepest[viewed]),
        )

    def _page_bins(self, viewed: Those, done: Those) -> list[Bin]:
        if self.metric != "scroll":
            return bins_of(self.page_cells[done], self.grid)
        rows = enumerate(reached(self.deepest[viewed], self.grid))
        return [Bin(0, row * (FINEST // self.grid), count) for row, count in rows if count]


def _on(events: PageEvents, device: int | None) -> Those:
    return slice(None) if device is None else events.devices == device


def _bins(bins: Iterable[Bin]) -> list[HeatBin]:
    return [HeatBin(x=x, y=y, count=count) for x, y, count in bins]


def _depths(deepest: Numbers) -> list[ScrollDepth]:
    views = reached(deepest)
    return [
        ScrollDepth(
            depth=(place + 1) * (FINEST // TENTHS),
            views=count,
            share=percentage(count, len(deepest)),
            ended=count - further,
        )
        for place, (count, further) in enumerate(zip(views, [*views[1:], 0], strict=True))
    ]


def _elements(events: PageEvents) -> list[HeatElement]:
    top = top_elements(events.spots["element"], events.people, MOST_ELEMENTS)
    return [HeatElement(element=element, count=count, people=people) for element, count, people in top]


def _trouble(events: PageEvents, grid: int) -> Trouble:
    cells = cells_of(events.spots["place"], grid)
    return Trouble(
        count=len(cells),
        people=people_of(events.people),
        unplaced=int((cells == NOWHERE).sum()),
        bins=_bins(bins_of(cells, grid)),
        elements=_elements(events),
    )
