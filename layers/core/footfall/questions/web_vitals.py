"""The question how quickly a shop's pages show themselves and answer, by Google's web vitals."""

import math
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import NamedTuple, TypedDict

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.errors import FieldProblem, Invalid
from footfall.events.vitals import LIMITS, VITALS, Vital
from footfall.questions.cache import Asked, Remembered
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import PAGE
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.event import MeasuredEvent
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.collections import events
from footfall.stores.keys import WEB_VITALS
from footfall.stores.mongo import Condition, Pipeline, answering, database

BATCH = 20_000
MOST_EXITS = 500_000
"""So many exits of pages are read for an answer."""


class Scale(NamedTuple):
    """In which steps a vital is counted, so many to its unit, and the most that is good, and that is not poor.

    Each threshold is a whole number of steps, and values are rounded up to one, so that rounding carries none over it.
    """

    steps: float
    good: float
    not_poor: float


SCALES: Mapping[Vital, Scale] = {
    "lcp": Scale(0.1, *LIMITS["lcp"]),
    "inp": Scale(0.1, *LIMITS["inp"]),
    "cls": Scale(1_000, *LIMITS["cls"]),
    "ttfb": Scale(0.1, *LIMITS["ttfb"]),
}


class WebVitalsQuestion(PagedQuestion, RangeQuestion):
    """Over which days, and which page of the list of pages."""


class VitalFigures(BaseModel):
    """What browsers measured of one vital."""

    n: int = Field(description="How often it was measured", examples=[1_204])
    p75: float = Field(
        description="Three of four measurements are not more: milliseconds, rounded up to ten, and for `cls` a score,"
        " rounded up to a thousandth",
        examples=[2_310],
    )
    good: float = Field(description="Measurements that are good by Google's threshold, in percent", examples=[79.4])
    poor: float = Field(description="Measurements that are poor by Google's threshold, in percent", examples=[6.31])


class VitalsPart(BaseModel):
    """The vitals of some page views; null where no browser measured one."""

    lcp: VitalFigures | None = Field(description="Largest contentful paint: good to 2,500 ms, poor over 4,000 ms")
    inp: VitalFigures | None = Field(description="Interaction to next paint: good to 200 ms, poor over 500 ms")
    cls: VitalFigures | None = Field(description="Cumulative layout shift: good to 0.1, poor over 0.25")
    ttfb: VitalFigures | None = Field(description="Time to first byte: good to 800 ms, poor over 1,800 ms")


class DeviceVitals(VitalsPart):
    """The vitals on one kind of device."""

    device: Device


class VitalsByDevice(VitalsPart):
    """The vitals of some page views, in all and by device."""

    by_device: list[DeviceVitals] = Field(description="The same by device, where there is any")


class PageVitals(VitalsByDevice):
    """The vitals of one page of the shop."""

    page: str = Field(description="Its path, or its type where it came without a path; `other` without either")


class WebVitals(RangeAnswer, PagedAnswer):
    """How quickly pages show themselves and answer; bots are left out. Pages that most was measured of come first."""

    overall: VitalsByDevice = Field(description="All pages of the range")
    pages: list[PageVitals]
    total: int = Field(description="Pages of the shop of which anything was measured", examples=[31])


class _Page(TypedDict):
    _id: str


class _Whole(TypedDict):
    pages: int
    exits: int


class _Pages(TypedDict):
    listed: list[_Page]
    whole: list[_Whole]


Tallies = defaultdict[Vital, Counter[int]]
"""How often each vital was so many steps."""
Parts = Mapping[tuple[str | None, str], Tallies]
"""The same by page and device; the page is None for all pages that are not listed."""


_answers = Remembered(WEB_VITALS, WebVitals)


