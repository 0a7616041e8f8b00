"""Money: minor units of a currency in what is stored, major units in what is answered."""

from decimal import Decimal, InvalidOperation
from typing import Any

WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
MINOR_DIGITS = {**dict.fromkeys(WITHOUT_DECIMALS.split(), 0), **dict.fromkeys(WITH_THREE.split(), 3)}
"""Decimals of the currencies that have not two (ISO 4217)."""

CURRENCY_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
    "CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK "
    "LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
    "OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF "
    "XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(CURRENCY_CODES.split())
"""The currencies that shops trade in: ISO 4217's codes without funds and metals; BGN ended in 2025."""


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
