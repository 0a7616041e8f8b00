"""What the people of a funnel's steps brought, and what those who left took with them."""

from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Integers
from footfall.funnels.summary import StepFigures, Summary
from footfall.funnels.value import lost
from footfall.money import major_units
from footfall.questions.funnel_attempts import purchases
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.left_out import LeftOut
from footfall.schemas.metrics import DayLeftOut
from footfall.stores.collections import daily_metrics
from footfall.stores.mongo import database


class StepMoney(TypedDict):
    """What a step's people brought, and what those who left before it took along; in the currency's units."""

    revenue: float | None
    net_revenue: float | None
    value_lost: float | None
    value_lost_low: float | None
    value_lost_high: float | None


NOT_OF_SESSIONS = StepMoney(revenue=None, net_revenue=None, value_lost=None, value_lost_low=None, value_lost_high=None)


@dataclass(frozen=True)
class Money:
    """How far each attempt came, what its person's orders amount to, and what is left of it after refunds."""

    reached: Integers
    totals: Integers
    net: Integers
    currency: str

    @classmethod
    def of(cls, query: FunnelQuery, summary: Summary) -> "Money | None":
        """Returns the money of a funnel's attempts; None where sessions are counted."""
        found = purchases(query, summary.attempts)
        if found is None:
            return None
        totals, refunded = found.by_attempt(len(summary.attempts.people))
        return cls(summary.attempts.reached, totals, totals - refunded, query.rollups.site.currency)

    def where(self, fits: NDArray[np.bool_]) -> "Money":
        """Returns that of some of the attempts."""
        return Money(self.reached[fits], self.totals[fits], self.net[fits], self.currency)

    def of_step(self, step: StepFigures) -> StepMoney:
        """Returns what the orders of a step's people come to, and what those who left before it would have brought."""
        stayed = self.reached >= step.order
        gone = lost(self.net[stayed], step.drop_off) if step.order > 1 else None
        return StepMoney(
            revenue=self._major(float(self.totals[stayed].sum())),
            net_revenue=self._major(float(self.net[stayed].sum())),
            value_lost=self._major(gone and gone.amount),
            value_lost_low=self._major(gone and gone.low),
            value_lost_high=self._major(gone and gone.high),
        )

    def _major(self, minor: float | None) -> float | None:
        return None if minor is None else major_units(minor, self.currency)


def money_of(money: Money | None, step: StepFigures) -> StepMoney:
    """Returns the same; nothing of it where there is no money."""
    return money.of_step(step) if money else NOT_OF_SESSIONS


def orders_left_out(query: FunnelQuery) -> LeftOut:
    """Returns which orders of the range are in no figure; for sessions there are none."""
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates}
    days = daily_metrics.read(database(), DayLeftOut, condition, session=query.rollups.session)
    return LeftOut.of_days(days if query.unit == "user" else [])
