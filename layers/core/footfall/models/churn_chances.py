"""Fitting the model `churn`: every customer's chance, how it was found, and how good such chances are."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from typing import NamedTuple

import numpy as np

from footfall.customers.arrays import Arrays
from footfall.forecasts import churn
from footfall.forecasts.bootstrap import intervals
from footfall.forecasts.churn import Calibrated, Sample
from footfall.forecasts.churn_features import Known, known
from footfall.forecasts.churn_scorers import AWAY
from footfall.forecasts.likelihood import Reals
from footfall.forecasts.scores import auc, brier, calibration_error, lift, tenths
from footfall.forecasts.trade_log import Ints, TradeLog, log_of
from footfall.models.trained import Parameters
from footfall.schemas.model import ChurnDetails, ChurnKind, Figures

MOST_REASONS = 3
WEAKEST = 0.05
"""A feature that moves the log-odds by less is no reason."""
HIGH, LOW = 2 / 3, 1 / 3
"""From the one on the risk is high, below the other it is low."""
BASELINE: ChurnKind = "recency"
USUAL_HORIZON = 90
"""Days, where gaps between purchases do not tell any."""


class Chances(NamedTuple):
    """What was found: arrays of an entry a customer, and of it all; by the `parameters` it is found again later."""

    arrays: Arrays
    details: ChurnDetails
    figures: Figures
    parameters: Parameters


class Learnt(NamedTuple):
    """What the days that tell teach: the kind that is best, on all of them, and how good it was on the latest.

    `judged` is the same without the latest day, which it was judged on.
    """

    kind: ChurnKind
    model: Calibrated
    judged: Calibrated
    figures: Figures
    days: list[int]


def found(trade: Arrays, customers: int) -> Chances:
    """Returns the chances of all customers to buy nothing within the horizon from the day after the last."""
    log, end = log_of(trade, customers), int(trade["end"][0])
    horizon = churn.horizon_of(log, end)
    now = known(log, end + 1, horizon or USUAL_HORIZON)
    with _one_thread():
        learnt = None if horizon is None else _learn(log, end, horizon, now)
        if learnt is None or horizon is None:
            return _without_a_model(now, horizon)
        days = [date.fromordinal(day).isoformat() for day in learnt.days]
        details = ChurnDetails(kind=learnt.kind, horizon_days=horizon, learnt_as_of=days, degraded=False, reason=None)
        return _chances(now, learnt, details)


def found_again(trade: Arrays, customers: int, parameters: Parameters, details: ChurnDetails) -> Chances:
    """Returns the chances of all customers by a model that was learnt earlier.

    It is judged on the latest day that tells by what it was judged by then, which had seen nothing of that day. Whether
    customers left is asked of the horizon that is usual by now, as of who is compared with it.
    """
    log, end, kind, horizon = log_of(trade, customers), int(trade["end"][0]), details["kind"], details["horizon_days"]
    now = known(log, end + 1, horizon)
    if kind is None:
        return _without_a_model(now, horizon)
    model, judged = (Calibrated.again(parameters[name]) for name in ("model", "judged"))
    asked = churn.horizon_of(log, end) or horizon
    test = churn.sample_of(log, end + 1 - asked, horizon, asked)
    figures = _figures(kind, {kind: judged}, test, asked) if churn.is_telling(test) else Figures()
    return _chances(now, Learnt(kind, model, judged, figures, []), details)


def _chances(now: Known, learnt: Learnt, details: ChurnDetails) -> Chances:
    chances, moved = learnt.model.chances(now.features), churn.effects(learnt.model, now.features)
    parameters = {"model": learnt.model.saved(), "judged": learnt.judged.saved()}
    return Chances(_arrays(now, chances, levels_of(chances), moved), details, learnt.figures, parameters)


def levels_of(chances: Reals) -> Ints:
    """Returns the level of risk of each chance: 0 low, 1 medium, 2 high."""
    levels: Ints = (chances >= LOW).astype(np.int64) + (chances >= HIGH)
    return levels


def _one_thread() -> AbstractContextManager[object]:
    from threadpoolctl import threadpool_limits

    # a few thousand rows are not worth threads, which wait for one another busily
    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits


def _learn(log: TradeLog, end: int, horizon: int, now: Known) -> Learnt | None:
    samples = [churn.sample_of(log, day, horizon) for day in churn.cutoffs_of(log, end, horizon)]
    if not samples or not churn.is_telling(samples[0]):
        return None
    earlier = [sample for sample in samples[1:] if churn.is_telling(sample)]
    if not earlier:
        return None
    candidates = churn.candidates(churn.together(earlier), samples[0].features, horizon)
    days = [int(sample.cutoff[0]) for sample in (samples[0], *earlier)]
    for kind in _best_first(candidates, samples[0]):
        model = churn.calibrated(kind, churn.together([samples[0], *earlier]), now.features, horizon)
        if model is not None:
            return Learnt(kind, model, candidates[kind], _figures(kind, candidates, samples[0], horizon), days)
    return None


def _best_first(candidates: Mapping[ChurnKind, Calibrated], test: Sample) -> list[ChurnKind]:
    # by the days before the latest; but where the best is no better there than recency alone, that is enough
    found = sorted(candidates, key=lambda name: candidates[name].loss)
    errors = {kind: brier(each.chances(test.features), test.left) for kind, each in candidates.items()}
    if BASELINE in found and errors[BASELINE] < errors[found[0]]:
        found.insert(0, BASELINE)
    return found


def _without_a_model(now: Known, horizon: int | None) -> Chances:
    # the level by how long somebody has been away, against the horizon
    away = now.features[:, AWAY] / (horizon or USUAL_HORIZON)
    levels = (away >= 0.5).astype(np.int64) + (away >= 1)
    unknown = np.full(len(levels), np.nan)
    reason = (
        f"fewer than {churn.FEWEST_GAPS} purchases after others, or too few days to see them in"
        if horizon is None
        else f"fewer than {churn.FEWEST_OF_EACH} customers who left, or who stayed, or all of them alike"
    )
    reason = f"{reason}: the level goes by the days since the last purchase alone"
    details = ChurnDetails(
        kind=None, horizon_days=horizon or USUAL_HORIZON, learnt_as_of=[], degraded=True, reason=reason
    )
    figures: Figures = {"customers": len(levels), "degraded": True, "reason": reason}
    return Chances(_arrays(now, unknown, levels, np.zeros_like(now.features)), details, figures, {})


def _arrays(now: Known, chances: Reals, levels: Ints, moved: Reals) -> Arrays:
    most = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :MOST_REASONS]
    effect = np.take_along_axis(moved, most, axis=1)
    return {
        "chance": chances,
        "level": levels,
        "feature": most,
        "value": np.take_along_axis(now.features, most, axis=1),
        "effect": np.where(np.abs(effect) >= WEAKEST, effect, 0.0),
    }


def _figures(kind: ChurnKind, candidates: Mapping[ChurnKind, Calibrated], test: Sample, horizon: int) -> Figures:
    scores = {name: _scored(model, test) for name, model in candidates.items()}
    others = {name: score for name, score in scores.items() if name != kind}
    chances = candidates[kind].chances(test.features)
    return {
        "kind": kind,
        "horizon_days": horizon,
        "judged_as_of": date.fromordinal(int(test.cutoff[0])).isoformat(),
        "customers": len(test.left),
        "churned": round(100 * float(test.left.mean()), 2),
        **scores[kind],
        "intervals": _intervals(chances, test),
        "baselines": others,
        "tenths": [
            {
                "customers": tenth["customers"],
                "predicted": round(100 * tenth["predicted"], 2),
                "actual": round(100 * tenth["actual"], 2),
            }
            for tenth in tenths(chances, test.left)
        ],
        "degraded": False,
    }


def _scored(model: Calibrated, test: Sample) -> Figures:
    chances = model.chances(test.features)
    return {
        "auc": round(auc(chances, test.left), 4),
        "brier": round(brier(chances, test.left), 4),
        "lift_of_actives": round(lift(1 - chances, ~test.left), 3),
        "calibration_error": round(calibration_error(tenths(chances, test.left)), 4),
    }


def _intervals(chances: Reals, test: Sample) -> dict[str, list[float]]:
    left = test.left
    return intervals(
        {
            "auc": lambda rows: auc(chances[rows], left[rows]),
            "brier": lambda rows: brier(chances[rows], left[rows]),
            "lift_of_actives": lambda rows: lift(1 - chances[rows], ~left[rows]),
        },
        len(left),
    )
