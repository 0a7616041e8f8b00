"""The question who goes how far through a funnel: everybody's furthest attempt, and what those people bought."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Coded, Integers
from footfall.funnels.summary import StepFigures, Summary
from footfall.funnels.value import lost
from footfall.money import major_units
from footfall.questions.cache import cached
from footfall.questions.figures import Currency
from footfall.questions.funnel_attempts import attempted, purchases
from footfall.questions.funnel_query import FunnelModes, FunnelQuery, Unit, step_of
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range, RangeAnswer
from footfall.rollups import rollups_of
from footfall.schemas.metrics import DayLeftOut
from footfall.stores.collections import daily_metrics
from footfall.stores.keys import Key
from footfall.stores.mongo import answering, database

MOST_DIMENSIONS = 2
MOST_VALUES = 100
OTHER, NOT_REACHED = "other", "not reached"


class FunnelQuestion(FunnelModes):
    """How far people come over the whole range."""

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

    def dimensions(self) -> Sequence[str]:
        """Returns by which dimensions the answer is broken down; raises Invalid for more than two."""
        names = [name.strip() for part in self.breakdown or () for name in part.split(",")]
        if len(names) > MOST_DIMENSIONS or len(set(names)) < len(names):
            raise Invalid([FieldProblem("breakdown", f"give at most {MOST_DIMENSIONS} dimensions, each once")])
        return names

    def telling_step(self, query: FunnelQuery) -> int:
        """Returns the step that says the value, from 0, -1 for the last that was reached; raises Invalid for none."""
        if self.at in ("first", "last"):
            return 0 if self.at == "first" else -1
        return step_of(query, "at", int(self.at), 1) - 1


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
    net_revenue: float | None = Field(
        description="`revenue` less what was given back of these very orders, whenever that was", examples=[1180.5]
    )
    value_lost: float | None = Field(
        description="What those who left before this step would have brought at the average of those who reached it:"
        " `drop_off` times `net_revenue` per one of `users`, who bought nothing among them. Null for the first step,"
        " where nobody reached the step, and for `unit=session`",
        examples=[310.25],
    )
    value_lost_low: float | None = Field(
        description="`value_lost` is not lower with 95 % confidence: `drop_off` times (the mean - 1.96 standard"
        " deviations of one value / the root of `users`); null for fewer than 30 `users`",
        examples=[240.1],
    )
    value_lost_high: float | None = Field(
        description="`value_lost` is not higher, in the same way with +", examples=[380.4]
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
        query = question.query_of(rollups)
        question.telling_step(query)
        return query.counted(_result(query, question))


def _key(query: FunnelQuery, question: FunnelQuestion) -> Key | None:
    return query.key(FunnelAnswer, question)


@cached(FunnelAnswer, _key)
def _result(query: FunnelQuery, question: FunnelQuestion) -> FunnelAnswer:
    found = attempted(query, question)
    summary = Summary(query.funnel.steps, found.attempts, found.entered.timeline)
    money = _Money.of(query, summary)
    steps = _steps(summary.steps(), money)
    return FunnelAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        steps=steps,
        overall_conversion_rate=steps[-1].conversion_rate,
        currency=query.rollups.site.currency,
        breakdowns=_breakdowns(query, question.telling_step(query), summary, money),
        **_left_out(query).model_dump(),
    )


def _left_out(query: FunnelQuery) -> LeftOut:
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates}
    days = daily_metrics.read(database(), DayLeftOut, condition, session=query.rollups.session)
    return LeftOut.of_days(days if query.unit == "user" else [])


@dataclass(frozen=True)
class _Money:
    # how far each attempt came, what its person's orders amount to, and what was left of it after refunds
    reached: Integers
    totals: Integers
    net: Integers
    currency: str

    @classmethod
    def of(cls, query: FunnelQuery, summary: Summary) -> "_Money | None":
        found = purchases(query, summary.attempts)
        if found is None:
            return None
        totals, refunded = found.by_attempt(len(summary.attempts.people))
        return cls(summary.attempts.reached, totals, totals - refunded, query.rollups.site.currency)

    def where(self, fits: NDArray[np.bool_]) -> "_Money":
        return _Money(self.reached[fits], self.totals[fits], self.net[fits], self.currency)

    def of_step(self, step: StepFigures) -> dict[str, float | None]:
        stayed = self.reached >= step.order
        gone = lost(self.net[stayed], step.drop_off) if step.order > 1 else None
        return {
            "revenue": self._major(float(self.totals[stayed].sum())),
            "net_revenue": self._major(float(self.net[stayed].sum())),
            "value_lost": self._major(gone and gone.amount),
            "value_lost_low": self._major(gone and gone.low),
            "value_lost_high": self._major(gone and gone.high),
        }

    def _major(self, minor: float | None) -> float | None:
        return None if minor is None else major_units(minor, self.currency)


NOT_OF_SESSIONS = dict.fromkeys(["revenue", "net_revenue", "value_lost", "value_lost_low", "value_lost_high"])


def _breakdowns(query: FunnelQuery, step: int, summary: Summary, money: _Money | None) -> list[FunnelBreakdown]:
    if not query.told:
        return []
    texts, codes = _largest([summary.told(name, step) for name in query.told])
    found = []
    for code, values in enumerate(texts):
        group = codes == code
        steps = _steps(summary.steps_of(group), money.where(group) if money else None)
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


def _steps(figures: Sequence[StepFigures], money: _Money | None) -> list[FunnelStep]:
    return [FunnelStep(**step._asdict(), **(money.of_step(step) if money else NOT_OF_SESSIONS)) for step in figures]
