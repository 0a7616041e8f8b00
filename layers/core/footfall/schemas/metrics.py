"""Daily figures as stored, and the marks of days whose figures must be recomputed."""

from datetime import datetime
from typing import NotRequired, TypedDict

from footfall.schemas.funnel import Device


class VisitSums(TypedDict):
    """Who came and what they did, in sums; a bounce is a session of one page view and nothing else."""

    visitors: int
    page_views: int
    sessions: int
    bounces: int
    session_seconds: float
    conversions: int


class DeviceDay(VisitSums):
    """What happened on one device on one day; `people` is a roaring bitmap of dense user ids."""

    people: bytes


class SourceDay(TypedDict):
    """Sessions of one day by where they came from."""

    source: str
    sessions: int
    conversions: int


class PageDay(TypedDict):
    """Views of one page on one day."""

    page: str
    views: int


class Buyers(TypedDict):
    """The orders of a day as columns: dense user ids (32 bits), and minor units (64 bits), little-endian.

    `refunded` is what was given back of each order, whenever; a day that was computed long ago does not say it.
    """

    people: bytes
    totals: bytes
    refunded: NotRequired[bytes]


class DayBuyers(TypedDict):
    """Who ordered on a day, and for how much."""

    buyers: Buyers


class CustomersDay(TypedDict):
    """The customers who ordered on a day: a roaring bitmap of their dense user ids, and what their orders amount to."""

    people: bytes
    revenue: int


class CurrencyDay(TypedDict):
    """Purchases of one day in another currency than the site's."""

    currency: str
    orders: int


class StaleDate(TypedDict):
    """A local day whose figures must be recomputed."""

    date: str


class MarkedDay(StaleDate):
    """The same with its mark: `token` changes with every one."""

    token: object


class StaleDay(MarkedDay):
    """One document of `stale_days`: a local day whose figures must be recomputed."""

    _id: str
    site_id: str


class DayVersion(TypedDict):
    """A local day, and what tells one state of its figures and events from every other."""

    date: str
    version: str


class DayVersionDocument(DayVersion):
    """One document of `day_versions`: `version` is another whenever a day is computed anew, also where it has no
    figures, and when events of it are removed."""

    _id: str
    site_id: str


class DayReading(TypedDict):
    """A local day, and when the events of its figures began to be read."""

    date: str
    read_at: datetime


class DayToken(DayReading):
    """What tells whether a day was recomputed: `token` changes whenever it is."""

    token: str


class DayLeftOut(TypedDict):
    """Orders of a day that are in none of its sums of money; a day that was computed long ago may not say."""

    other_currencies: NotRequired[list[CurrencyDay]]
    unknown_amounts: NotRequired[int]
    free_orders: NotRequired[int]


class DayMoney(TypedDict):
    """The orders of a day, and the money of a day, in minor units of the site's currency."""

    orders: int
    revenue: int
    refunds: int


class DayBusiness(StaleDate, DayMoney, DayLeftOut):
    """What was bought on a day, and by which customers; a day that was computed long ago does not say that."""

    customers: NotRequired[CustomersDay]


class DayByDevice(StaleDate):
    """What happened on each device on a local day."""

    by_device: dict[Device, DeviceDay]


class DayVisits(DayByDevice, VisitSums):
    """Who came on a day and what they did."""


class DayKeyFigures(DayVisits, DayMoney):
    """What a shop's key figures are made of."""


class DayFiguresDocument(DayToken, DayKeyFigures, DayLeftOut):
    """A day's figures, as the dashboard reads them; money in minor units of `currency`."""

    currency: str
    sources: list[SourceDay]
    pages: list[PageDay]


class DayOrders(DayMoney, DayLeftOut, DayBuyers):
    """All that a day's figures hold of its orders and refunds."""

    currency: str
    customers: CustomersDay


class DayDocument(DayFiguresDocument, DayBuyers, DayBusiness):
    """One document of `daily_metrics`: a local day of a site, bots left out; money in minor units of `currency`.

    Sessions belong to the day they began. `orders` are the purchases of this day in `currency`, and `revenue` is theirs
    before refunds; `other_currencies` counts those in others, `unknown_amounts` the orders whose total is not known,
    `free_orders` those that cost nothing; `refunds` were given back on this day. `pages` keeps the day's thousand most
    viewed. `token` changes with every recompute; `read_at` is when its events began to be read.
    """

    _id: str
    site_id: str
    definition: str
