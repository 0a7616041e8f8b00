"""The parts of a shop's health score: the figure of each, how it is judged, or why it is not.

Changes are judged from half to half as much again, so that no change is in the middle; shares between ends that a shop
seldom passes.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

from footfall.questions.conversion_trends import VisitFigures
from footfall.questions.sentiment_figures import SentimentDistribution
from footfall.questions.trade import TradeFigures
from footfall.rates import percentage
from footfall.scoring import Scale

PartName = Literal["revenue", "conversion", "sessions", "returning_customers", "refunds", "sentiment"]
CHANGE = Scale(-50, 50)
LEAST = 10
"""Nothing is judged by fewer orders, sessions, conversions, customers or texts."""


class Facts(NamedTuple):
    """What is known of some days and of as many before, None where figures begin only after the first of these."""

    sold: TradeFigures
    visits: VisitFigures
    sentiment: SentimentDistribution
    sold_before: TradeFigures | None
    visits_before: VisitFigures | None


class Told(NamedTuple):
    """The figure of a part; or why there is none."""

    figure: float | None
    missing: str | None = None


class HealthKind(NamedTuple):
    """A part: how much it weighs, how its figure is judged, what that is, and how it is told from facts."""

    weight: int
    scale: Scale
    judged: str
    told: Callable[[Facts], Told]


def _too_few(number: int, what: str) -> Told:
    return Told(None, f"{number:,} {what}; it is judged by {LEAST} or more")


BEGAN_LATER = Told(None, "the earlier days are not all known: figures begin later")


def _revenue(facts: Facts) -> Told:
    before = facts.sold_before
    if before is None:
        return BEGAN_LATER
    if before.orders < LEAST:
        return _too_few(before.orders, "orders on the earlier days")
    return _change(facts.sold.net_revenue, before.net_revenue, "net revenue")


def _conversion(facts: Facts) -> Told:
    before = facts.visits_before
    if before is None:
        return BEGAN_LATER
    if facts.visits.sessions < LEAST:
        return _too_few(facts.visits.sessions, "sessions")
    if before.conversions < LEAST:
        return _too_few(before.conversions, "conversions on the earlier days")
    return _change(facts.visits.session_conversion_rate, before.session_conversion_rate, "conversion rate")


def _sessions(facts: Facts) -> Told:
    before = facts.visits_before
    if before is None:
        return BEGAN_LATER
    if before.sessions < LEAST:
        return _too_few(before.sessions, "sessions on the earlier days")
    return _change(facts.visits.sessions, before.sessions, "sessions")


def _change(now: float, before: float, what: str) -> Told:
    if before <= 0:
        return Told(None, f"there was no {what} on the earlier days")
    return Told(percentage(now - before, before))


def _returning(facts: Facts) -> Told:
    customers, returning = facts.sold.customers, facts.sold.returning_customers
    if customers is None or returning is None:
        return Told(None, "some days do not tell their customers yet")
    if customers < LEAST:
        return _too_few(customers, "customers")
    return Told(percentage(returning, customers))


def _refunds(facts: Facts) -> Told:
    if facts.sold.orders < LEAST:
        return _too_few(facts.sold.orders, "orders")
    return Told(percentage(facts.sold.refunds, facts.sold.revenue))


def _sentiment(facts: Facts) -> Told:
    positive, negative = facts.sentiment.positive, facts.sentiment.negative
    if positive + negative < LEAST:
        return _too_few(positive + negative, "positive and negative texts of feedback")
    return Told(percentage(positive, positive + negative))


AGAINST = "against the earlier days, in percent"
KINDS: dict[PartName, HealthKind] = {
    "revenue": HealthKind(30, CHANGE, f"Change of net revenue {AGAINST}", _revenue),
    "conversion": HealthKind(20, CHANGE, f"Change of the rate at which sessions convert {AGAINST}", _conversion),
    "sessions": HealthKind(15, CHANGE, f"Change of the number of sessions {AGAINST}", _sessions),
    "returning_customers": HealthKind(
        15, Scale(0, 50), "Customers who had bought on a day before, of all who bought, in percent", _returning
    ),
    "refunds": HealthKind(10, Scale(20, 0), "Refunds, of revenue, in percent", _refunds),
    "sentiment": HealthKind(
        10, Scale(0, 100), "Positive texts of feedback, of positive and negative ones, in percent", _sentiment
    ),
}
"""Every part, in the order of answers."""
