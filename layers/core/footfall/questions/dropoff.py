"""The question why people leave a funnel: what is more frequent among those who left than among those who went on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypedDict

import numpy as np
from pydantic import BaseModel, Field

from footfall.funnels.engine import Integers
from footfall.funnels.lift import Reason, compared
from footfall.funnels.summary import StepFigures, Summary, step_figures
from footfall.funnels.totals import NO_TIMES, Totals
from footfall.questions.added_up import AddedUp
from footfall.questions.dropoff_breaks import DropoffBreak, breaks, reached_by_day
from footfall.questions.dropoff_traits import COMPARED_ALWAYS, Counts, counts, dimensions_told, traits
from footfall.questions.figures import Currency
from footfall.questions.funnel_attempts import attempted
from footfall.questions.funnel_money import bought, money_of, orders_left_out
from footfall.questions.funnel_query import FunnelModes, FunnelQuery, Unit
from footfall.questions.left_out import LeftOut
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.stores.mongo import answering

MOST_REASONS = 20


class DropoffQuestion(FunnelModes):
    """Of which funnel, on which days."""

    def query_of(self, rollups: Rollups) -> FunnelQuery:
        """Returns what the question comes to for a site; raises Invalid, also for names that nothing is called."""
        query = super().query_of(rollups)
        return replace(query, told=dimensions_told(query), from_rollups=False, with_sessions=True)


class DropoffReason(BaseModel):
    """Something that is more frequent among those who left; it goes together with leaving, and may be its cause."""

    name: str = Field(
        description="`javascript_error`, `rage_click`, `coupon_denied`, `negative_feedback`, `out_of_stock`; `exit`:"
        " the page was the last of the visit; `poor_lcp`, `poor_inp`, `poor_cls`, `poor_ttfb`: of the page, by Google's"
        " thresholds; or a dimension, as `device` or `visitor`, told by the step before",
        examples=["javascript_error"],
    )
    value: str | None = Field(description="The dimension's value; null for anything else", examples=["Mobile"])
    lift: float = Field(
        description="`left_share` by `stayed_share`; where nobody who stayed has it, half a person is added to each"
        " of the four counts",
        examples=[3.2],
    )
    lift_low: float = Field(
        description="The lift is not lower with 95 % confidence (Katz 1978: normal in its logarithm)", examples=[2.9]
    )
    lift_high: float = Field(description="The lift is not higher, in the same way", examples=[3.53])
    p_value: float = Field(
        description="Fisher's exact test, one side doubled, corrected for all that were `looked_at` (Benjamini and"
        " Hochberg); 0.05 at most",
        examples=[0.0004],
    )
    extra: float = Field(
        description="How many more of those who left have it than if it were as frequent as among those who stayed",
        examples=[812.5],
    )
    left: int = Field(description="Those who left and have it", examples=[1_204])
    left_of: int = Field(description="Those who left and of whom it is known, 30 at least", examples=[30_100])
    left_share: float = Field(description="`left` of `left_of`, in percent", examples=[4.0])
    stayed: int = Field(description="Those who went on and have it", examples=[376])
    stayed_of: int = Field(description="Those who went on and of whom it is known, 30 at least", examples=[30_080])
    stayed_share: float = Field(description="`stayed` of `stayed_of`, in percent", examples=[1.25])


class Transition(BaseModel):
    """One step from the one before: how many left in between, and why."""

    step: str = Field(description="The step that they did not reach", examples=["payment"])
    step_before: str = Field(description="The step that they left at", examples=["search"])
    order: int = Field(description="The place of `step` in the funnel, from 2", examples=[3])
    users: int = Field(description="People (or sessions) that reached the step before", examples=[45_200])
    drop_off: int = Field(description="Those of them who left", examples=[39_170])
    drop_off_rate: float = Field(description="The same in percent", examples=[86.66])
    value_lost: float | None = Field(
        description="What those who left would have brought at the average of those who went on, as in /api/funnel"
    )
    value_lost_low: float | None = Field(description="`value_lost` is not lower with 95 % confidence")
    value_lost_high: float | None = Field(description="`value_lost` is not higher with 95 % confidence")
    reasons: list[DropoffReason] = Field(
        description="Those of most `extra` people first, 20 at most; empty where nothing is beyond chance, and for"
        " fewer than 30 people on a side"
    )
    more_reasons: int = Field(description="How many others there are")
    breaks: list[DropoffBreak] | None = Field(
        description="Days on which the step's rate broke, of all and by device; null for too many days, of which"
        " /api/funnel/trend answers by week or month"
    )


class DropoffAnswer(LeftOut, RangeAnswer):
    """Where a funnel loses people and why, the largest loss first.

    What happens to somebody counts while they stay at the step: from when they reach it until the page is left, they go
    on, or half an hour is over. Those who left and those who went on are looked at for equally long.
    """

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`", examples=["default"])
    unit: Unit = Field(description="What is counted")
    currency: Currency
    looked_at: int = Field(
        description="How many possible reasons were compared, in all transitions: of what at least ten people have, on"
        " either side of which there are at least 30",
        examples=[96],
    )
    dimensions: list[str] = Field(
        description="Whose values were compared; the more events are to be read, the fewer they are",
        examples=[["device", "visitor", "source", "country"]],
    )
    transitions: list[Transition]


@answering()
def answer(site_id: str, question: DropoffQuestion) -> DropoffAnswer:
    """Returns why people left; raises NotFound, Unavailable, or Invalid, also for too many events to look at."""
    with rollups_of(site_id) as rollups:
        return ADDED_UP.answer(rollups, question)


class _Sums(NamedTuple):
    totals: Totals
    counts: Counts
    by_day: dict[int, Integers]


def _about_nobody(rollups: Rollups, question: DropoffQuestion) -> DropoffAnswer:
    query = question.query_of(rollups)
    names, currency = query.funnel.steps, rollups.site.currency
    nobody = Totals([()], np.zeros((1, len(names) + 1), np.int64), [NO_TIMES] * (len(names) - 1))
    found = DropoffAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        currency=currency,
        looked_at=0,
        dimensions=[*COMPARED_ALWAYS, *query.told],
        transitions=[
            Transition(**_loss(names, step, nobody, currency), reasons=[], more_reasons=0, breaks=None)
            for step in step_figures(names, nobody, 0)[1:]
        ],
        **orders_left_out(query).model_dump(),
    )
    return query.counted(found)


def _sums(rollups: Rollups, question: DropoffQuestion) -> _Sums:
    query = question.query_of(rollups)
    found = attempted(query, question)
    summary = Summary(len(query.funnel.steps), found.attempts, found.entered.timeline)
    together = np.zeros(len(found.attempts.people), np.int64)
    totals = summary.totals([()], together, bought(query, found.attempts))
    by_day = reached_by_day(query, question, found.entered)
    return _Sums(totals, counts(query, question, found, summary), by_day)


def _answered(_question: DropoffQuestion, about_nobody: DropoffAnswer, sums: _Sums) -> DropoffAnswer:
    names = [about_nobody.transitions[0].step_before, *(each.step for each in about_nobody.transitions)]
    told = compared(traits(sums.counts, len(names)))
    broken = breaks(sums.by_day, list(about_nobody.range.days)) if sums.by_day else None
    listed = [
        Transition(
            **_loss(names, step, sums.totals, about_nobody.currency),
            reasons=[_reason(reason) for reason in why[:MOST_REASONS]],
            more_reasons=max(len(why) - MOST_REASONS, 0),
            breaks=None if broken is None else list(broken.get(step.order, [])),
        )
        for step, why in zip(step_figures(names, sums.totals, 0)[1:], told.reasons, strict=True)
    ]
    transitions = sorted(listed, key=lambda one: -one.drop_off)
    return about_nobody.model_copy(update={"looked_at": told.looked_at, "transitions": transitions})


class _Loss(TypedDict):
    step: str
    step_before: str
    order: int
    users: int
    drop_off: int
    drop_off_rate: float
    value_lost: float | None
    value_lost_low: float | None
    value_lost_high: float | None


def _loss(names: Sequence[str], step: StepFigures, totals: Totals, currency: str) -> _Loss:
    told = money_of(totals, 0, step, currency)
    return _Loss(
        step=step.name,
        step_before=names[step.order - 2],
        order=step.order,
        users=step.users + step.drop_off,
        drop_off=step.drop_off,
        drop_off_rate=step.drop_off_rate,
        value_lost=told["value_lost"],
        value_lost_low=told["value_lost_low"],
        value_lost_high=told["value_lost_high"],
    )


def _reason(reason: Reason) -> DropoffReason:
    trait, (ratio, low, high) = reason.trait, reason.lift
    return DropoffReason(
        name=trait.name,
        value=trait.value,
        lift=round(ratio, 2),
        lift_low=round(low, 2),
        lift_high=round(high, 2),
        p_value=float(f"{reason.p:.3g}"),
        extra=round(trait.extra, 1),
        left=trait.left_having,
        left_of=trait.left,
        left_share=percentage(trait.left_having, trait.left),
        stayed=trait.stayed_having,
        stayed_of=trait.stayed,
        stayed_share=percentage(trait.stayed_having, trait.stayed),
    )


ADDED_UP = AddedUp(DropoffQuestion, DropoffAnswer, _Sums, _about_nobody, _sums, _answered)