@_answers.or_last
@answering()
def answer(site_id: str, question: WebVitalsQuestion) -> WebVitals:
    """Returns the web vitals of a range of days; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        asked = Asked(rollups, days, question, "events")
        return _answers.remember(asked, lambda: _web_vitals(rollups, days, question))


def _web_vitals(rollups: Rollups, days: DayRange, question: WebVitalsQuestion) -> WebVitals:
    measured = _measured(rollups.site.site_id, days)
    found = _pages(rollups, measured, question)
    whole = next(iter(found["whole"]), _Whole(pages=0, exits=0))
    if whole["exits"] > MOST_EXITS:
        raise Invalid(
            [FieldProblem("from", f"more than {MOST_EXITS:,} pages were left in the range: ask for fewer days")]
        )
    pages = [page["_id"] for page in found["listed"]]
    parts = _parts(rollups, measured, frozenset(pages))
    return WebVitals(
        range=Range.of(days),
        complete_to=None,
        overall=VitalsByDevice(**_by_device(parts)),
        pages=[PageVitals(page=page, **_by_device(_only(parts, page=page))) for page in pages],
        **paged(question, whole["pages"]),
    )


def _measured(site_id: str, days: DayRange) -> Condition:
    time = {"$gte": days.start, "$lt": days.end}
    held = {"vitals": {"$exists": True}, "bot": False}
    return {"site_id": site_id, "type": "page_exit", "timestamp": time, **held}


def _pages(rollups: Rollups, measured: Condition, question: WebVitalsQuestion) -> _Pages:
    order: Pipeline = [{"$sort": {"n": -1, "_id": 1}}, {"$skip": question.skip}, {"$limit": question.page_size}]
    whole = {"_id": None, "pages": {"$sum": 1}, "exits": {"$sum": "$n"}}
    pipeline: Pipeline = [
        {"$match": measured},
        {"$group": {"_id": PAGE, "n": {"$sum": 1}}},
        {"$facet": {"listed": order, "whole": [{"$group": whole}]}},
    ]
    return events.aggregate(database(), _Pages, pipeline, session=rollups.session, allow_disk_use=True).next()


def _parts(rollups: Rollups, measured: Condition, listed: AbstractSet[str]) -> Parts:
    parts: defaultdict[tuple[str | None, str], Tallies] = defaultdict(lambda: defaultdict(Counter))
    for event in events.read(database(), MeasuredEvent, measured, session=rollups.session, batch_size=BATCH):
        page = event.get("path", event.get("page_type", "other"))
        part = parts[page if page in listed else None, event["device"]]
        for vital in VITALS:
            if (value := event["vitals"].get(vital)) is not None:
                part[vital][_steps(value, SCALES[vital])] += 1
    return parts


def _steps(value: float, scale: Scale) -> int:
    return math.ceil(round(value * scale.steps, 6))  # 3 × 0.1 is more than 0.3


def _only(parts: Parts, page: str | None = None, device: str | None = None) -> Parts:
    return {
        (of_page, on_device): tallies
        for (of_page, on_device), tallies in parts.items()
        if page in (None, of_page) and device in (None, on_device)
    }


class _Part(TypedDict):
    lcp: VitalFigures | None
    inp: VitalFigures | None
    cls: VitalFigures | None
    ttfb: VitalFigures | None


class _ByDevice(_Part):
    by_device: list[DeviceVitals]


def _by_device(parts: Parts) -> _ByDevice:
    on = [(device, found) for device in DEVICES if (found := _only(parts, device=device))]
    return _ByDevice(**_part(parts), by_device=[DeviceVitals(device=device, **_part(found)) for device, found in on])


def _part(parts: Parts) -> _Part:
    lcp, inp, cls, ttfb = (_figures(vital, [tallies[vital] for tallies in parts.values()]) for vital in VITALS)
    return _Part(lcp=lcp, inp=inp, cls=cls, ttfb=ttfb)


def _figures(vital: Vital, parts: Iterable[Counter[int]]) -> VitalFigures | None:
    counts = Counter[int]()
    for part in parts:
        counts.update(part)
    if not counts:
        return None
    scale, n = SCALES[vital], counts.total()
    good, not_poor = (_at_most(counts, limit * scale.steps) for limit in (scale.good, scale.not_poor))
    p75 = round(_third_quartile(counts, n) / scale.steps, 3)
    return VitalFigures(n=n, p75=p75, good=percentage(good, n), poor=percentage(n - not_poor, n))


def _at_most(counts: Counter[int], limit: float) -> int:
    return sum(n for steps, n in counts.items() if steps <= round(limit))


def _third_quartile(counts: Counter[int], n: int) -> int:
    # the smallest value that three quarters are not more than
    ordered = sorted(counts)
    sums = list(accumulate(counts[steps] for steps in ordered))
    return ordered[bisect_left(sums, 0.75 * n)]
