"""The question where on a page people click, hover and scroll to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from footfall.heatmaps.engine import (
    FINEST,
    NOWHERE,
    TENTHS,
    Bin,
    Codes,
    Flags,
    Numbers,
    bins_of,
    cells_of,
    counted,
    depths_of,
    elements_of,
    people_on,
    reached,
    scrolled,
)
from footfall.questions.added_up import AddedUp
from footfall.questions.filters import Filtered
from footfall.questions.page_events import (
    KINDS,
    TROUBLE,
    VIEW,
    Kind,
    PageEvents,
    check_seen,
    page_query,
    pages_seen,
    read_page,
)
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.stores.mongo import answering

GRIDS = (10, 20, 25, 50)
MOST_ELEMENTS = 20
ALL = -1
"""What stands for all devices."""
PLACED = ("element", "place", "place_on_page")
Metric = Literal["click", "rage_click", "hover", "scroll"]


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


class PageHeatmapQuestion(HeatmapQuestion):
    """The same, with the page that the address names."""

    of_page: str


def answer(site_id: str, page: str, question: HeatmapQuestion) -> HeatmapAnswer:
    """Returns what was done on a page; raises Invalid, Unavailable, or NotFound for a page that was not seen."""
    return answer_of(site_id, of_page(page, question))


def of_page(page: str, question: HeatmapQuestion) -> PageHeatmapQuestion:
    """Returns the question about one page."""
    asked = question.model_dump(by_alias=True, exclude_none=True)
    return PageHeatmapQuestion.model_validate({**asked, "of_page": page})


@answering()
def answer_of(site_id: str, question: PageHeatmapQuestion) -> HeatmapAnswer:
    """Returns what was done on a question's page; raises as `answer` does."""
    with rollups_of(site_id) as rollups:
        return ADDED_UP.answer(rollups, question)


class _Counts(NamedTuple):
    # what `Heat` is made of; `deepest` are views by how far down they went, in percent
    people: int
    done: int
    done_people: int
    unplaced: int
    rage_clicks: int
    dead_clicks: int
    cells: Numbers
    page_cells: Numbers
    deepest: Numbers


class _Element(NamedTuple):
    times: int
    people: int


class _Troubled(NamedTuple):
    times: int
    people: int
    unplaced: int
    cells: Numbers
    elements: dict[str, _Element]


class _Sums(NamedTuple):
    # of ALL and by device, a place in DEVICES; `seen` are pages of the shop, where nothing happened on this one
    events: int
    heats: dict[int, _Counts]
    elements: dict[str, _Element]
    rage: _Troubled
    dead: _Troubled
    seen: dict[str, int]


def _about_nobody(rollups: Rollups, question: PageHeatmapQuestion) -> HeatmapAnswer:
    nothing = Trouble(count=0, people=0, unplaced=0, bins=[], elements=[])
    return HeatmapAnswer(
        range=Range.of(question.days_of(rollups)),
        complete_to=rollups.received_to,
        name=question.of_page,
        metric=question.metric,
        grid=question.grid,
        **dict(
            _heat(_Counts(0, 0, 0, 0, 0, 0, *(np.zeros(1, np.int64),) * 2, np.zeros(FINEST + 1, np.int64)), question)
        ),
        by_device=[],
        elements=[],
        rage=nothing,
        dead=nothing,
    )


def _sums(rollups: Rollups, question: PageHeatmapQuestion) -> _Sums:
    query = page_query(rollups, question.of_page, question)
    visits = read_page(query, [VIEW, "scroll"], ["scrolled"])
    placed: list[Kind] = [] if question.metric == "scroll" else [question.metric]
    doings = read_page(query, [*placed, *TROUBLE], PLACED)
    done = (visits if question.metric == "scroll" else doings).of(question.metric)
    heats, events = _Heats.of(visits, doings, done, question), len(visits.people) + len(doings.people)
    devices = np.flatnonzero(_by_device(visits.devices) + _by_device(doings.devices)).tolist()
    return _Sums(
        events,
        {ALL: heats.counts(slice(None)), **{device: heats.counts(slice(device, device + 1)) for device in devices}},
        {} if question.metric == "scroll" else _elements_of(done),
        _troubled(doings.of("rage_click"), question.grid),
        _troubled(doings.of("dead_click"), question.grid),
        {} if events else pages_seen(query, question.of_page),
    )


def _answered(question: PageHeatmapQuestion, about_nobody: HeatmapAnswer, sums: _Sums) -> HeatmapAnswer:
    if not sums.events:
        check_seen(sums.seen, question.of_page)
    by_device = [
        DeviceHeat(device=device, **dict(_heat(sums.heats[place], question)))
        for place, device in enumerate(DEVICES)
        if place in sums.heats
    ]
    return about_nobody.model_copy(
        update={
            **dict(_heat(sums.heats[ALL], question)),
            "by_device": by_device,
            "elements": _listed(sums.elements),
            "rage": _trouble(sums.rage, question.grid),
            "dead": _trouble(sums.dead, question.grid),
        }
    )


