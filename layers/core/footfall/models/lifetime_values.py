"""Fitting the model `lifetime`: every customer's value, how it was found, and how good such forecasts are."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from footfall.customers.arrays import Arrays
from footfall.forecasts.lifetime import (
    DAYS,
    Customers,
    Forecast,
    Interval,
    Learnt,
    customers_by,
    days_to_next,
    forecast,
    interval,
    learn,
    learnt_again,
    saved,
)
from footfall.forecasts.lifetime_judged import Judged, Score, judge, judge_again
from footfall.forecasts.likelihood import Reals
from footfall.forecasts.trade_log import log_of
from footfall.models.trained import Parameters
from footfall.schemas.model import Figures, LifetimeDetails, LifetimeKind

ALL = 3
"""The models that are fitted."""


class Values(NamedTuple):
    """What was found: arrays of an entry a customer (money in minor units, NaN where it is not known), and of all.

    By the `parameters` it is found again of what is extracted later.
    """

    arrays: Arrays
    details: LifetimeDetails
    figures: Figures
    parameters: Parameters


def found(trade: Arrays, customers: int) -> Values:
    """Returns the values of all customers, by the kind of model that was best on days held out."""
    log, end = log_of(trade, customers), int(trade["end"][0])
    known, judged = customers_by(log, end), judge(log, end)
    learnt = learn(known)
    kind, reason = _chosen(judged, learnt)
    return _values(known, end, learnt, _details(learnt, kind, reason), judged)


def found_again(trade: Arrays, customers: int, parameters: Parameters, details: LifetimeDetails) -> Values:
    """Returns the values of all customers by a model that was learnt earlier.

    It is judged by what it was judged by then, which had seen nothing of the days that are held out now.
    """
    log, end = log_of(trade, customers), int(trade["end"][0])
    judges = parameters["judged"]
    judged = judge_again(log, end, learnt_again(judges["learnt"]), judges["kind"]) if judges else None
    return _values(customers_by(log, end), end, learnt_again(parameters["learnt"]), details, judged)


def _values(known: Customers, end: int, learnt: Learnt, details: LifetimeDetails, judged: Judged | None) -> Values:
    kind = details["kind"]
    expected, between = forecast(learnt, kind, known, DAYS), interval(learnt, kind, known, DAYS)
    arrays = _arrays(known, expected, between, _alive(known, expected, kind), _next_days(learnt, known, kind, end))
    judges = {"learnt": saved(judged.learnt), "kind": judged.kind} if judged else None
    parameters = {"learnt": saved(learnt), "judged": judges}
    return Values(arrays, details, _figures(known, learnt, judged, details), parameters)


def _details(learnt: Learnt, kind: LifetimeKind, reason: str | None) -> LifetimeDetails:
    return LifetimeDetails(
        kind=kind,
        days=DAYS,
        parameters={name: dict(each.parameters) for name, each in learnt.found.items()},
        degraded=reason is not None,
        reason=reason,
    )


def _chosen(judged: Judged | None, learnt: Learnt) -> tuple[LifetimeKind, str | None]:
    # the kind, and why it is not the first choice
    best = judged.kind if judged else "pareto_nbd"
    kinds = [kind for kind in (best, "pareto_nbd", "bg_nbd") if kind in learnt.buying]
    kind: LifetimeKind = "pooled" if best == "pooled" or not kinds else kinds[0]
    if kind == "pooled" and not learnt.problems:
        return kind, "on the days held out, no model told purchases better than expecting as much of everybody"
    return kind, _told(learnt.problems)


def _told(problems: Mapping[str, str]) -> str | None:
    # what holds for every model, or which models it holds for
    reasons = dict.fromkeys(problems.values())
    named = {reason: [name for name, problem in problems.items() if problem == reason] for reason in reasons}
    parts = [reason if len(names) == ALL else f"{', '.join(names)}: {reason}" for reason, names in named.items()]
    return "; ".join(parts) or None


def _alive(known: Customers, expected: Forecast, kind: LifetimeKind) -> Reals:
    # by BG/NBD everybody who bought once is still a customer for sure, which says nothing
    unknown = np.full(len(known.customer), np.nan)
    if expected.alive is None:
        return unknown
    return expected.alive if kind == "pareto_nbd" else np.where(known.seen.repeats > 0, expected.alive, unknown)


def _next_days(learnt: Learnt, known: Customers, kind: LifetimeKind, end: int) -> Reals:
    if kind == "pooled":
        return np.full(len(known.customer), np.nan)
    return end + days_to_next(learnt.buying[kind], known)


def _arrays(
    known: Customers, expected: Forecast, between: Interval | None, alive: Reals, next_day: Reals
) -> dict[str, Reals]:
    unknown = np.full(len(known.customer), np.nan)
    return {
        "predicted": np.round(expected.value),
        "low": between.low if between else unknown,
        "high": between.high if between else unknown,
        "if_active": expected.value_if_alive,
        "alive": alive,
        "next_day": next_day,
    }


def _figures(known: Customers, learnt: Learnt, judged: Judged | None, details: LifetimeDetails) -> Figures:
    figures: Figures = {
        "kind": details["kind"],
        "customers": len(known.customer),
        "customers_who_bought_again": int((known.seen.repeats > 0).sum()),
        "log_likelihoods": {name: round(each.log_likelihood, 1) for name, each in learnt.found.items()},
        "degraded": details["degraded"],
        "reason": details["reason"],
    }
    return figures | (_judged(judged) if judged else {})


def _judged(judged: Judged) -> Figures:
    others = {str(name): score for name, score in judged.scores.items() if name != judged.kind}
    baselines = {"same_again": judged.same_again, **others}
    return {
        "held_out_days": judged.days,
        "held_out_customers": judged.customers,
        **_scored(judged.scores[judged.kind]),
        "intervals": judged.intervals,
        "actual_revenue": judged.actual,
        "within_interval": None if judged.coverage is None else round(100 * judged.coverage, 2),
        "baselines": {name: _scored(score) for name, score in baselines.items()},
        "tenths": [
            {
                "customers": tenth["customers"],
                "predicted_revenue": round(tenth["predicted"]),
                "actual_revenue": round(tenth["actual"]),
            }
            for tenth in judged.tenths
        ],
    }


def _scored(score: Score) -> Figures:
    return {
        "gini": round(score.gini, 4),
        "purchases_rmse": round(score.rmse, 4),
        "mean_error": score.mean_error,
        "predicted_revenue": score.predicted,
    }
