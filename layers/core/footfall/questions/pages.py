"""The question what each page of a shop is to its visitors: a table of pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from footfall.activity.pages import Buying, PageFigures, Views, page_figures
from footfall.days import DayRange, day_of
from footfall.dimensions import UNKNOWN
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Numbers, dimensions_named, joined
from footfall.questions.filters import FilteredList
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion
from footfall.questions.placed_orders import placed_orders, sessions_behind
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.ranked_list import MOST_LISTED, OTHER, check_listed, page_of
from footfall.questions.read_rows import Read, read_rows
from footfall.questions.session_columns import stacked
from footfall.questions.table import Table
from footfall.rates import percentage
from footfall.rollups import Part, Rollups, rollups_of
from footfall.schemas.event import INTERACTION_TYPES
from footfall.schemas.paging import paged
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

SortedBy = Literal["views", "people", "entrances", "exits", "bounces", "conversions"]
VIEW = 0
COUNTS = ("views", "sessions", "entrances", "exits", "bounces", "measured", "milliseconds", "conversions")
"""What is counted of each page beside people, by its name in `PageFigures`."""


class PagesQuestion(KeyedQuestion, FilteredList):
    """Over which days, of which page views, and which part of the list."""

    sort_by: SortedBy = Field(default="views", description="By which count pages are listed, the largest first")


class PageRow(BaseModel):
    """One page. What happened before and after the range is not looked at, but for orders."""

    page: str = Field(
        description="Its path, or its type where it came without a path; `other` without either, and for all pages"
        " beyond the hundred thousand most viewed",
        examples=["/lamps"],
    )
    views: int = Field(description="How often it was viewed", examples=[1_204])
    people: int = Field(description="Distinct people who viewed it", examples=[830])
    sessions: int = Field(description="Sessions in which it was viewed", examples=[911])
    entrances: int = Field(description="Sessions begun in the range of which it was the first page", examples=[300])
    exits: int = Field(description="Sessions of which it was the last page", examples=[120])
    exit_rate: float = Field(description="`exits` of `views`, in percent", examples=[9.97])
    bounces: int = Field(
        description="Of `entrances`, the sessions of one page view and nothing else that a person does", examples=[60]
    )
    bounce_rate: float = Field(description="`bounces` of `entrances`, in percent", examples=[20.0])
    avg_seconds: float | None = Field(
        description="Mean time until the session's next page view; null where none was measured", examples=[41.2]
    )
    measured: int = Field(
        description="Of how many views the time is known: a session's last page has no next one", examples=[1_084]
    )
    conversions: int = Field(
        description="Of `sessions`, those of which an order came that was placed after its first view", examples=[31]
    )
    conversion_rate: float = Field(description="`conversions` of `sessions`, in percent", examples=[3.4])
    buyers: int = Field(description="Distinct people of these sessions", examples=[29])


class Pages(RangeAnswer, KeyedAnswer):
    """The pages of a shop over a range of days, bots left out unless they are asked for.

    Filters choose page views, by what they, their session or their person are; what came before and after them in the
    session is what did in truth.
    """

    data: list[PageRow] = Field(description="Those with the largest count of `sort_by` first")


_answers = Remembered(ANALYTICS, Pages)


@_answers.or_last
@answering()
def answer(site_id: str, question: PagesQuestion) -> Pages:
    """Returns a page of the table of pages; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        question.behind(question.sort_by)
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, _with_orders(days), question, "events", [wanted.row for wanted in filters])
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


def _with_orders(days: DayRange) -> DayRange:
    # an order may come of a session some time later
    return replace(days, last=day_of(days.end + ATTRIBUTION_WINDOW, days.zone))


class _Sums(NamedTuple):
    # by page: the counts of COUNTS; who viewed it, and who in a session that converted
    counts: Table
    people: Table
    buyers: Table


def _about_nobody(rollups: Rollups, question: PagesQuestion) -> Pages:
    range_ = Range.of(question.days_of(rollups))
    return Pages(range=range_, complete_to=rollups.received_to, data=[], next=None, **paged(question, 0))