def _heat(counts: _Counts, question: HeatmapQuestion) -> Heat:
    return Heat(
        views=int(counts.deepest.sum()),
        people=counts.people,
        count=counts.done,
        count_people=counts.done_people,
        unplaced=counts.unplaced,
        bins=_bins(bins_of(counts.cells, question.grid)),
        page_bins=_bins(_page_bins(counts, question)),
        rage_clicks=counts.rage_clicks,
        dead_clicks=counts.dead_clicks,
        scroll_depth=_depths(counts.deepest),
    )


def _page_bins(counts: _Counts, question: HeatmapQuestion) -> list[Bin]:
    if question.metric != "scroll":
        return bins_of(counts.page_cells, question.grid)
    rows = enumerate(reached(counts.deepest, question.grid))
    return [Bin(0, row * (FINEST // question.grid), count) for row, count in rows if count]


@dataclass(frozen=True)
class _Heats:
    # each has a row for every device: `viewers` and `doers` say who there was, `deepest` how many views went how far
    # down, `done` how often the metric was, `placed` how often of these with a place
    viewers: Flags
    deepest: Numbers
    doers: Flags
    done: Numbers
    placed: Numbers
    cells: Numbers
    page_cells: Numbers
    kinds: Numbers

    @classmethod
    def of(cls, visits: PageEvents, doings: PageEvents, done: PageEvents, question: HeatmapQuestion) -> "_Heats":
        views, scrolls, grid = visits.of(VIEW), visits.of("scroll"), question.grid
        depths = scrolled(views.moments, scrolls.moments, depths_of(scrolls.spots["scrolled"]))
        placed, cells, page_cells = depths.placed, *np.full((2, len(scrolls.people)), NOWHERE)
        if question.metric != "scroll":
            cells, page_cells = (cells_of(done.spots[name], grid) for name in ("place", "place_on_page"))
            placed = cells != NOWHERE
        return cls(
            people_on(views.people, views.devices),
            counted(depths.deepest, views.devices, FINEST + 1),
            people_on(done.people, done.devices),
            _by_device(done.devices),
            _by_device(done.devices[placed]),
            counted(cells, done.devices, grid * grid),
            counted(page_cells, done.devices, grid * grid),
            counted(doings.kinds.astype(np.int64), doings.devices, len(KINDS)),
        )

    def counts(self, devices: slice) -> _Counts:
        done, kinds = int(self.done[devices].sum()), self.kinds[devices].sum(axis=0)
        return _Counts(
            people=_people(self.viewers[devices]),
            done=done,
            done_people=_people(self.doers[devices]),
            unplaced=done - int(self.placed[devices].sum()),
            rage_clicks=int(kinds[KINDS.index("rage_click")]),
            dead_clicks=int(kinds[KINDS.index("dead_click")]),
            cells=self.cells[devices].sum(axis=0),
            page_cells=self.page_cells[devices].sum(axis=0),
            deepest=self.deepest[devices].sum(axis=0),
        )


def _by_device(devices: Codes) -> Numbers:
    return np.bincount(devices, minlength=len(DEVICES))


def _people(seen: Flags) -> int:
    return int(np.count_nonzero(seen.any(axis=0)))


def _bins(bins: Iterable[Bin]) -> list[HeatBin]:
    return [HeatBin(x=x, y=y, count=count) for x, y, count in bins]


def _depths(deepest: Numbers) -> list[ScrollDepth]:
    views, all_views = reached(deepest), int(deepest.sum())
    return [
        ScrollDepth(
            depth=(place + 1) * (FINEST // TENTHS),
            views=count,
            share=percentage(count, all_views),
            ended=count - further,
        )
        for place, (count, further) in enumerate(zip(views, [*views[1:], 0], strict=True))
    ]


def _elements_of(events: PageEvents) -> dict[str, _Element]:
    found = elements_of(events.spots["element"], events.people)
    return {element: _Element(times, people) for element, times, people in found}


def _listed(elements: Mapping[str, _Element]) -> list[HeatElement]:
    top = nsmallest(MOST_ELEMENTS, elements.items(), key=lambda each: (-each[1].times, each[0]))
    return [HeatElement(element=element, count=found.times, people=found.people) for element, found in top]


def _troubled(events: PageEvents, grid: int) -> _Troubled:
    cells = counted(cells_of(events.spots["place"], grid), events.devices, grid * grid).sum(axis=0)
    times, people = len(events.people), _people(people_on(events.people, events.devices))
    return _Troubled(times, people, times - int(cells.sum()), cells, _elements_of(events))


def _trouble(found: _Troubled, grid: int) -> Trouble:
    return Trouble(
        count=found.times,
        people=found.people,
        unplaced=found.unplaced,
        bins=_bins(bins_of(found.cells, grid)),
        elements=_listed(found.elements),
    )


ADDED_UP = AddedUp(PageHeatmapQuestion, HeatmapAnswer, _Sums, _about_nobody, _sums, _answered)
