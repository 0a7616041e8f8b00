"""Money: minor units of a currency in what is stored, major units in what is answered."""

from decimal import Decimal, InvalidOperation
from typing import Any

WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {**dict.fromkeys(WITHOUT_DECIMALS.split(), 0), **dict.fromkeys(WITH_THREE.split(), 3)}
"""Decimals of the currencies that have not two (ISO 4217)."""


def minor_units(amount: Any, currency: str) -> int | None:
    """Returns an amount (12.5 or "12.50") in minor units (1250), rounded half to even; None when it is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str)):
        return None
    try:
        scaled = Decimal(str(amount)).scaleb(MINOR_DIGITS.get(currency, 2))
        return int(scaled.to_integral_value()) if abs(scaled) < 10**15 else None
    except (InvalidOperation, ValueError):
        return None


def major_units(minor: float, currency: str) -> float:
    """Returns an amount of minor units (1250) in major units (12.5), with as many decimals as the currency has."""
    digits = MINOR_DIGITS.get(currency, 2)
    return float(round(minor / 10**digits, digits))
