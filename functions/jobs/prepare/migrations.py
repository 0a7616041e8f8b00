"""What older versions stored, brought into today's shape: the one place that may write what another function owns.

Each migration tells by what it finds whether it has been done, so that a deployment that was cut short goes on.
"""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from contextlib import suppress
from secrets import token_hex
from typing import Any

from footfall.catalog.products import words_of
from footfall.chunks import chunks
from footfall.clock import now
from footfall.customers.segment_sums import SEGMENT_FIELDS, Segments
from footfall.models.registry import in_use
from footfall.orders.fold import ORDER_EVENTS, buyer_of, order_id_of, told_id_of, told_in, unsigned_visitors
from footfall.orders.remnants import remnants_of_order
from footfall.orders.sources import source_of
from footfall.people.identities import links_of
from footfall.people.remnants import remnant_of_person
from footfall.people.searching import found_by
from footfall.quarantine import KEPT
from footfall.schemas.customer import CustomerSums
from footfall.schemas.event import VIEW_TYPES, EventDocument
from footfall.schemas.order import OrderDocument
from footfall.schemas.person import PersonDocument
from footfall.schemas.session import SessionDocument
from footfall.sessions.fold import key_of, session_id_of
from footfall.stores.collection import Collection
from footfall.stores.collections import (
    CUSTOMERS_BY,
    SEGMENTS,
    customers,
    events,
    models,
    orders,
    products,
    quarantine,
    remnants,
    sites,
    user_sessions,
    users,
)
from footfall.stores.mongo import Condition, Mongo
from pymongo import ReplaceOne, UpdateOne
from pymongo.errors import OperationFailure

SESSIONS_PER_WRITE = 1_000
ORDERS_PER_WRITE = 1_000
PEOPLE_PER_WRITE = 1_000
PRODUCTS_PER_WRITE = 1_000
SESSIONS_PER_QUESTION = 200
NOT_NEEDED = {"properties": 0, "commerce.lines": 0, "traits": 0}
"""Of events, to find out who told of an order, and which of them counts."""
OVERTAKEN_INDEXES: tuple[tuple[Collection[Any], str], ...] = (
    (orders, "site_id_1_currency_1"),
    (events, "site_id_1_flags_1_timestamp_1"),
    (events, "site_id_1_timestamp_-1_flags_1"),
    (quarantine, "site_id_1_state_1_first_seen_-1__id_1"),
    *((customers, "_".join(f"{name}_1" for name in ("site_id", *by, "_id", *SEGMENTS))) for by in CUSTOMERS_BY[:7]),
    (products, "site_id_1_category_1"),
)


def migrate(database: Mongo) -> None:
    """Run every migration; safe to run again, and before the collections' indexes are made."""
    _name_the_numbers(database)
    _key_the_sessions(database)
    _list_the_refunds(database)
    _name_the_revoked_keys(database)
    _say_where_orders_were_told(database)
    _give_orders_to_their_buyers(database)
    _say_who_told_of_orders(database)
    _keep_what_removed_events_told(database)
    _say_how_large_quarantined_inputs_are(database)
    _have_sessions_rechecked(database)
    _have_dimensions_of_sessions_read(database)
    _add_up_the_segments(database)
    _say_what_people_are_found_by(database)
    _say_what_products_are_found_by(database)
    _give_sites_their_pepper(database)
    _drop_what_other_indexes_do(database)


def _give_sites_their_pepper(database: Mongo) -> None:
    for site in sites.of(database).find({"pepper": {"$exists": False}}, {"_id": 1}):
        without = {"_id": site["_id"], "pepper": {"$exists": False}}
        sites.of(database).update_one(without, {"$set": {"pepper": token_hex(32)}})


def _name_the_numbers(database: Mongo) -> None:
    # until 0.1.0 a person's dense number was called user_id, as the shop's own id of a customer is
    if "site_id_1_number_1" in users.of(database).index_information():
        return
    with suppress(OperationFailure):  # it is not there in a new database
        users.of(database).drop_index("site_id_1_user_id_1")
    old = {"user_id": {"$exists": True}, "number": {"$exists": False}}
    users.of(database).update_many(old, {"$rename": {"user_id": "number"}})


