"""The question what people search a shop for, what is found, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from footfall.activity.searches import ADDED, CLICKED, NOT_SAID, SEARCHED, Placed, Steps, searches_of
from footfall.days import day_of
from footfall.dimensions import UNKNOWN
from footfall.questions.added_up import AddedUp
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Numbers, Rows, columns_named, joined
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
from footfall.schemas.paging import paged
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

STEPS = {
    "product_searched": SEARCHED,
    "product_clicked": CLICKED,
    "product_viewed": CLICKED,
    "product_added": ADDED,
    "wishlist_product_added_to_cart": ADDED,
}
COUNTS = ("searches", "results_told", "without_results", "results", "clicked", "added", "ordered")
"""What is counted of each term beside people; `results` are how many were found in all."""
SortedBy = Literal["searches", "people", "without_results", "clicked", "added", "ordered"]


class SearchesQuestion(KeyedQuestion, FilteredList):
    """Over which days, of which searches, and which part of the list."""

    sort_by: SortedBy = Field(default="searches", description="By which count terms are listed, the largest first")


class SearchFigures(BaseModel):
    """Searches, and what came of them before their session's next one."""

    searches: int = Field(
        description="How often it was searched for; the same term again in a session, with no other between, is the"
        " same search",
        examples=[120],
    )
    people: int = Field(description="Distinct people who did", examples=[95])
    results_told: int = Field(description="Of `searches`, those whose number of results was told", examples=[110])
    without_results: int = Field(description="Of `results_told`, those that had none", examples=[11])
    without_results_rate: float = Field(description="`without_results` of `results_told`, in percent", examples=[10.0])
    avg_results: float | None = Field(description="Mean number of results, of `results_told`; null for none")
    clicked: int = Field(description="Searches after which a product was clicked or viewed", examples=[70])
    clicked_rate: float = Field(description="`clicked` of `searches`, in percent", examples=[58.33])
    added: int = Field(description="Searches after which a product was put into a cart", examples=[20])
    added_rate: float = Field(description="`added` of `searches`, in percent", examples=[16.67])
    ordered: int = Field(
        description="Searches that were the last before an order that came of their session", examples=[9]
    )
    ordered_rate: float = Field(description="`ordered` of `searches`, in percent", examples=[7.5])


class SearchTerm(SearchFigures):
    """One term."""

    term: str = Field(
        description="What was searched for, without case; `unknown` where that is not told, `other` for all beyond the"
        " hundred thousand most frequent",
        examples=["blue lamp"],
    )


class SearchesAnswer(RangeAnswer, KeyedAnswer):
    """What people searched for over a range of days, bots left out unless asked for; filters choose searches."""

    overall: SearchFigures = Field(description="All searches")
    data: list[SearchTerm] = Field(description="The terms with the largest count of `sort_by` first")


