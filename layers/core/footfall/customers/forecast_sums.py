"""How risk and predicted value are spread over customers: folded when they are published, so that no answer counts."""

from collections.abc import Iterable

from footfall.money import digits_of
from footfall.schemas.customer import CountedCustomer, RiskLevel
from footfall.schemas.model import RiskSums, ValueSums

LEVELS: tuple[RiskLevel, ...] = ("high", "medium", "low")
STEPS = (1, 2, 5)
"""Bins of value begin at these and at their tens, hundreds and so on: at most three for each digit of an amount."""


class ForecastSums:
    """Collects customers, and tells how what models foresaw of them is spread; without it, a customer is left out."""

    def __init__(self) -> None:
        self._risks: dict[RiskLevel, RiskSums] = {}
        self._values: dict[int, ValueSums] = {}

    def add_all(self, customers: Iterable[CountedCustomer]) -> None:
        """Count customers at their level of risk and in the bin of their predicted value."""
        for customer in customers:
            if (level := customer.get("churn_risk_level")) is not None:
                self._add_risk(level, customer["monetary"])
            if (value := customer.get("predicted_clv")) is not None:
                self._add_value(beginning_of_bin(value, customer["currency"]), value)

    @property
    def risks(self) -> list[RiskSums]:
        """The customers at each level of risk that any has, the highest first."""
        return [self._risks[level] for level in LEVELS if level in self._risks]

    @property
    def values(self) -> list[ValueSums]:
        """The customers in each bin of predicted value that any is in, the lowest first."""
        return [self._values[low] for low in sorted(self._values)]

    def _add_risk(self, level: RiskLevel, revenue: int) -> None:
        found = self._risks.setdefault(level, RiskSums(risk_level=level, customers=0, revenue=0))
        found["customers"] += 1
        found["revenue"] += revenue

    def _add_value(self, low: int, value: int) -> None:
        found = self._values.setdefault(low, ValueSums(low=low, customers=0, predicted=0))
        found["customers"] += 1
        found["predicted"] += value


def beginning_of_bin(value: int, currency: str) -> int:
    """Returns where the bin of a value begins, in minor units: 0 for what is less than one major unit."""
    if value < _first(currency):
        return 0
    power: int = 10 ** (len(str(value)) - 1)
    return max(step * power for step in STEPS if step * power <= value)


def end_of_bin(low: int, currency: str) -> int:
    """Returns where the bin that begins at an amount ends, which is where the next one begins, in minor units."""
    if low == 0:
        return _first(currency)
    power: int = 10 ** (len(str(low)) - 1)
    return next((step * power for step in STEPS if step * power > low), 10 * power)


def _first(currency: str) -> int:
    return int(10 ** digits_of(currency))