def _say_what_people_are_found_by(database: Mongo) -> None:
    # until 0.1.0 nobody was found by what was told of them
    if "site_id_1_found_by_1__id_1" in users.of(database).index_information():
        return
    old: Condition = {"traits": {"$type": "object", "$ne": {}}, "found_by": {"$exists": False}}
    for some in chunks(users.of(database).find(old, {"traits": True}), PEOPLE_PER_WRITE):
        writes = [UpdateOne({"_id": each["_id"]}, {"$set": {"found_by": found_by(each["traits"])}}) for each in some]
        users.of(database).bulk_write(writes, ordered=False)


def _say_what_products_are_found_by(database: Mongo) -> None:
    # until 0.1.0 products were stored as their newest file said, and nobody searched them
    if "site_id_1_words_1__id_1" in products.of(database).index_information():
        return
    for some in chunks(products.of(database).find({"words": {"$exists": False}}), PRODUCTS_PER_WRITE):
        writes = [UpdateOne({"_id": each["_id"]}, {"$set": {"words": words_of(each)}}) for each in some]
        products.of(database).bulk_write(writes, ordered=False)


def _say_how_large_quarantined_inputs_are(database: Mongo) -> None:
    # until 0.1.0 quarantine had no bounds; what waits there has as long as what comes now
    measured = {"size": {"$binarySize": "$original"}, "expires_at": now() + KEPT}
    quarantine.of(database).update_many({"size": {"$exists": False}}, [{"$set": measured}])


def _name_the_revoked_keys(database: Mongo) -> None:
    # until 0.1.0 only write keys could send, and so only they were remembered when they were revoked
    old = {"revoked_write_keys": {"$exists": True}}
    sites.of(database).update_many(old, {"$rename": {"revoked_write_keys": "revoked_keys"}})


def _list_the_refunds(database: Mongo) -> None:
    # until 0.1.0 an order had the sum of its refunds and the moment of the first; a cancellation was on no day
    if "site_id_1_refunded_at_1" not in orders.of(database).index_information():
        return
    old: Condition = {"refunds": {"$exists": False}}
    for order in orders.of(database).find({**old, "status": "cancelled", "refunded_at": None}):
        about = {"site_id": order["site_id"], "commerce.order_id": order["order_id"], "type": "order_cancelled"}
        found = events.of(database).find_one(about, sort=[("timestamp", 1)])
        at = found["timestamp"] if found else order["placed_at"]
        orders.of(database).update_one({"_id": order["_id"]}, {"$set": {"refunded_at": at}})
    first = [{"at": "$refunded_at", "amount": "$refunded"}]
    listed = {"$cond": [{"$eq": [{"$type": "$refunded_at"}, "date"]}, first, []]}
    orders.of(database).update_many(old, [{"$set": {"refunds": listed}}])
    orders.of(database).drop_index("site_id_1_refunded_at_1")  # last: until it is gone, there is something to do


def _key_the_sessions(database: Mongo) -> None:
    # until 0.1.0 a session's id was the client's, whoever the visitor was, and nothing was attributed to an earlier one
    if "site_id_1_session_id_1" not in events.of(database).index_information():
        return
    old = user_sessions.of(database).find({"own_attribution": {"$exists": False}})
    for sessions in chunks(old, SESSIONS_PER_WRITE):
        keyed = [_keyed(session) for session in sessions]
        user_sessions.of(database).bulk_write([ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in keyed])
        gone = {session["_id"] for session in sessions} - {session["_id"] for session in keyed}
        user_sessions.of(database).delete_many({"_id": {"$in": sorted(gone)}})
    events.of(database).drop_index("site_id_1_session_id_1")  # nothing reads events by it any more


def _say_where_orders_were_told(database: Mongo) -> None:
    # until 0.1.0 an order did not say in which sessions it was told
    old = orders.of(database).find({"told_in": {"$exists": False}})
    for some in chunks(old, ORDERS_PER_WRITE):
        told = _events_of(database, some, {"order_completed"})
        places = {each["_id"]: told_in(_of_buyer(each, told[each["site_id"], told_id_of(each)])) for each in some}
        writes = [UpdateOne({"_id": key}, {"$set": {"told_in": found}}) for key, found in places.items()]
        orders.of(database).bulk_write(writes, ordered=False)


