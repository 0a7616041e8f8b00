"""What the people of a funnel's steps brought, and what those who left took with them."""

from typing import TypedDict

from footfall.funnels.engine import Attempts
from footfall.funnels.summary import Bought, StepFigures, brought
from footfall.funnels.totals import Totals
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


def bought(query: FunnelQuery, attempts: Attempts) -> Bought | None:
    """Returns what each attempt's person bought; None where sessions are counted."""
    found = purchases(query, attempts)
    if found is None:
        return None
    totals, refunded = found.by_attempt(len(attempts.people))
    return Bought(totals, totals - refunded)


def money_of(totals: Totals, group: int, step: StepFigures, currency: str) -> StepMoney:
    """Returns what the orders of a step's people come to, and what those who left before it would have brought."""
    if totals.bought is None or totals.net is None:
        return NOT_OF_SESSIONS
    stayed = brought(totals, totals.net, group, step.order)
    gone = lost(stayed, step.drop_off) if step.order > 1 else None
    return StepMoney(
        revenue=major_units(int(totals.bought[group, step.order :].sum()), currency),
        net_revenue=major_units(stayed.amount, currency),
        value_lost=_major(gone and gone.amount, currency),
        value_lost_low=_major(gone and gone.low, currency),
        value_lost_high=_major(gone and gone.high, currency),
    )


def _major(minor: float | None, currency: str) -> float | None:
    return None if minor is None else major_units(minor, currency)


def orders_left_out(query: FunnelQuery) -> LeftOut:
    """Returns which orders of the range are in no figure; for sessions there are none."""
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates}
    days = daily_metrics.read(database(), DayLeftOut, condition, session=query.rollups.session)
    return LeftOut.of_days(days if query.unit == "user" else [])
