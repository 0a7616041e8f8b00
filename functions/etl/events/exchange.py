"""The exchange rates that a site has given, for the orders that are in other currencies."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from footfall.days import zone_named
from footfall.orders.exchange import MOST_DAYS_OLD, converted, day_of_order, is_foreign, rate_on
from footfall.schemas.exchange import DayRate
from footfall.schemas.order import OrderDocument
from footfall.schemas.site import Site
from footfall.stores.collections import exchange_rates
from footfall.stores.mongo import Mongo


def convert(database: Mongo, site: Site, orders: list[OrderDocument]) -> list[OrderDocument]:
    """Returns orders, those in other currencies in the site's where it has given a rate of their day."""
    zone = zone_named(site.time_zone)
    foreign = [order for order in orders if is_foreign(order, site.currency)]
    dated = [(order, day) for order in foreign if (day := day_of_order(order, zone))]
    if not dated:
        return orders
    rates = _rates(database, site, {order["currency"] for order in foreign}, [day for _, day in dated])
    found = {order["_id"]: rate_on(day, rates[order["currency"]]) for order, day in dated}
    return [converted(order, rate) if (rate := found.get(order["_id"])) else order for order in orders]


def _rates(
    database: Mongo, site: Site, currencies: set[str], days: Collection[date]
) -> defaultdict[str, list[DayRate]]:
    first, last = min(days) - timedelta(days=MOST_DAYS_OLD), max(days)
    query = {
        "site_id": site.site_id,
        "into": site.currency,
        "currency": {"$in": sorted(currencies)},
        "date": {"$gte": first.isoformat(), "$lte": last.isoformat()},
    }
    rates: defaultdict[str, list[DayRate]] = defaultdict(list)
    for rate in exchange_rates.read(database, DayRate, query):
        rates[rate["currency"]].append(rate)
    return rates
