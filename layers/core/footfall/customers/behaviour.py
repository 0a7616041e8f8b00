"""What somebody did, as weighted tokens that add up: the one reading of behaviour, for training and for single people.

A token is `kind:value`. Tokens of visits and orders are simply summed, so a person's behaviour is the same whether it
is read at once, visit by visit, or in any order. Kinds:

`page` a page type seen · `step` from one page to the next (`^` is the entry, `$` the exit) · `event` an event type ·
`product` interest in a product (seen 1, in the cart 2, bought 4) · `category` the same for its category ·
`hour`, `weekday` when visits began and orders were placed, in the site's time zone · `device` of a visit ·
`sum` what adds up to the measures of `footfall.customers.features`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from footfall.orders.fold import ORDER_EVENTS
from footfall.orders.purchases import is_purchase
from footfall.schemas.event import ACTIVITY_TYPES, INTERACTION_TYPES, NOT_A_VISIT, BehaviourEvent, order_in_time
from footfall.schemas.order import PurchasedOrder
from footfall.sessions.fold import chains_of, is_session

Tokens = dict[str, float]

MAX_NAME = 80
BOUGHT = 4.0
INTEREST = {"product_clicked": 1.0, "product_viewed": 1.0, "product_added": 2.0}
NOT_READ = NOT_A_VISIT | ORDER_EVENTS
"""Types whose events are no behaviour: orders are read from `orders`, where they are whole, and would count twice."""


def visits_of(events: Iterable[BehaviourEvent]) -> list[list[BehaviourEvent]]:
    """Returns a visitor's events as visits, in order: sessions without what is not read.

    What was done without anything being viewed, as a server may tell it, comes along; it counts as no visit.
    """
    chains = chains_of(event for event in events if event["type"] not in NOT_READ)
    done = [chain for chain in chains if any(event["type"] in ACTIVITY_TYPES for event in chain)]
    return sorted(done, key=lambda chain: order_in_time(chain[0]))


def person_of_visit(visit: Sequence[BehaviourEvent], links: Mapping[str, str]) -> str:
    """Returns whose visit it is: the last user id given, else who that visitor turned out to be, else the visitor."""
    user_id = next((who for event in reversed(visit) if (who := event.get("user_id"))), None)
    visitor_id = visit[0]["visitor_id"]
    return user_id or links.get(visitor_id, visitor_id)


def visit_tokens(visit: Sequence[BehaviourEvent], zone: ZoneInfo) -> Tokens:
    """Returns the tokens of one visit, its events in order."""
    tokens: defaultdict[str, float] = defaultdict(float)
    pages = [page_name(event) for event in visit if event["type"] == "pageview"]
    for page in pages:
        tokens[f"page:{page}"] += 1
    for before, after in pairwise(["^", *pages, "$"] if pages else []):
        tokens[f"step:{before}>{after}"] += 1
    for event in visit:
        if event["type"] != "pageview":
            tokens[f"event:{_name(event['name'] if event['type'] == 'custom' else event['type'])}"] += 1
        _add_interest(tokens, event)
    _add_product_pages(tokens, visit)
    first, last = visit[0]["timestamp"], visit[-1]["timestamp"]
    interactions = sum(event["type"] in INTERACTION_TYPES for event in visit)
    _add_moment(tokens, first, zone)
    tokens[f"device:{visit[0]['device']}"] += 1
    tokens["sum:interactions"] += interactions
    if is_session(visit):
        tokens["sum:visits"] += 1
        tokens["sum:pages"] += len(pages)
        tokens["sum:seconds"] += (last - first).total_seconds()
        tokens["sum:bounces"] += len(pages) == 1 and not interactions
    return tokens


def order_tokens(order: PurchasedOrder, zone: ZoneInfo) -> Tokens:
    """Returns the tokens of one order; a refund whose order was never seen counts as a refund alone."""
    tokens: defaultdict[str, float] = defaultdict(float)
    tokens["sum:refunded"] += order["refunded"]
    if order["refunded"]:
        tokens["sum:refunds"] += 1
    if not is_purchase(order):
        return tokens
    products = {line["product_id"]: line for line in order["lines"]}
    for product_id, line in products.items():
        tokens[f"product:{_name(product_id)}"] += BOUGHT
        if line.get("category"):
            tokens[f"category:{_name(line['category'])}"] += BOUGHT
    tokens["sum:orders"] += 1
    tokens["sum:spent"] += order["total"]
    tokens["sum:products"] += len(products)
    tokens["sum:items"] += sum(max(line.get("quantity", 0), 0) for line in order["lines"])
    if order["placed_at"]:
        _add_moment(tokens, order["placed_at"], zone)
    return tokens


def add(total: Tokens, tokens: Mapping[str, float]) -> None:
    """Add the tokens of one visit or order to a person's."""
    for token, weight in tokens.items():
        total[token] = total.get(token, 0.0) + weight


def _add_interest(tokens: defaultdict[str, float], event: BehaviourEvent) -> None:
    strength = INTEREST.get(event["type"])
    for line in (event.get("commerce") or {}).get("lines", []) if strength else []:
        tokens[f"product:{_name(line['product_id'])}"] += strength or 0.0
        if line.get("category"):
            tokens[f"category:{_name(line['category'])}"] += strength or 0.0


def _add_product_pages(tokens: defaultdict[str, float], visit: Sequence[BehaviourEvent]) -> None:
    for product_id in product_pages(visit):
        tokens[f"product:{_name(product_id)}"] += INTEREST["product_viewed"]


def product_pages(visit: Sequence[BehaviourEvent]) -> list[str]:
    """Returns the products whose pages were seen in a visit that tells of no product otherwise.

    A shop that sends no product events still shows product pages, each named by the end of its path.
    """
    if any(event["type"] in INTEREST for event in visit):
        return []
    pages = (event for event in visit if event["type"] == "pageview" and event.get("page_type") == "product")
    return [path.rstrip("/").rpartition("/")[2] for event in pages if (path := event.get("path"))]


def _add_moment(tokens: defaultdict[str, float], moment: datetime, zone: ZoneInfo) -> None:
    local = moment.astimezone(zone)
    tokens[f"hour:{local.hour}"] += 1
    tokens[f"weekday:{local.weekday()}"] += 1


def page_name(event: BehaviourEvent) -> str:
    """Returns the page's type, else the first part of its path: single addresses would tell nobody's habits."""
    return _name(event.get("page_type") or "/" + (event.get("path") or "").strip("/").partition("/")[0])


def _name(text: str | None) -> str:
    return (text or "other")[:MAX_NAME]
