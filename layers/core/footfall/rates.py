"""Rates as answers give them."""


def percentage(part: float, whole: float) -> float:
    """Returns `part` of `whole` in percent with two decimals; 0 where there is no whole."""
    return round(100 * part / whole, 2) if whole else 0.0
