"""The model `rfm`: how lately, how often and for how much customers buy, as scores and a named segment."""

from collections.abc import Iterator
from datetime import timedelta
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from footfall.customers.rfm import FEWEST, RfmScores, Scores, rfm_scores
from footfall.customers.rfm_segments import rfm_segment
from footfall.customers.timing import timing
from footfall.customers.value_score import value_scores
from footfall.models.trained import Champion, Files, Fit, Judgement, Trained
from footfall.schemas.customer import RfmFields
from footfall.schemas.model import Figures, ScoredBy

SCORES = RfmScores._fields
Limits = dict[str, list[int]]
"""The least and the most of the values that have a score, by the score."""


def fit(extracted: Files) -> Fit:
    """Returns the scores of every customer."""
    arrays = extracted["features"]
    scores = rfm_scores(arrays["recency"], arrays["frequency"], arrays["monetary"])
    scored_by: ScoredBy = "limits" if len(arrays["recency"]) < FEWEST else "ranks"
    limits = {name: limits_of(arrays[name], scores._asdict()[name]) for name in SCORES}
    return Fit(work={"scores": scores._asdict()}, details={"scored_by": scored_by}, parameters={"limits": limits})


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns the scores of every customer by the limits between scores as they were when the champion was fitted."""
    arrays, limits = extracted["features"], champion.parameters["limits"]
    scores = {name: scores_within(arrays[name], limits[name]) for name in SCORES}
    return Fit(work={"scores": scores}, details=champion.details)


def limits_of(values: NDArray[np.int64], scores: Scores) -> Limits:
    """Returns the least and the most of the values that have each score, by the score."""
    there = {str(score): values[scores == score] for score in range(1, 6)}
    return {score: [int(found.min()), int(found.max())] for score, found in there.items() if len(found)}


def scores_within(values: NDArray[np.int64], limits: Limits) -> Scores:
    """Returns the score whose values each is among, or nearest to; of two as near, the better; and 3 without any."""
    if not limits:
        return np.full(len(values), 3, np.int8)
    scores = np.array([int(score) for score in limits], np.int8)
    ends = np.array(list(limits.values()))
    off = np.maximum(ends[:, 0] - values[:, None], values[:, None] - ends[:, 1]).clip(0)
    best_first = np.argsort(-scores)
    found: Scores = scores[best_first][np.argmin(off[:, best_first], axis=1)]
    return found


def judge(trained: Trained) -> Judgement:
    """Returns what the customers amount to and how evenly the scores are spread; they must add up to the orders."""
    arrays, scores = trained.extracted["features"], trained.work["scores"]
    orders, revenue = int(arrays["frequency"].sum()), int(arrays["monetary"].sum())
    before, after = trained.facts.before, trained.facts.after
    orders_agree = _between(before.orders, orders, after.orders)
    revenue_agrees = _between(before.revenue, revenue, after.revenue)
    against = {
        "the customers' orders do not add up to those in the store": not orders_agree,
        "the customers' revenue does not add up to that in the store": not revenue_agrees,
    }
    metrics: Figures = {
        "customers": len(arrays["customer"]),
        "orders": orders,
        "revenue": revenue,
        "refunds": int(arrays["refunded"].sum()),
        "customers_by_score": {name: np.bincount(scores[name], minlength=6)[1:].tolist() for name in SCORES},
    }
    reasons = [reason for reason, holds in against.items() if holds]
    return Judgement(metrics, reasons, wrong_data=bool(reasons))


def fields(trained: Trained, those: slice) -> Iterator[RfmFields]:
    """Returns some customers' scores and segment, what they were worth, and when they are expected again."""
    arrays, scores = trained.extracted["features"], trained.work["scores"]
    worth = value_scores(arrays["recency"], arrays["frequency"], arrays["monetary"] - arrays["refunded"])
    times = timing(*(arrays[name] for name in ("recency", "frequency", "first_order", "last_order")))
    due = _due(trained, times.gaps, those)
    columns = (*(scores[name][those].tolist() for name in SCORES), worth[those].tolist(), times.statuses[those], due)
    for recency, frequency, monetary, score, status, (gap, due_on) in zip(*columns, strict=True):
        yield RfmFields(
            recency_score=recency,
            frequency_score=frequency,
            monetary_score=monetary,
            rfm_score=f"{recency}{frequency}{monetary}",
            rfm_segment=rfm_segment(recency, frequency, monetary).name,
            customer_value_score=score,
            purchase_timing=status,
            expected_gap_days=gap,
            due_on=due_on,
        )


def _due(trained: Trained, gaps: NDArray[np.float64], those: slice) -> Iterator[tuple[float | None, str | None]]:
    as_of = trained.facts.as_of
    for days, gap in zip(trained.extracted["features"]["recency"][those].tolist(), gaps[those].tolist(), strict=True):
        if as_of is None or not isfinite(gap):
            yield None, None
        else:
            yield round(gap, 1), str(as_of + timedelta(days=round(gap) - days))


def _between(before: int, found: int, after: int) -> bool:
    # a shop may sell while it is read, so the store's own sums from before and after may differ
    return min(before, after) <= found <= max(before, after)
