"""Exchange rates of a site, by day."""

from typing import TypedDict


class DayRate(TypedDict):
    """What one unit of `currency` was worth in the currency `into` on a day (YYYY-MM-DD): an exact decimal as text."""

    currency: str
    into: str
    date: str
    rate: str


class ExchangeRateDocument(DayRate):
    """One document of `exchange_rates`."""

    _id: str
    site_id: str
