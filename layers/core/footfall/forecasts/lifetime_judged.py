"""How good forecasts of lifetime value are: made as of an earlier day, against what came since and simpler guesses."""

from typing import NamedTuple

import numpy as np

from footfall.forecasts.lifetime import Interval, customers_by, forecast, interval, learn
from footfall.forecasts.likelihood import Reals
from footfall.forecasts.scores import Tenth, gini, tenths
from footfall.forecasts.trade_log import TradeLog, standing
from footfall.schemas.model import LifetimeKind

HELD_OUT = 3
"""The last third of the days is held out,"""
SHORTEST, LONGEST = 14, 182
"""but no less than two weeks, and no more than half a year."""
KINDS: tuple[LifetimeKind, ...] = ("pareto_nbd", "bg_nbd", "pooled")


class Score(NamedTuple):
    """How good one forecast was; money in minor units."""

    gini: float
    rmse: float
    mean_error: int
    predicted: int


class Judged(NamedTuple):
    """Forecasts of days that were held out: which kind was best, how good each was, and what came."""

    days: int
    customers: int
    actual: int
    kind: LifetimeKind
    scores: dict[LifetimeKind, Score]
    same_again: Score
    tenths: list[Tenth]
    coverage: float | None


def judge(log: TradeLog, end: int) -> Judged | None:
    """Returns how good forecasts of the last days are that are made of what was known before; None of too few days.

    The best kind is the first that tells better how many purchases come (root mean squared error) than expecting as
    much of everybody does.
    """
    days = held_out(log, end)
    if days is None:
        return None
    begin = end - days
    known = customers_by(log, begin)
    learnt, came = learn(known), standing(log.between(begin + 1, end + 1))
    purchases, actual = came.purchases[known.customer].astype(float), came.net[known.customer].astype(float)
    forecasts = {kind: forecast(learnt, kind, known, days) for kind in KINDS if kind in (*learnt.buying, "pooled")}
    scores = {kind: _score(found.purchases, found.value, purchases, actual) for kind, found in forecasts.items()}
    better: list[LifetimeKind] = [kind for kind in scores if scores[kind].rmse < scores["pooled"].rmse]
    best: LifetimeKind = better[0] if better else "pooled"
    before = standing(log.between(begin + 1 - days, begin + 1))
    repeated = before.purchases[known.customer].astype(float), before.net[known.customer].astype(float)
    return Judged(
        days=days,
        customers=len(known.customer),
        actual=round(float(actual.sum())),
        kind=best,
        scores=scores,
        same_again=_score(*repeated, purchases, actual),
        tenths=tenths(forecasts[best].value, actual),
        coverage=_coverage(interval(learnt, best, known, days), actual),
    )


def held_out(log: TradeLog, end: int) -> int | None:
    """Returns how many of the last days are held out."""
    if not len(log.orders.day):
        return None
    days = min((end - int(log.orders.day.min()) + 1) // HELD_OUT, LONGEST)
    return days if days >= SHORTEST else None


def _score(purchases: Reals, value: Reals, came: Reals, actual: Reals) -> Score:
    return Score(
        gini=gini(value, actual),
        rmse=float(np.sqrt(np.mean((purchases - came) ** 2))),
        mean_error=round(float(np.abs(value - actual).mean())),
        predicted=round(float(value.sum())),
    )


def _coverage(found: Interval | None, actual: Reals) -> float | None:
    if found is None:
        return None
    return float(((found.low <= actual) & (actual <= found.high)).mean())
