"""How a funnel stands: everybody's furthest attempt over the range, and what those people bought."""

from collections.abc import Sequence

import numpy as np
from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Attempts, Integers, Overlapping, People, any_order, ordered
from footfall.funnels.summary import Summary
from footfall.money import major_units
from footfall.schemas.funnel import DEVICES, FunnelAnswer, FunnelBreakdown, FunnelStep
from footfall.schemas.range import Range

from . import queries
from .question import Asked, StandingQuestion


def standing(asked: Asked, question: StandingQuestion) -> FunnelAnswer:
    """The answer to a question; raises Invalid for steps that events satisfy several of, in any order."""
    summary = _attempted(asked, question)
    steps, parts = summary.steps(), summary.steps_by_device() if question.breakdown else {}
    if asked.unit == "user":
        _add_revenue(asked, summary, steps, parts)
    return FunnelAnswer(
        range=Range(first=asked.days.first, last=asked.days.last, time_zone=asked.days.zone.key),
        complete_to=None,
        funnel=asked.funnel.name or None,
        unit=asked.unit,
        steps=steps,
        overall_conversion_rate=steps[-1].conversion_rate,
        currency=asked.rollups.site.currency,
        breakdowns=[
            FunnelBreakdown(value=device, steps=part, overall_conversion_rate=part[-1].conversion_rate)
            for device, part in sorted(parts.items(), key=lambda one: -one[1][0].users)
            if part[0].users
        ],
    )


def _attempted(asked: Asked, question: StandingQuestion) -> Summary:
    entered = queries.entries(asked)
    follow = any_order if question.order == "any" else ordered
    try:
        attempts = follow(entered.steps, entered.timeline, question.window)
    except Overlapping:
        raise Invalid([FieldProblem("steps", "`order=any` needs steps of which no event satisfies two")]) from None
    return Summary(asked.funnel.steps, attempts, entered.timeline)


def _add_revenue(
    asked: Asked, summary: Summary, steps: Sequence[FunnelStep], parts: dict[str, list[FunnelStep]]
) -> None:
    """Give each step the money of the orders of those who reached it."""
    buyers, totals = queries.orders(asked)
    currency, attempts = asked.rollups.site.currency, summary.attempts
    at = _attempts_of(attempts, buyers)
    reached, totals = attempts.reached[at[at >= 0]], totals[at >= 0]
    _tell(steps, reached, totals, currency)
    if parts:
        devices = summary.devices()[at[at >= 0]]
        for device, part in parts.items():
            ours = devices == DEVICES.index(device)
            _tell(part, reached[ours], totals[ours], currency)


def _attempts_of(attempts: Attempts, buyers: People) -> Integers:
    """Where each buyer's attempt is; -1 for who made none."""
    at = np.searchsorted(attempts.people, buyers)
    known = at < len(attempts.people)
    known[known] = attempts.people[at[known]] == buyers[known]
    return np.where(known, at, -1)


def _tell(steps: Sequence[FunnelStep], reached: Integers, totals: Integers, currency: str) -> None:
    for step in steps:
        step.revenue = major_units(int(totals[reached >= step.order].sum()), currency)