def _say_who_told_of_orders(database: Mongo) -> None:
    # until 0.1.0 an order did not say whose word its money is; what nothing is left of was the shop's own to keep
    for some in chunks(orders.of(database).find({"told_by": {"$exists": False}}), ORDERS_PER_WRITE):
        told = _events_of(database, some, ORDER_EVENTS)
        found = {each["_id"]: _of_buyer(each, told[each["site_id"], told_id_of(each)]) for each in some}
        writes = [
            UpdateOne({"_id": key}, {"$set": {"told_by": source_of(theirs) if theirs else "secret_key"}})
            for key, theirs in found.items()
        ]
        orders.of(database).bulk_write(writes, ordered=False)


def _give_orders_to_their_buyers(database: Mongo) -> None:
    # until 0.1.0 what a visitor had bought stayed a guest's when they turned out to be somebody; the figures of days
    # looked that up, so that none changes
    if "site_id_1_person_id_1" not in orders.of(database).index_information():
        return
    for some in chunks(orders.of(database).find({"user_id": None}), ORDERS_PER_WRITE):
        writes = [
            UpdateOne({"_id": key, "user_id": None}, {"$set": {"user_id": buyer, "person_id": buyer}})
            for key, buyer in _buyers(database, some).items()
        ]
        if writes:
            orders.of(database).bulk_write(writes, ordered=False)
    orders.of(database).drop_index("site_id_1_person_id_1")  # last: until it is gone, there is something to do


def _buyers(database: Mongo, guests: list[OrderDocument]) -> dict[str, str]:
    # by the order's key, of those whose visitor turned out to be somebody
    told = _events_of(database, guests, ORDER_EVENTS)
    visitors: defaultdict[str, set[str]] = defaultdict(set)
    for (site_id, _), found in told.items():
        visitors[site_id] |= unsigned_visitors(found)
    links = {site_id: links_of(database, site_id, found) for site_id, found in visitors.items()}
    of_order = {each["_id"]: (each["site_id"], told_id_of(each)) for each in guests}
    buyers = {key: buyer_of(told[about], links[about[0]]) for key, about in of_order.items() if about in told}
    return {key: buyer for key, buyer in buyers.items() if buyer}


def _keep_what_removed_events_told(database: Mongo) -> None:
    # until 0.1.0 nothing was left of an event that was removed, and what came later replaced the order or the traits
    if "site_id_1_visitor_id_1" in remnants.of(database).index_information():
        return
    for site in sites.of(database).find({}, {"site_id": 1}):
        earliest = events.of(database).find_one({"site_id": site["site_id"]}, {"timestamp": 1}, sort=[("timestamp", 1)])
        before = {"$lt": earliest["timestamp"]} if earliest else {"$type": "date"}
        placed = orders.of(database).find({"site_id": site["site_id"], "placed_at": before})
        for some in chunks(placed, ORDERS_PER_WRITE):
            _keep_of_orders(database, some)
        seen = {"site_id": site["site_id"], "date": before, "trait_events": {"$gt": 0}}
        for person in users.of(database).find(seen):
            _keep_of_person(database, person)


def _keep_of_orders(database: Mongo, some: list[OrderDocument]) -> None:
    left = _events_of(database, some, ORDER_EVENTS)
    for order in some:
        told = left[order["site_id"], told_id_of(order)]
        found = remnants_of_order(order, told, now())
        writes = [ReplaceOne({"_id": remnant["_id"]}, remnant, upsert=True) for remnant in found]
        remnants.of(database).bulk_write(writes, ordered=False)
        orders.of(database).update_one({"_id": order["_id"]}, {"$set": {"events": len(found) + len(told)}})


def _keep_of_person(database: Mongo, person: PersonDocument) -> None:
    # before all that is left: each trait is as the newest of these says, else as it was
    who, left = person["person_id"], {"site_id": person["site_id"], "traits": {"$type": "object"}}
    theirs: Condition = {**left, "$or": [{"user_id": who}, {"visitor_id": who, "user_id": None}]}
    found = events.count(database, theirs)
    if found < person["trait_events"]:
        remnant = remnant_of_person(person, now())
        remnants.of(database).replace_one({"_id": remnant["_id"]}, remnant, upsert=True)
        users.of(database).update_one({"_id": person["_id"]}, {"$set": {"trait_events": found + 1}})


Told = defaultdict[tuple[str, str], list[EventDocument]]


