"""The model `rfm`: how lately, how often and for how much customers buy, as scores and a named segment."""

from collections.abc import Iterator
from datetime import timedelta
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from footfall.customers.rfm import FEWEST, RfmScores, rfm_scores
from footfall.customers.rfm_segments import rfm_segment
from footfall.customers.timing import timing
from footfall.customers.value_score import value_scores
from footfall.models.trained import Files, Fit, Judgement, Trained
from footfall.schemas.customer import RfmFields
from footfall.schemas.model import Figures, ScoredBy

SCORES = RfmScores._fields


def fit(extracted: Files) -> Fit:
    """Returns the scores of every customer."""
    arrays = extracted["features"]
    scores = rfm_scores(arrays["recency"], arrays["frequency"], arrays["monetary"])
    scored_by: ScoredBy = "limits" if len(arrays["recency"]) < FEWEST else "ranks"
    return Fit(work={"scores": scores._asdict()}, details={"scored_by": scored_by})


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
    return Judgement(metrics, [reason for reason, holds in against.items() if holds])


def fields(trained: Trained) -> Iterator[RfmFields]:
    """Returns each customer's scores and segment, what they were worth, and when they are expected again."""
    arrays, scores = trained.extracted["features"], trained.work["scores"]
    worth = value_scores(arrays["recency"], arrays["frequency"], arrays["monetary"] - arrays["refunded"])
    times = timing(*(arrays[name] for name in ("recency", "frequency", "first_order", "last_order")))
    columns = (*(scores[name].tolist() for name in SCORES), worth.tolist(), times.statuses, _due(trained, times.gaps))
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


def _due(trained: Trained, gaps: NDArray[np.float64]) -> Iterator[tuple[float | None, str | None]]:
    as_of = trained.facts.as_of
    for days, gap in zip(trained.extracted["features"]["recency"].tolist(), gaps.tolist(), strict=True):
        if as_of is None or not isfinite(gap):
            yield None, None
        else:
            yield round(gap, 1), str(as_of + timedelta(days=round(gap) - days))


def _between(before: int, found: int, after: int) -> bool:
    # a shop may sell while it is read, so the store's own sums from before and after may differ
    return min(before, after) <= found <= max(before, after)
