"""How good forecasts of lifetime value are: made as of an earlier day, against what came since and simpler guesses."""

from typing import NamedTuple

import numpy as np

from footfall.forecasts.bootstrap import intervals
from footfall.forecasts.lifetime import (
    Customers,
    Forecast,
    Interval,
    Learnt,
    customers_by,
    forecast,
    interval,
    learn,
)
from footfall.forecasts.likelihood import Reals
from footfall.forecasts.scores import Tenth, gini, tenths
from footfall.forecasts.trade_log import TradeLog, standing
from footfall.schemas.model import LifetimeKind

HELD_OUT = 3
"""The last third of the days is held out,"""
SHORTEST, LONGEST = 14, 182
"""but no less than two weeks, and no more than half a year."""
KINDS: tuple[LifetimeKind, ...] = ("pareto_nbd", "bg_nbd", "pooled")


class Came(NamedTuple):
    """How often each customer bought in some days, and what that came to, net, in minor units."""

    purchases: Reals
    net: Reals


class Score(NamedTuple):
    """How good one forecast was; money in minor units."""

    gini: float
    rmse: float
    mean_error: int
    predicted: int


class Window(NamedTuple):
    """The days held out: who was known when they began, and what each of them bought in them and as long before."""

    days: int
    known: Customers
    came: Came
    before: Came


class Judged(NamedTuple):
    """Forecasts of days that were held out: which kind was best, how good each was, and what came.

    `learnt` is what they were made with, of what was known before those days; `intervals` are of the best kind.
    """

    days: int
    customers: int
    actual: int
    kind: LifetimeKind
    scores: dict[LifetimeKind, Score]
    same_again: Score
    tenths: list[Tenth]
    coverage: float | None
    intervals: dict[str, list[float]]
    learnt: Learnt


def window_of(log: TradeLog, end: int) -> Window | None:
    """Returns the last days, to be held out; None of too few days."""
    days = held_out(log, end)
    if days is None:
        return None
    begin = end - days
    known = customers_by(log, begin)
    came, before = log.between(begin + 1, end + 1), log.between(begin + 1 - days, begin + 1)
    return Window(days, known, _came(came, known), _came(before, known))


def _came(log: TradeLog, known: Customers) -> Came:
    found = standing(log)
    return Came(found.purchases[known.customer].astype(float), found.net[known.customer].astype(float))


def judge(log: TradeLog, end: int) -> Judged | None:
    """Returns how good forecasts of the last days are that are made of what was known before; None of too few days.

    The best kind is the first that tells better how many purchases come (root mean squared error) than expecting as
    much of everybody does.
    """
    window = window_of(log, end)
    if window is None:
        return None
    learnt = learn(window.known)
    forecasts, scores = _forecasts(window, learnt)
    better: list[LifetimeKind] = [kind for kind in scores if scores[kind].rmse < scores["pooled"].rmse]
    return _judged(window, learnt, better[0] if better else "pooled", forecasts, scores)


def judge_again(log: TradeLog, end: int, learnt: Learnt, kind: LifetimeKind) -> Judged | None:
    """Returns how good forecasts of the same days are by a kind of model that was learnt earlier."""
    window = window_of(log, end)
    return _judged(window, learnt, kind, *_forecasts(window, learnt)) if window else None


def _forecasts(window: Window, learnt: Learnt) -> tuple[dict[LifetimeKind, Forecast], dict[LifetimeKind, Score]]:
    kinds = [kind for kind in KINDS if kind in (*learnt.buying, "pooled")]
    found = {kind: forecast(learnt, kind, window.known, window.days) for kind in kinds}
    return found, {kind: _score(each.purchases, each.value, window.came) for kind, each in found.items()}


def _judged(
    window: Window,
    learnt: Learnt,
    kind: LifetimeKind,
    forecasts: dict[LifetimeKind, Forecast],
    scores: dict[LifetimeKind, Score],
) -> Judged:
    actual, best = window.came.net, forecasts[kind]
    return Judged(
        days=window.days,
        customers=len(window.known.customer),
        actual=round(float(actual.sum())),
        kind=kind,
        scores=scores,
        same_again=_score(window.before.purchases, window.before.net, window.came),
        tenths=tenths(best.value, actual),
        coverage=_coverage(interval(learnt, kind, window.known, window.days), actual),
        intervals=intervals(
            {
                "gini": lambda rows: gini(best.value[rows], actual[rows]),
                "purchases_rmse": lambda rows: _rmse(best.purchases[rows], window.came.purchases[rows]),
            },
            len(actual),
        ),
        learnt=learnt,
    )


def held_out(log: TradeLog, end: int) -> int | None:
    """Returns how many of the last days are held out."""
    if not len(log.orders.day):
        return None
    days = min((end - int(log.orders.day.min()) + 1) // HELD_OUT, LONGEST)
    return days if days >= SHORTEST else None


def _score(purchases: Reals, value: Reals, came: Came) -> Score:
    return Score(
        gini=gini(value, came.net),
        rmse=_rmse(purchases, came.purchases),
        mean_error=round(float(np.abs(value - came.net).mean())),
        predicted=round(float(value.sum())),
    )


def _rmse(foreseen: Reals, came: Reals) -> float:
    return float(np.sqrt(np.mean((foreseen - came) ** 2)))


def _coverage(found: Interval | None, actual: Reals) -> float | None:
    if found is None:
        return None
    return float(((found.low <= actual) & (actual <= found.high)).mean())
