"""The question what people search a shop for, what is found, and what comes of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from footfall.activity.searches import ADDED, CLICKED, NOT_SAID, SEARCHED, Placed, Searches, Steps, searches_of
from footfall.days import DayRange, day_of
from footfall.dimensions import UNKNOWN
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import CHOSEN, ChoosingQuery, Kinds, Numbers, Rows, columns_named, joined
from footfall.questions.filters import Filtered
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion
from footfall.questions.placed_orders import placed_orders, sessions_behind
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.ranked_list import MOST_LISTED, OTHER, page_of
from footfall.questions.read_rows import read_rows
from footfall.questions.session_columns import stacked
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
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
SortedBy = Literal["searches", "people", "without_results", "clicked", "added", "ordered"]


class SearchesQuestion(KeyedQuestion, Filtered):
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
        return _answers.remember(asked, lambda: _answer(rollups, days, question))


def _answer(rollups: Rollups, days: DayRange, question: SearchesQuestion) -> SearchesAnswer:
    query = ChoosingQuery.by(
        rollups, days, question, columns_named("search_term", "search_results"), Kinds(tuple(STEPS))
    )
    steps, terms = _steps(read_rows(query).rows)
    placed = placed_orders(rollups, days.start, days.end + ATTRIBUTION_WINDOW)
    searches = searches_of(steps, Placed(sessions_behind(rollups, placed), placed.times))
    tally = _Tally.of(searches.terms, searches, len(terms))
    there: list[int] = np.flatnonzero(tally.searches).tolist()
    counts = getattr(tally, question.sort_by)[there].tolist()
    part = page_of(question, [terms[at] for at in there], counts, question.sort_by)
    return SearchesAnswer(
        range=Range.of(days),
        complete_to=None,
        overall=_Tally.of(np.zeros(len(searches.terms), np.int64), searches, 1).figures(0),
        data=[SearchTerm(term=terms[there[item]], **tally.figures(there[item]).model_dump()) for item in part.items],
        next=part.next,
        **paged(question, len(there)),
    )


def _steps(rows: Sequence[Rows]) -> tuple[Steps, list[str]]:
    days, ranks = stacked(each.days for each in rows), stacked(each.ranks for each in rows)
    order = np.lexsort((ranks, days))
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
    codes, terms = _terms(rows, kinds, order)
    told = joined([each.told["search_results"] for each in rows])
    found = np.array([int(text) if text else NOT_SAID for text in told.texts], np.int64)
    results = found[told.codes[order]] if len(order) else told.codes
    return Steps(sessions, people, times, kinds, codes, results, counted == 1), terms


def _terms(rows: Sequence[Rows], kinds: Numbers, order: Numbers) -> tuple[Numbers, list[str]]:
    # the term of each event by number; beyond the most frequent, 0 is for all others
    told = joined([each.told["search_term"] for each in rows])
    codes = told.codes[order]
    counts = np.bincount(codes[kinds == SEARCHED], minlength=len(told.texts))
    numbers = np.zeros(len(told.texts), np.int64)
    frequent = np.argsort(-counts, kind="stable")[:MOST_LISTED]
    numbers[frequent] = np.arange(1, len(frequent) + 1)
    terms = [OTHER, *(told.texts[at] or UNKNOWN for at in frequent.tolist())]
    return (numbers[codes] if len(codes) else codes), terms


class _Tally(NamedTuple):
    # of each term, by its number
    searches: Numbers
    people: Numbers
    results_told: Numbers
    without_results: Numbers
    results: Numbers
    clicked: Numbers
    added: Numbers
    ordered: Numbers

    @classmethod
    def of(cls, terms: Numbers, searches: Searches, count: int) -> "_Tally":
        told = searches.found != NOT_SAID
        results = np.zeros(count, np.int64)
        np.add.at(results, terms[told], searches.found[told])
        pairs = np.unique(np.stack([terms, searches.people]), axis=1)

        def of(those: "np.typing.NDArray[np.bool_]") -> Numbers:
            return np.bincount(terms[those], minlength=count)

        return cls(
            np.bincount(terms, minlength=count),
            np.bincount(pairs[0], minlength=count),
            of(told),
            of(searches.found == 0),
            results,
            of(searches.clicked),
            of(searches.added),
            of(searches.ordered),
        )

    def figures(self, at: int) -> SearchFigures:
        counts = {name: int(column[at]) for name, column in self._asdict().items()}
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
