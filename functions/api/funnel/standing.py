"""How a funnel stands: everybody's furthest attempt over the range, and what those people bought."""

from collections.abc import Sequence

import numpy as np
from footfall.errors import FieldProblem, Invalid
from footfall.figures import major_units
from footfall.funnels.engine import Attempts, Overlapping, any_order, ordered
from footfall.funnels.summary import breakdowns, on_device, step_figures
from footfall.schemas.funnel import FunnelAnswer, FunnelStep
from footfall.schemas.range import Range
from numpy.typing import NDArray

from . import queries
from .question import Asked, StandingQuestion


def standing(asked: Asked, question: StandingQuestion) -> FunnelAnswer:
    """The answer to a question; raises Invalid for steps that events satisfy several of, in any order."""
    entries = [columns.entries() for columns in queries.entries(asked)]
    try:
        attempts = (any_order if question.order == "any" else ordered)(entries, question.window)
    except Overlapping:
        raise Invalid([FieldProblem("steps", "`order=any` needs steps of which no event satisfies two")]) from None
    names, currency = asked.funnel.steps, asked.rollups.site.currency
    steps = step_figures(attempts, names)
    parts = breakdowns(attempts, names) if question.breakdown else []
    if asked.unit == "user":
        buyers, totals = queries.orders(asked)
        _add_revenue(steps, attempts, buyers, totals, currency)
        for part in parts:
            _add_revenue(part.steps, on_device(attempts, part.value), buyers, totals, currency)
    return FunnelAnswer(
        range=Range(first=asked.days.first, last=asked.days.last, time_zone=asked.days.zone.key),
        complete_to=None,
        funnel=asked.funnel.name or None,
        unit=asked.unit,
        steps=steps,
        overall_conversion_rate=steps[-1].conversion_rate,
        currency=currency,
        breakdowns=parts,
    )


def _add_revenue(
    steps: Sequence[FunnelStep],
    attempts: Attempts,
    buyers: NDArray[np.uint32],
    totals: NDArray[np.int64],
    currency: str,
) -> None:
    """Give each step the money of the orders of those who reached it."""
    at = np.searchsorted(attempts.people, buyers)
    known = at < len(attempts.people)
    at, buyers, totals = at[known], buyers[known], totals[known]
    ours = attempts.people[at] == buyers
    reached, totals = attempts.reached[at[ours]], totals[ours]
    for step in steps:
        step.revenue = major_units(int(totals[reached >= step.order].sum()), currency)
