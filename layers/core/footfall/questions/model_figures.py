"""Figures of models and trainings as answers give them: money in major units."""

from collections.abc import Mapping

from footfall.money import major_units

MONEY = frozenset(
    {"revenue", "guest_revenue", "refunds", "refunded", "predicted_revenue", "actual_revenue", "mean_error"}
)


def in_major_units(figures: Mapping[str, object], currency: str) -> dict[str, object]:
    """Returns figures, and those within them, with every amount of money in major units of a currency."""
    return {name: _shown(name, value, currency) for name, value in figures.items()}


def _shown(name: str, value: object, currency: str) -> object:
    if isinstance(value, Mapping):
        return in_major_units(value, currency)
    if isinstance(value, list):
        return [_shown(name, one, currency) for one in value]
    return major_units(value, currency) if name in MONEY and isinstance(value, int) else value
