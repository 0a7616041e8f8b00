"""The right answer of /api/analytics/products."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tests.oracle.life import Json, Question
from tests.oracle.reckoning.credit import split
from tests.oracle.reckoning.narrowing import fits, passing
from tests.oracle.reckoning.numbers import rate
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.pages import listed
from tests.oracle.reckoning.sessions import WINDOW
from tests.oracle.reckoning.shop import Reckoning
from tests.oracle.reckoning.sources import orders_of, visits_before
from tests.oracle.reckoning.tellings import read_lines

KINDS = {
    "product_list_viewed": "impressions",
    "product_clicked": "clicks",
    "product_viewed": "views",
    "product_added": "added",
    "product_removed": "removed",
}
Counts = defaultdict[str, Counter[str]]


def answer(shop: Reckoning, question: Question) -> Json:
    """Returns what was done with products, and what was bought of them."""
    days, wanted = shop.days_of(question), question.get("product")
    products, places = _done(shop, question)
    for order in orders_of(shop, question, days, visits_before(shop, question, WINDOW)):
        _sell(products, order)
    names = [name for name in products if wanted is None or fits(wanted, name)]
    sort_by = question.get("sort_by") or "revenue"
    names.sort(key=lambda name: (-products[name][sort_by], name))
    return {
        "range": shop.range(days),
        "data": [_row(shop, name, products[name]) for name in names],
        "places": _places(places),
        "places_other": 0,
        "currency": shop.shop.currency,
        **listed(len(names)),
    }


def _done(shop: Reckoning, question: Question) -> tuple[Counts, defaultdict[tuple[str, int], Counter[str]]]:
    products: Counts = defaultdict(Counter)
    places: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for event in passing(shop, shop.days_of(question), question):
        for line in read_lines(event, shop.shop.currency) if event.kind in KINDS else ():
            products[line.product][KINDS[event.kind]] += 1
            if line.place and event.kind in ("product_list_viewed", "product_clicked"):
                places[line.place][KINDS[event.kind]] += 1
    return products, places


def _sell(products: Counts, order: Order) -> None:
    totals = [max(line.total, 0) for line in order.lines]
    parts = split(order.refunded, totals) if any(totals) else [order.refunded, *[0] * (len(totals) - 1)]
    for name in {line.product for line in order.lines}:
        ours = [at for at, line in enumerate(order.lines) if line.product == name]
        products[name]["orders"] += 1
        products[name]["refunded_orders"] += any(parts[at] for at in ours)
        products[name]["refunded"] += sum(parts[at] for at in ours)
        products[name]["quantity"] += int(sum(order.lines[at].quantity for at in ours))
        products[name]["revenue"] += sum(order.lines[at].total for at in ours)


def _row(shop: Reckoning, name: str, counts: Mapping[str, int]) -> Json:
    return {
        "product_id": name,
        **{each: counts[each] for each in ("impressions", "clicks", "views", "added", "removed", "orders")},
        "click_rate": rate(counts["clicks"], counts["impressions"]),
        "added_rate": rate(counts["added"], counts["views"]),
        "orders_rate": rate(counts["orders"], counts["views"]),
        "quantity": float(counts["quantity"]),
        "revenue": shop.major(counts["revenue"]),
        "refunded": shop.major(counts["refunded"]),
        "refunded_orders": counts["refunded_orders"],
    }


def _places(places: Mapping[tuple[str, int], Counter[str]]) -> Sequence[Json]:
    ranked = sorted(places, key=lambda place: (-places[place]["impressions"], -places[place]["clicks"], place))
    return [
        {
            "list": name,
            "position": position,
            "impressions": places[name, position]["impressions"],
            "clicks": places[name, position]["clicks"],
            "click_rate": rate(places[name, position]["clicks"], places[name, position]["impressions"]),
        }
        for name, position in ranked
    ]