_answers = Remembered(ANALYTICS, SearchesAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: SearchesQuestion) -> SearchesAnswer:
    """Returns a page of the terms of a range; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        question.behind(question.sort_by)
        looked_at = replace(days, last=day_of(days.end + ATTRIBUTION_WINDOW, days.zone))
        filters = question.filters_of(rollups.site).values()
        asked = Asked(rollups, looked_at, question, "events", [wanted.row for wanted in filters])
        return _answers.remember(asked, lambda: ADDED_UP.answer(rollups, question))


class _Sums(NamedTuple):
    # by term: the counts of COUNTS, and who searched for it
    counts: Table
    people: Table


def _about_nobody(rollups: Rollups, question: SearchesQuestion) -> SearchesAnswer:
    return SearchesAnswer(
        range=Range.of(question.days_of(rollups)),
        complete_to=rollups.received_to,
        overall=_figures(dict.fromkeys(("people", *COUNTS), 0)),
        data=[],
        next=None,
        **paged(question, 0),
    )


def _answered(question: SearchesQuestion, about_nobody: SearchesAnswer, sums: _Sums) -> SearchesAnswer:
    check_listed(sums.counts, "terms were searched for")
    names = [sums.counts.texts[code] for code in sums.counts.codes[0]]
    people = dict(zip(*sums.people.counted(), strict=True))
    columns = [dict(zip(COUNTS, counts, strict=True)) for counts in sums.counts.sums.T.tolist()]
    counts = [{**each, "people": people[name]} for name, each in zip(names, columns, strict=True)]
    part = page_of(question, names, [each[question.sort_by] for each in counts], question.sort_by)
    whole = dict(zip(COUNTS, sums.counts.sums.sum(axis=1).tolist(), strict=True))
    return about_nobody.model_copy(
        update={
            "overall": _figures({**whole, "people": len(np.unique(sums.people.numbers))}),
            "data": [SearchTerm(term=names[at], **_figures(counts[at]).model_dump()) for at in part.items],
            "next": part.next,
            **paged(question, len(names)),
        }
    )


def _sums(rollups: Rollups, question: SearchesQuestion) -> _Sums:
    days, told = question.days_of(rollups), columns_named("search_term", "search_results")
    query = ChoosingQuery.by(rollups, days, question, told, Kinds(tuple(STEPS)))
    steps, terms = _steps(read_rows(query), rollups.part)
    placed = placed_orders(rollups, days.start, days.end + ATTRIBUTION_WINDOW)
    found = searches_of(steps, Placed(sessions_behind(rollups, placed), placed.times))
    is_told = found.found != NOT_SAID
    results = np.where(is_told, found.found, 0)
    ones = np.ones(len(found.terms), np.int64)
    counts = [ones, is_told, found.found == 0, results, found.clicked, found.added, found.ordered]
    return _Sums(Table.of(terms, [found.terms], sums=counts), Table.of(terms, [found.terms], [found.people]))


def _steps(read: Read, part: Part | None) -> tuple[Steps, list[str]]:
    rows, order = read.rows, np.argsort(stacked(read.places))
    sessions, people, times = (
        stacked(getattr(each, name) for each in rows)[order] for name in ("who", "people", "times")
    )
    kinds, counted = (
        stacked(np.full(len(each.who), value, np.int64) for each, value in zip(rows, values, strict=True))[order]
        for values in (
            [list(STEPS.values())[max(each.steps)] for each in rows],
            [CHOSEN in each.steps for each in rows],
        )
    )
    codes, terms = _terms(rows, kinds, order, None if part else MOST_LISTED)
    told = joined([each.told["search_results"] for each in rows])
    found = np.array([int(text) if text else NOT_SAID for text in told.texts], np.int64)
    results = found[told.codes[order]] if len(order) else told.codes
    return Steps(sessions, people, times, kinds, codes, results, counted == 1), terms


def _terms(rows: Sequence[Rows], kinds: Numbers, order: Numbers, most: int | None) -> tuple[Numbers, list[str]]:
    # the term of each event by number; beyond the most frequent, which no part of the people tells, 0 is for all others
    told = joined([each.told["search_term"] for each in rows])
    codes = told.codes[order]
    counts = np.bincount(codes[kinds == SEARCHED], minlength=len(told.texts))
    numbers = np.zeros(len(told.texts), np.int64)
    frequent = np.argsort(-counts, kind="stable")[:most]
    numbers[frequent] = np.arange(1, len(frequent) + 1)
    terms = [OTHER, *(told.texts[at] or UNKNOWN for at in frequent.tolist())]
    return (numbers[codes] if len(codes) else codes), terms


def _figures(counts: Mapping[str, int]) -> SearchFigures:
    searches, told = counts["searches"], counts["results_told"]
    return SearchFigures(
        searches=searches,
        people=counts["people"],
        results_told=told,
        without_results=counts["without_results"],
        without_results_rate=percentage(counts["without_results"], told),
        avg_results=round(counts["results"] / told, 1) if told else None,
        clicked=counts["clicked"],
        clicked_rate=percentage(counts["clicked"], searches),
        added=counts["added"],
        added_rate=percentage(counts["added"], searches),
        ordered=counts["ordered"],
        ordered_rate=percentage(counts["ordered"], searches),
    )


ADDED_UP = AddedUp(SearchesQuestion, SearchesAnswer, _Sums, _about_nobody, _sums, _answered)
