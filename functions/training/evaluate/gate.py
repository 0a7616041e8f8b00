"""The gate: reasons not to publish what was fitted."""

from typing import Any

import numpy as np
from footfall.customers.features import Floats
from footfall.schemas.model import Facts

ENOUGH_PEOPLE = 200
BETTER_THAN_CHANCE = 1.5
Metrics = dict[str, dict[str, Any]]


def reasons_against(facts: Facts, metrics: Metrics, vectors: Floats) -> list[str]:
    """Why these models must not be published; nothing when they may."""
    checks = {
        "the site has nobody to learn from yet": facts.people == 0,
        "the customers' orders do not add up to those in the store": not _adds_up(facts, metrics["rfm"], "orders"),
        "the customers' revenue does not add up to that in the store": not _adds_up(facts, metrics["rfm"], "revenue"),
        "not every vector has length 1": not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3),
        "the vectors find people again hardly better than chance": not _beats_chance(metrics["behaviour_vectors"]),
    }
    return [reason for reason, against in checks.items() if against]


def _adds_up(facts: Facts, rfm: dict[str, Any], figure: str) -> bool:
    """A shop may sell while it is read: the sum must lie between the store's own from before and after."""
    around = sorted((getattr(facts.before, figure), getattr(facts.after, figure)))
    return bool(around[0] <= rfm[figure] <= around[1])


def _beats_chance(found: dict[str, Any]) -> bool:
    """Where too few people can be split in two, nothing is held against the vectors."""
    return bool(found["people"] < ENOUGH_PEOPLE or found["recall_at_10"] >= BETTER_THAN_CHANCE * found["random"])
