"""Orders: recomputed from every event that speaks of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from footfall.chunks import chunks
from footfall.currencies import UNKNOWN
from footfall.events.commerce_fields import read_commerce
from footfall.events.log import BY_VISITOR
from footfall.events.remnants import with_remnants
from footfall.orders.fold import (
    ORDER_EVENTS,
    by_customer,
    fold_orders,
    name_of_another,
    order_id_of,
    unsigned_visitors,
)
from footfall.orders.purchases import moments_of
from footfall.orders.sources import TELLING, PublicWord
from footfall.orders.tellings import commerce_of, currency_of, is_told, ranked
from footfall.people.identities import links_of
from footfall.schemas.event import ToldEvent
from footfall.schemas.order import OrderDocument
from footfall.schemas.remnant import RemnantDocument
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.mongo import Mongo
from pymongo.client_session import ClientSession

from . import derived
from .exchange import convert
from .stale import StaleDays


def _read(database: Mongo, keys: Sequence[str], session: ClientSession) -> Iterable[OrderDocument]:
    return collections.orders.of(database).find({"_id": {"$in": keys}}, session=session)


def _write(database: Mongo, writes: derived.Writes[OrderDocument], session: ClientSession | None) -> None:
    collections.orders.of(database).bulk_write(writes, ordered=False, session=session)


EVENTS_AT_ONCE = 1_000
ORDERS = derived.Kind(_read, _write, moments_of, stay=True)


def told_by(database: Mongo, site_id: str, visitor_ids: Collection[str]) -> list[ToldEvent]:
    """Returns the events of visitors that speak of orders and name nobody."""
    if not visitor_ids:
        return []
    unsigned = {"type": {"$in": sorted(ORDER_EVENTS)}, "user_id": None}
    query = {"site_id": site_id, "visitor_id": {"$in": sorted(visitor_ids)}, **unsigned}
    found = collections.events.of(database).find(query).hint(BY_VISITOR).to_list()
    return with_remnants(found, collections.remnants.of(database).find(query))


def left_of(database: Mongo, keys: AbstractSet[str]) -> list[RemnantDocument]:
    """Returns what is left of those of some events that were removed."""
    return collections.remnants.of(database).find({"_id": {"$in": sorted(keys)}}).to_list() if keys else []


def recompute(database: Mongo, site: Site, days: StaleDays, events: Iterable[ToldEvent]) -> None:
    """Recompute the orders that events speak of.

    Who their visitors are is asked again afterwards: somebody may have turned out to be another meanwhile, whose orders
    were looked for before these were stored.
    """
    speaking = {event["_id"]: event for event in events if order_id_of(event)}
    for some in chunks(speaking.values(), EVENTS_AT_ONCE):
        _recompute(database, site, days, _events_of(database, site.site_id, some))


def _recompute(database: Mongo, site: Site, days: StaleDays, told: Mapping[str, list[ToldEvent]]) -> None:
    unsigned = {visitor_id for found in told.values() for visitor_id in unsigned_visitors(found)}
    links: dict[str, str] | None = None
    while links != (found := links_of(database, site.site_id, unsigned)):
        links = found
        _store(database, site, days, told, links)


def _store(
    database: Mongo, site: Site, days: StaleDays, told: Mapping[str, list[ToldEvent]], links: Mapping[str, str]
) -> None:
    word = PublicWord(site.public_orders_until, site.public_changes_until)
    orders: list[OrderDocument] = []
    superseded: dict[str, int] = {}
    for order_id, found in told.items():
        parts = {name: _in_one_currency(part) for name, part in by_customer(order_id, found).items()}
        folded = fold_orders(parts, days.zone, links, word)
        orders += folded
        superseded |= dict.fromkeys(_no_longer(site.site_id, order_id, found, folded), len(found))
    derived.store(database, days, ORDERS, convert(database, site, orders), superseded=superseded)


def _events_of(database: Mongo, site_id: str, events: list[ToldEvent]) -> dict[str, list[ToldEvent]]:
    # by order; one without an id of its own has just the one event
    groups: defaultdict[str, list[ToldEvent]] = defaultdict(list)
    order_ids = {order_id_of(event) for event in events}
    named = sorted(order_id for order_id in order_ids if order_id and not order_id.startswith("event:"))
    speaking = {"site_id": site_id, "commerce.order_id": {"$in": named}, "type": {"$in": sorted(ORDER_EVENTS)}}
    stored = collections.events.of(database).find(speaking).to_list()
    unnamed = [event for event in events if (order_id_of(event) or "").startswith("event:")]
    for event in with_remnants([*stored, *unnamed], collections.remnants.of(database).find(speaking)):
        order_id = order_id_of(event)
        if order_id and order_id in order_ids:
            groups[order_id].append(event)
    return groups


def _in_one_currency(events: list[ToldEvent]) -> list[ToldEvent]:
    # what an event says without a currency is in the currency that another one says of the same order
    tellings = ranked(event for event in events if event["type"] in TELLING)
    currency = currency_of(tellings)
    if currency in (None, UNKNOWN) or all(commerce_of(event).get("currency") == currency for event in events):
        return events
    return [_read_again(event, currency) if not is_told(event, "currency") else event for event in events]


def _read_again(event: ToldEvent, currency: str) -> ToldEvent:
    flags: list[str] = []
    told = {"value": event.get("value"), **event.get("properties", {})}
    commerce = read_commerce(event["type"], told, currency, flags)
    return {**event, "commerce": commerce, "flags": [*event.get("flags", []), *flags]}


def _no_longer(site_id: str, order_id: str, events: list[ToldEvent], orders: list[OrderDocument]) -> set[str]:
    # who seemed to be another customer with an order of the same id
    users = {user_id for event in events if (user_id := event.get("user_id"))}
    others = {f"{site_id}:{name_of_another(order_id, user_id)}" for user_id in users} if len(users) > 1 else set()
    return others - {order["_id"] for order in orders}
