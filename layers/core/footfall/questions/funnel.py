"""The question who goes how far through a funnel: everybody's furthest attempt, and what those people bought."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Attempts, Coded, Integers, Overlapping, People, any_order, ordered
from footfall.funnels.summary import StepFigures, Summary
from footfall.money import major_units
from footfall.questions.cache import cached
from footfall.questions.figures import Currency
from footfall.questions.funnel_entries import entries
from footfall.questions.funnel_query import FunnelQuery, FunnelSelection, Unit
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range, RangeAnswer
from footfall.rollups import rollups_of
from footfall.schemas.metrics import DayBuyers, DayLeftOut
from footfall.stores.collections import daily_metrics
from footfall.stores.keys import Key
from footfall.stores.mongo import answering, database

MOST_DIMENSIONS = 2
MOST_VALUES = 100
OTHER, NOT_REACHED = "other", "not reached"


class FunnelQuestion(FunnelSelection):
    """How far people come over the whole range."""

    order: Literal["ordered", "any"] = Field(
        default="ordered",
        description="`ordered`: step after step; `any`: a step is reached once it and all before it have happened",
    )
    unit: Unit = Field(default="user", description="What is counted: people, or sessions")
    breakdown: list[str] | None = Field(
        default=None,
        description="Also by one or two dimensions, by commas or repeated; nobody is split over two values",
        examples=[["device", "source"]],
    )
    at: str = Field(
        default="first",
        description="Which step says the value: `first`, `last` (the last that was reached), or a step's number from 1,"
        " which has none for who did not reach it",
        pattern="^(first|last|[1-9][0-9]?)$",
        examples=["first"],
    )


class FunnelStep(BaseModel):
    """How many people reached one step. Rates in percent with two decimals, 0 where nobody could have."""

    name: str = Field(description="The step: a page type or event name, `a|b` is either", examples=["search"])
    order: int = Field(description="Its place in the funnel, from 1", examples=[2])
    users: int = Field(description="Distinct people (or sessions) that reached it", examples=[45200])
    conversion_rate: float = Field(description="Of those who entered the funnel, in percent", examples=[50.0])
    step_conversion_rate: float = Field(description="Of those who reached the step before, in percent", examples=[50.0])
    drop_off: int = Field(description="Those who reached the step before and not this one", examples=[45200])
    drop_off_rate: float = Field(
        description="The same of those who reached the step before, in percent", examples=[50.0]
    )
    avg_seconds: float | None = Field(
        description="Mean time from the step before; null for the first step and where nobody went on", examples=[41.2]
    )
    median_seconds: float | None = Field(description="Median of the same times", examples=[30.0])
    p90_seconds: float | None = Field(description="Nine in ten were quicker", examples=[95.5])
    revenue: float | None = Field(
        description="What the orders amount to, before refunds, that those who reached the step placed in the range;"
        " null for `unit=session`",
        examples=[1250.5],
    )


class FunnelBreakdown(BaseModel):
    """The same funnel for one value; nobody is in two of them."""

    value: str | list[str] = Field(
        description="The value, of two dimensions a list; beyond the hundred largest all others are `other`",
        examples=["Mobile"],
    )
    steps: list[FunnelStep]
    overall_conversion_rate: float = Field(
        description="Those who reached the last step, of those who reached the first, in percent"
    )


class FunnelAnswer(LeftOut, RangeAnswer):
    """Who went how far, as distinct people over the whole range; for sessions no orders are counted or left out."""

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`", examples=["default"])
    unit: Unit = Field(description="What is counted")
    steps: list[FunnelStep]
    overall_conversion_rate: float = Field(
        description="Those who reached the last step, of those who reached the first, in percent", examples=[0.5]
    )
    currency: Currency
    breakdowns: list[FunnelBreakdown] = Field(description="Empty without `breakdown`")


@answering()
def answer(site_id: str, question: FunnelQuestion) -> FunnelAnswer:
    """Returns who reached each step; raises NotFound, Unavailable, or Invalid, also for too many events to look at."""
    with rollups_of(site_id) as rollups:
        query = FunnelQuery.of(rollups, question, question.unit, _dimensions(question))
        _step_of(query, question)
        return query.counted(_result(query, question))


def _dimensions(question: FunnelQuestion) -> list[str]:
    names = [name.strip() for part in question.breakdown or () for name in part.split(",")]
    if len(names) > MOST_DIMENSIONS or len(set(names)) < len(names):
        raise Invalid([FieldProblem("breakdown", f"give at most {MOST_DIMENSIONS} dimensions, each once")])
    return names


def _step_of(query: FunnelQuery, question: FunnelQuestion) -> int:
    # the step that says the value, from 0; -1 is the last that was reached
    if question.at in ("first", "last"):
        return 0 if question.at == "first" else -1
    if int(question.at) > len(query.funnel.steps):
        raise Invalid([FieldProblem("at", "the funnel has fewer steps")])
    return int(question.at) - 1


def _key(query: FunnelQuery, question: FunnelQuestion) -> Key | None:
    return query.key(FunnelAnswer, question)


@cached(FunnelAnswer, _key)
def _result(query: FunnelQuery, question: FunnelQuestion) -> FunnelAnswer:
    summary = _attempted(query, question)
    purchases = _purchases(query, summary.attempts) if query.unit == "user" else None
    currency = query.rollups.site.currency
    steps = _steps(summary.steps(), purchases, currency)
    return FunnelAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        steps=steps,
        overall_conversion_rate=steps[-1].conversion_rate,
        currency=currency,
        breakdowns=_breakdowns(query, question, summary, purchases),
        **_left_out(query).model_dump(),
    )


def _attempted(query: FunnelQuery, question: FunnelQuestion) -> Summary:
    entered = entries(query)
    follow = any_order if question.order == "any" else ordered
    try:
        attempts = follow(entered.steps, entered.timeline, question.window)
    except Overlapping:
        raise Invalid([FieldProblem("steps", "`order=any` needs steps of which no event satisfies two")]) from None
    return Summary(query.funnel.steps, attempts, entered.timeline)


class _Purchases(NamedTuple):
    attempts: Integers  # the place of each buyer's attempt
    reached: Integers
    totals: Integers

    def of(self, group: NDArray[np.bool_]) -> "_Purchases":
        fits = group[self.attempts]
        return _Purchases(self.attempts[fits], self.reached[fits], self.totals[fits])


def _purchases(query: FunnelQuery, attempts: Attempts) -> _Purchases:
    # the orders placed in the range by those who made an attempt, in the site's currency
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates, "orders": {"$gt": 0}}
    found = daily_metrics.read(database(), DayBuyers, condition, session=query.rollups.session).to_list()
    buyers = np.frombuffer(b"".join(day["buyers"]["people"] for day in found), "<u4")
    totals = np.frombuffer(b"".join(day["buyers"]["totals"] for day in found), "<i8")
    at = _attempts_of(attempts, buyers)
    known = at >= 0
    return _Purchases(at[known], attempts.reached[at[known]], totals[known])


def _left_out(query: FunnelQuery) -> LeftOut:
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates}
    days = daily_metrics.read(database(), DayLeftOut, condition, session=query.rollups.session)
    return LeftOut.of_days(days if query.unit == "user" else [])


def _attempts_of(attempts: Attempts, buyers: People) -> Integers:
    # the place of each buyer's attempt; -1 for who made none
    at = np.searchsorted(attempts.people, buyers)
    known = at < len(attempts.people)
    known[known] = attempts.people[at[known]] == buyers[known]
    return np.where(known, at, -1)


def _breakdowns(
    query: FunnelQuery, question: FunnelQuestion, summary: Summary, purchases: _Purchases | None
) -> list[FunnelBreakdown]:
    if not query.breakdown:
        return []
    step = _step_of(query, question)
    texts, codes = _largest([summary.told(name, step) for name in query.breakdown])
    found = []
    for code, values in enumerate(texts):
        group = codes == code
        steps = _steps(summary.steps_of(group), purchases.of(group) if purchases else None, query.rollups.site.currency)
        if steps[0].users:
            value = values[0] if len(values) == 1 else list(values)
            overall = steps[-1].conversion_rate
            found.append(FunnelBreakdown(value=value, steps=steps, overall_conversion_rate=overall))
    return sorted(found, key=lambda part: -part.steps[0].users)


def _largest(told: Sequence[Coded]) -> tuple[list[tuple[str, ...]], Integers]:
    # the values there are, of two dimensions each pair, and the place of each attempt's; beyond the largest, `other`
    combined = np.zeros(len(told[0].codes), np.int64)
    for coded in told:
        combined = combined * len(coded.texts) + coded.codes
    pairs, codes, counts = np.unique(combined, return_inverse=True, return_counts=True)
    texts = [_texts(int(pair), told) for pair in pairs]
    if len(texts) <= MOST_VALUES:
        return texts, codes
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_VALUES])
    places = np.full(len(texts), len(kept))
    places[kept] = np.arange(len(kept))
    return [*(texts[place] for place in kept), (OTHER,) * len(told)], places[codes]


def _texts(pair: int, told: Sequence[Coded]) -> tuple[str, ...]:
    values: list[str] = []
    for coded in reversed(told):
        pair, place = divmod(pair, len(coded.texts))
        values.insert(0, coded.texts[place] or NOT_REACHED)
    return tuple(values)


def _steps(figures: Sequence[StepFigures], purchases: _Purchases | None, currency: str) -> list[FunnelStep]:
    return [FunnelStep(**step._asdict(), revenue=_revenue(step, purchases, currency)) for step in figures]


def _revenue(step: StepFigures, purchases: _Purchases | None, currency: str) -> float | None:
    if purchases is None:
        return None
    return major_units(int(purchases.totals[purchases.reached >= step.order].sum()), currency)
