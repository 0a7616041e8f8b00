"""Whom every visitor turned out to be, as an array by dense numbers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from pymongo.client_session import ClientSession

from footfall.chunks import chunks
from footfall.schemas.person import PersonNumber
from footfall.stores.collections import users
from footfall.stores.mongo import Condition, Mongo

MOST_KEPT = 10_000_000
"""People of all sites whose numbers are kept in memory: 40 MB."""
MARGIN = timedelta(minutes=10)
"""How much later than it was written a link may be seen."""
KEYS_PER_QUESTION = 20_000
People = NDArray[np.uint32]


class _Known(NamedTuple):
    people: People
    read_at: datetime


_known: LRUCache[tuple[str, str], _Known] = LRUCache(MOST_KEPT, getsizeof=lambda known: len(known.people))


def people_of(database: Mongo, site_id: str, session: ClientSession, moment: datetime) -> People:
    """Returns for every dense number that of the person: the same, or for a visitor of whom that turned out to be.

    `session` sees the database as of `moment`. What an earlier question read is kept, and what came since is added.
    """
    key = (database.name, site_id)
    before = _known.get(key)
    if before and before.read_at >= moment:  # a question as of an earlier moment must not see what came after
        before = None
    last = last_number(database, site_id, session)
    people = np.arange(max(last + 1, len(before.people) if before else 0), dtype=np.uint32)
    query: Condition = {"site_id": site_id, "link": {"$exists": True}}
    if before:
        people[: len(before.people)] = before.people
        query = {"site_id": site_id, "linked_at": {"$gte": before.read_at - MARGIN}}
    linked = users.read(database, PersonNumber, query, session=session, batch_size=KEYS_PER_QUESTION).to_list()
    numbers = _numbers(database, site_id, {one["link"]["person_id"] for one in linked}, session)
    for one in linked:
        people[one["number"]] = numbers.get(one["link"]["person_id"], one["number"])
    if len(people) <= MOST_KEPT and (key not in _known or _known[key].read_at < moment):
        _known[key] = _Known(people, moment)
    return people


def last_number(database: Mongo, site_id: str, session: ClientSession) -> int:
    """Returns the highest dense number of a site's people; 0 where nobody is."""
    newest = users.read(database, PersonNumber, {"site_id": site_id}, session=session)
    return next((one["number"] for one in newest.sort([("site_id", -1), ("number", -1)]).limit(1)), 0)


def _numbers(database: Mongo, site_id: str, person_ids: Iterable[str], session: ClientSession) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for some in chunks(sorted(person_ids), KEYS_PER_QUESTION):
        query = {"_id": {"$in": [f"{site_id}:{person_id}" for person_id in some]}}
        found = users.read(database, PersonNumber, query, session=session)
        numbers |= {one["person_id"]: one["number"] for one in found}
    return numbers
