"""Whom to turn to first: who was worth much and is about to be lost."""

from typing import Literal

from footfall.schemas.customer import Priority, PurchaseTiming, RiskLevel

ORDER: dict[Priority, int] = {"low": 0, "medium": 1, "high": 2}
Worth = Literal["much", "some", "little"]
MUCH, SOME = 66.67, 33.33
"""Where the upper and the middle third of the value score begin."""
BY_TIMING: dict[PurchaseTiming, RiskLevel] = {"overdue": "high", "due": "medium", "not_due": "low", "unknown": "low"}
"""What stands for the risk of churn where no model tells it."""
PRIORITIES: dict[Worth, dict[RiskLevel, Priority]] = {
    "much": {"high": "high", "medium": "high", "low": "medium"},
    "some": {"high": "medium", "medium": "medium", "low": "low"},
    "little": {"high": "low", "medium": "low", "low": "low"},
}


def priority(value_score: float, timing: PurchaseTiming, risk: RiskLevel | None) -> Priority:
    """Returns a customer's priority by their value score and risk of churn; without one, timing stands for it."""
    worth: Worth = "much" if value_score >= MUCH else "some" if value_score >= SOME else "little"
    return PRIORITIES[worth][risk or BY_TIMING[timing]]


def priority_order(priority: Priority, value_score: float) -> int:
    """Returns a whole number that grows with a customer's priority, and within one with their value score."""
    return ORDER[priority] * 100_000 + round(value_score * 100)
