"""From people to their vectors: what they did is read from MongoDB, projected, and stored in Milvus."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.chunks import chunks
from footfall.customers.arrays import projection_of
from footfall.customers.behaviour import (
    NOT_READ,
    Tokens,
    add,
    order_tokens,
    person_of_visit,
    visit_tokens,
    visits_of,
)
from footfall.customers.features import features_of
from footfall.customers.profile import main_device, profile_of, written
from footfall.customers.projection import Projection, project
from footfall.days import day_of, zone_named
from footfall.events.log import events_by_visitor
from footfall.models.artefacts import load_arrays
from footfall.orders.log import orders_of
from footfall.orders.purchases import in_currency, is_purchase
from footfall.people.identities import Identities, identities
from footfall.schemas.customer import CustomerSegments
from footfall.schemas.model import Artefact, ModelDocument
from footfall.schemas.site import Site
from footfall.stores import vectors
from footfall.stores.collections import customers
from footfall.stores.mongo import Mongo
from footfall.stores.vectors import PEOPLE, Row

AT_A_TIME = 500


class VectorModel(NamedTuple):
    """A fitted projection in use: its version, and the last day of data it was fitted on."""

    version: int
    as_of: date
    projection: Projection


def load(model: ModelDocument) -> VectorModel:
    """Returns a published model ready for use; its artefact is read once per execution environment."""
    artefact = model["artefacts"]["projection"]
    projection = _projection(artefact["key"], artefact["sha256"])
    return VectorModel(model["version"], date.fromisoformat(model["details"]["as_of"]), projection)


@lru_cache(maxsize=4)
def _projection(key: str, sha256: str) -> Projection:
    return projection_of(load_arrays(Artefact(key=key, sha256=sha256)))


class Person(NamedTuple):
    """What somebody did, and when they last bought something as a known customer."""

    tokens: Tokens
    last_order: date | None


def embed(database: Mongo, site: Site, person_ids: Collection[str], model: VectorModel) -> None:
    """Bring the vectors of these people up to date; who has done nothing, or is somebody else by now, loses theirs."""
    for some in chunks(sorted(person_ids), AT_A_TIME):
        _embed(database, site, some, model)


def _embed(database: Mongo, site: Site, person_ids: list[str], model: VectorModel) -> None:
    # again where one of them turned out to be somebody meanwhile, whose message may have been worked on before this
    known = None
    while known != (found := identities(database, site.site_id, person_ids)):
        known = found
        _project(database, site, person_ids, known, model)


def _project(database: Mongo, site: Site, person_ids: list[str], known: Identities, model: VectorModel) -> None:
    people = _read(database, site, known)
    if people:
        tokens = [person.tokens for person in people.values()]
        recency = np.array([_days(person.last_order, model.as_of) for person in people.values()])
        found = project(model.projection, features_of(tokens), recency)
        segments = segments_of(database, site.site_id, people)
        vectors.upsert(PEOPLE, site.site_id, rows(people, tokens, segments, found, model.version))
    if gone := sorted({*person_ids, *known.people} - people.keys()):
        vectors.remove(PEOPLE, site.site_id, gone)


def _read(database: Mongo, site: Site, known: Identities) -> dict[str, Person]:
    zone = zone_named(site.time_zone)
    tokens: dict[str, Tokens] = {}
    last_orders: dict[str, date] = {}
    for events in events_by_visitor(database, site.site_id, NOT_READ, known.visitors):
        for visit in visits_of(events):
            if (person_id := person_of_visit(visit, known.visitors)) in known.people:
                add(tokens.setdefault(person_id, {}), visit_tokens(visit, zone))
    for order in orders_of(database, site.site_id, known.visitors):
        person_id = order["person_id"]
        if person_id in known.people and in_currency(order, site.currency):
            add(tokens.setdefault(person_id, {}), order_tokens(order, zone))
            if order["user_id"] and order["placed_at"] and is_purchase(order):
                last_orders[person_id] = day_of(order["placed_at"], zone)
    return {person_id: Person(found, last_orders.get(person_id)) for person_id, found in tokens.items()}


def _days(last_order: date | None, as_of: date) -> float:
    return max((as_of - last_order).days, 0) if last_order else np.nan


def segments_of(database: Mongo, site_id: str, person_ids: Iterable[str]) -> dict[str, CustomerSegments]:
    """Returns the segments of those people who are customers."""
    keys = [f"{site_id}:{person_id}" for person_id in person_ids]
    found = customers.read(database, CustomerSegments, {"_id": {"$in": keys}})
    return {customer["customer_id"]: customer for customer in found}


def rows(
    people: Iterable[str],
    tokens: Iterable[Tokens],
    segments: Mapping[str, CustomerSegments],
    found: NDArray[np.float32],
    version: int,
) -> Iterator[Row]:
    """Returns the rows of people's vectors; `people`, `tokens` and `found` in the same order."""
    for person_id, did, vector in zip(people, tokens, found, strict=True):
        customer = segments.get(person_id)
        texts = {
            "device": main_device(did),
            "rfm_segment": customer["rfm_segment"] if customer else "",
            "behaviour_segment": customer["behaviour_segment"] if customer else "",
            "profile": written(profile_of(did)),
        }
        yield Row(person_id, texts, version, vector)
