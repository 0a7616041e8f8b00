"""How answers give figures: rates as percentages, money in major units."""

from footfall.events.commerce import MINOR_DIGITS


def percentage(part: float, whole: float) -> float:
    """`part` of `whole` in percent with two decimals; 0 where there is no whole."""
    return round(100 * part / whole, 2) if whole else 0.0


def major_units(minor: float, currency: str) -> float:
    """An amount of minor units (1250) in major units (12.5), with as many decimals as the currency has."""
    digits = MINOR_DIGITS.get(currency, 2)
    return float(round(minor / 10**digits, digits))