def _answered(question: PagesQuestion, about_nobody: Pages, sums: _Sums) -> Pages:
    check_listed(sums.counts, "pages were viewed")
    there = np.flatnonzero(sums.counts.sums[0])
    names = [sums.counts.texts[code] for code in sums.counts.codes[0, there]]
    people, buyers = (dict(zip(*each.counted(), strict=True)) for each in (sums.people, sums.buyers))
    counts = [
        {**counts, "people": people.get(name, 0), "buyers": buyers.get(name, 0)}
        for name, counts in zip(names, _by_name(sums.counts, there), strict=True)
    ]
    part = page_of(question, names, [each[question.sort_by] for each in counts], question.sort_by)
    rows = [_row(names[item], counts[item]) for item in part.items]
    return about_nobody.model_copy(update={"data": rows, "next": part.next, **paged(question, len(names))})


def _by_name(found: Table, rows: Numbers) -> Iterator[dict[str, int]]:
    for counts in found.sums[:, rows].T.tolist():
        yield dict(zip(COUNTS, counts, strict=True))


def _sums(rollups: Rollups, question: PagesQuestion) -> _Sums:
    names, found = _figures(rollups, question.days_of(rollups), question)
    counts = Table.of(names, [np.arange(len(names))], sums=[getattr(found, name) for name in COUNTS])
    return _Sums(counts, *(Table.of(names, [seen.pages], [seen.people]) for seen in (found.people, found.buyers)))


def _figures(rollups: Rollups, days: DayRange, question: PagesQuestion) -> tuple[Sequence[str], PageFigures]:
    told = dimensions_named(rollups.site, ["page", "page_type"])
    reading = Kinds(("pageview", *sorted(INTERACTION_TYPES)))
    rows = read_rows(ChoosingQuery.by(rollups, days, question, told, reading)).rows
    views, names = _views(Read([each for each in rows if VIEW in each.steps]), rollups.part)
    busy = stacked(each.who for each in rows if VIEW not in each.steps)
    placed = placed_orders(rollups, days.start, days.end + ATTRIBUTION_WINDOW)
    came = sessions_behind(rollups, placed)
    buying = Buying(came[came != 0], placed.times[came != 0])
    return names, page_figures(views, len(names), milliseconds(days.start), busy, buying)


def _views(read: Read, part: Part | None) -> tuple[Views, Sequence[str]]:
    rows, order = read.rows, np.argsort(stacked(read.places))
    sessions, people, times, starts = (
        stacked(getattr(each, name) for each in rows)[order] for name in ("who", "people", "times", "session_starts")
    )
    counted = stacked(np.full(len(each.who), CHOSEN in each.steps, np.int64) for each in rows)[order] == 1
    pages = _named([each.told["page"] for each in rows], [each.told["page_type"] for each in rows])
    pages = pages if part else _bounded(pages)  # which are viewed most is not known of a part
    return Views(sessions, people, times, starts, pages.codes[order], counted), pages.texts


def _named(paths: Sequence[Coded], types: Sequence[Coded]) -> Coded:
    # a page without a path is called by its type
    path, kind = joined(paths), joined(types)
    texts = [OTHER, *(text for text in path.texts if text != UNKNOWN)]
    places = {text: at for at, text in enumerate(texts)}
    for text in kind.texts:
        if text != UNKNOWN and text not in places:
            places[text] = len(places)
    of_path, of_type = (np.array([places.get(text, 0) for text in one.texts], np.int64) for one in (path, kind))
    if not len(path.codes):
        return Coded(list(places), path.codes)
    codes = of_path[path.codes]
    return Coded(list(places), np.where(codes, codes, of_type[kind.codes]))


def _bounded(pages: Coded) -> Coded:
    if len(pages.texts) <= MOST_LISTED:
        return pages
    views = np.bincount(pages.codes, minlength=len(pages.texts))
    few = np.ones(len(views), bool)
    few[np.argsort(-views, kind="stable")[:MOST_LISTED]] = False
    return Coded(pages.texts, np.where(few[pages.codes], 0, pages.codes))


def _row(name: str, counts: Mapping[str, int]) -> PageRow:
    measured = counts["measured"]
    return PageRow.model_validate(
        {
            **counts,
            "page": name,
            "exit_rate": percentage(counts["exits"], counts["views"]),
            "bounce_rate": percentage(counts["bounces"], counts["entrances"]),
            "avg_seconds": round(counts["milliseconds"] / measured / 1_000, 1) if measured else None,
            "conversion_rate": percentage(counts["conversions"], counts["sessions"]),
        }
    )


ADDED_UP = AddedUp(PagesQuestion, Pages, _Sums, _about_nobody, _sums, _answered)