def _events_of(database: Mongo, some: list[OrderDocument], types: AbstractSet[str]) -> Told:
    # by site and the id that an order was told under
    ids = {(each["site_id"], told_id_of(each)) for each in some}
    named: Condition = {
        "site_id": {"$in": sorted({site_id for site_id, _ in ids})},
        "commerce.order_id": {"$in": sorted({told_id for _, told_id in ids})},
        "type": {"$in": sorted(types)},
    }
    unnamed = {"_id": {"$in": sorted(f"{site_id}:{told_id.removeprefix('event:')}" for site_id, told_id in ids)}}
    found: Told = defaultdict(list)
    for event in events.of(database).find({"$or": [named, unnamed]}, NOT_NEEDED):
        if told_id := order_id_of(event):
            found[event["site_id"], told_id].append(event)
    return found


def _of_buyer(order: OrderDocument, completions: list[EventDocument]) -> list[EventDocument]:
    # of an id that two customers' orders share, each has those of its own; what names nobody is the first one's
    if "two_customers" not in order.get("flags", ()):
        return completions
    first = order["order_id"] == told_id_of(order)
    return [
        event
        for event in completions
        if event.get("user_id") == order["user_id"] or (first and not event.get("user_id"))
    ]


def _have_sessions_rechecked(database: Mongo) -> None:
    # until 0.1.0 events without a view were sessions too, and a session knew of no order told elsewhere
    if "site_id_1_orders.told_id_1" in user_sessions.of(database).index_information():
        return
    for some in chunks(user_sessions.of(database).find({"page_views": 0}), SESSIONS_PER_QUESTION):
        gone = {session["_id"] for session in some} - _viewed(database, some)
        user_sessions.of(database).delete_many({"_id": {"$in": sorted(gone)}})
    user_sessions.of(database).update_many({}, {"$set": {"computed_at": now()}})  # jobs/sweep has these rechecked


def _have_dimensions_of_sessions_read(database: Mongo) -> None:
    # until 0.1.0 a session did not say its browser, system, language, screen, referrer and paths; jobs/sweep does it
    old = {"landing_path": {"$exists": False}}
    user_sessions.of(database).update_many(old, {"$set": {"computed_at": now()}})


def _add_up_the_segments(database: Mongo) -> None:
    # until 0.1.0 a model did not say what the customers of its segments add up to
    old: Condition = {"name": {"$in": sorted(SEGMENT_FIELDS)}, "segments": {"$exists": False}}
    for site_id in models.of(database).distinct("site_id", old):
        newest = [model for name in SEGMENT_FIELDS if (model := in_use(database, site_id, name))]
        if all("segments" in model for model in newest):
            continue
        segments = Segments()
        segments.add_all(customers.read(database, CustomerSums, {"site_id": site_id}))
        for model in newest:
            sums = {"$set": {"segments": segments.of_model(model["name"])}}
            models.of(database).update_one({"_id": model["_id"]}, sums)


def _drop_what_other_indexes_do(database: Mongo) -> None:
    for collection, name in OVERTAKEN_INDEXES:
        with suppress(OperationFailure):  # it is not there in a new database
            collection.of(database).drop_index(name)


def _viewed(database: Mongo, some: list[SessionDocument]) -> set[str]:
    # those of these sessions in which a product, a list or the cart was viewed
    spans = [
        {
            "site_id": session["site_id"],
            "visitor_id": session["visitor_id"],
            "session_id": session["client_session_id"],
            "timestamp": {"$gte": session["started_at"], "$lte": session["ended_at"]},
            "type": {"$in": sorted(VIEW_TYPES)},
        }
        for session in some
    ]
    views = events.of(database).find({"$or": spans}).to_list()
    return {session["_id"] for session in some if any(_holds(session, view) for view in views)}


def _holds(session: SessionDocument, event: EventDocument) -> bool:
    key = session["site_id"], session["visitor_id"], session["client_session_id"]
    within = session["started_at"] <= event["timestamp"] <= session["ended_at"]
    return within and key == (event["site_id"], *key_of(event))


def _keyed(session: SessionDocument) -> SessionDocument:
    client_id = None if session["derived"] else session["session_id"]
    session_id = session_id_of((session["visitor_id"], client_id), session["started_at"])
    return {
        **session,
        "_id": f"{session['site_id']}:{session_id}",
        "session_id": session_id,
        "client_session_id": client_id,
        "own_attribution": session["attribution"],
        "attributed_at": session["started_at"],
    }
