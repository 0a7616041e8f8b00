"""The question how quickly a shop's pages show themselves and answer, by Google's web vitals."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, Field

from footfall.events.vitals import LIMITS, STEPS, VITALS, Vital
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.filters import FilteredList
from footfall.questions.measured_exits import MeasuredExits, Parts, measured_exits
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores.keys import WEB_VITALS
from footfall.stores.mongo import answering


class WebVitalsQuestion(PagedQuestion, FilteredList):
    """Over which days, of which page views, and which page of the list of pages."""

    model_config = ConfigDict(extra="allow")


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


_answers = Remembered(WEB_VITALS, WebVitals)


@_answers.or_last
@answering()
def answer(site_id: str, question: WebVitalsQuestion) -> WebVitals:
    """Returns the web vitals of a range of days; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, days, question, "events", [wanted.row for wanted in filters])
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


def _about_nobody(rollups: Rollups, question: WebVitalsQuestion) -> WebVitals:
    found = WebVitals(
        range=Range.of(question.days_of(rollups)),
        complete_to=None,
        overall=VitalsByDevice(**_by_device({})),
        pages=[],
        **paged(question, 0),
    )
    return found.counted_to(rollups.received_to)


def _answered(question: WebVitalsQuestion, about_nobody: WebVitals, exits: MeasuredExits) -> WebVitals:
    ranked = exits.pages_by_exits()
    listed = ranked[question.skip :][: question.page_size]
    parts = exits.parts(listed)
    overall = VitalsByDevice(**_by_device(parts))
    pages = [PageVitals(page=page, **_by_device(_only(parts, page=page))) for page in listed]
    return about_nobody.model_copy(update={"overall": overall, "pages": pages, **paged(question, len(ranked))})


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
    lcp, inp, cls, ttfb = (
        _figures(vital, [tallies[vital] for tallies in parts.values() if vital in tallies]) for vital in VITALS
    )
    return _Part(lcp=lcp, inp=inp, cls=cls, ttfb=ttfb)


def _figures(vital: Vital, parts: Iterable[Counter[int]]) -> VitalFigures | None:
    counts = Counter[int]()
    for part in parts:
        counts.update(part)
    if not counts:
        return None
    n, steps = counts.total(), STEPS[vital]
    good, not_poor = (_at_most(counts, limit * steps) for limit in LIMITS[vital])
    p75 = round(_third_quartile(counts, n) / steps, 3)
    return VitalFigures(n=n, p75=p75, good=percentage(good, n), poor=percentage(n - not_poor, n))


def _at_most(counts: Counter[int], limit: float) -> int:
    return sum(n for steps, n in counts.items() if steps <= round(limit))


def _third_quartile(counts: Counter[int], n: int) -> int:
    # the smallest value that three quarters are not more than
    ordered = sorted(counts)
    sums = list(accumulate(counts[steps] for steps in ordered))
    return ordered[bisect_left(sums, 0.75 * n)]


ADDED_UP = AddedUp(WebVitalsQuestion, WebVitals, MeasuredExits, _about_nobody, measured_exits, _answered)
