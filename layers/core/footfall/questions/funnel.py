"""The question who goes how far through a funnel: everybody's furthest attempt, and what those people bought."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, Field

from footfall.funnels.summary import Summary, step_figures
from footfall.funnels.totals import NO_TIMES, Totals
from footfall.questions.cache import Remembered
from footfall.questions.figures import Currency
from footfall.questions.funnel_attempts import Reached, of_reached
from footfall.questions.funnel_groups import BrokenDown, Groups, shown
from footfall.questions.funnel_money import bought, money_of, orders_left_out
from footfall.questions.funnel_query import FunnelQuery, Unit
from footfall.questions.left_out import LeftOut
from footfall.questions.parts import pack, unpack
from footfall.questions.range import Range, RangeAnswer
from footfall.rollups import Part, rollups_of
from footfall.stores.keys import FUNNEL
from footfall.stores.mongo import Moment, answering


class FunnelQuestion(BrokenDown):
    """How far people come over the whole range."""


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


_answers = Remembered(FUNNEL, FunnelAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: FunnelQuestion) -> FunnelAnswer:
    """Returns who reached each step; raises NotFound, Unavailable, Invalid, and of that TooBig for too many events."""
    with rollups_of(site_id) as rollups:
        query = question.query_of(rollups)
        question.telling_step(query)
        return _answers.remember(query.asked(question), lambda: _result(query, question))


@answering()
def part(site_id: str, question: FunnelQuestion, moment: Moment, part: Part) -> bytes:
    """Returns what `folded` makes the answer of, as of a moment, for a part of the people; raises as `answer` does."""
    with rollups_of(site_id, moment, part) as rollups:
        query = question.query_of(rollups)
        about_nobody = query.counted(_about_nobody(query))
        return pack(about_nobody, _totals(query, question).packed())


def folded(parts: Sequence[bytes]) -> FunnelAnswer:
    """Returns the answer that all people's parts come to; raises Conflict where a setting changed between them."""
    about_nobody, totals = unpack(FunnelAnswer, parts)
    return _answered(about_nobody, Totals.added([Totals.unpacked(each) for each in totals]))


def _result(query: FunnelQuery, question: FunnelQuestion) -> FunnelAnswer:
    return _answered(_about_nobody(query), _totals(query, question))


def _about_nobody(query: FunnelQuery) -> FunnelAnswer:
    # the answer where nobody is: all that is the same whoever went through the funnel
    names = query.funnel.steps
    nobody = Totals([()], np.zeros((1, len(names) + 1), np.int64), [NO_TIMES] * (len(names) - 1))
    return FunnelAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        steps=_steps(names, nobody, 0, query.rollups.site.currency),
        overall_conversion_rate=0.0,
        currency=query.rollups.site.currency,
        breakdowns=[],
        **orders_left_out(query).model_dump(),
    )


def _totals(query: FunnelQuery, question: FunnelQuestion) -> Totals:
    def of(found: Reached) -> Totals:
        summary = Summary(len(query.funnel.steps), found.attempts, found.timeline)
        groups = Groups.of(query, summary, question.telling_step(query))
        return summary.totals(groups.values, groups.codes, bought(query, found.attempts))

    return of_reached(query, question, of)


def _answered(about_nobody: FunnelAnswer, totals: Totals) -> FunnelAnswer:
    names = [step.name for step in about_nobody.steps]
    steps = _steps(names, totals.together(), 0, about_nobody.currency)
    by_value = shown(totals)
    breakdowns = [
        FunnelBreakdown(
            value=values[0] if len(values) == 1 else list(values),
            steps=found,
            overall_conversion_rate=found[-1].conversion_rate,
        )
        for group, values in enumerate(by_value.groups)
        if values and (found := _steps(names, by_value, group, about_nobody.currency))[0].users
    ]
    return about_nobody.model_copy(
        update={
            "steps": steps,
            "overall_conversion_rate": steps[-1].conversion_rate,
            "breakdowns": sorted(breakdowns, key=lambda part: -part.steps[0].users),
        }
    )


def _steps(names: Sequence[str], totals: Totals, group: int, currency: str) -> list[FunnelStep]:
    return [
        FunnelStep.model_validate({**step._asdict(), **money_of(totals, group, step, currency)})
        for step in step_figures(names, totals, group)
    ]
