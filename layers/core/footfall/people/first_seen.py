"""When everybody was first seen, as an array by dense numbers."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from pymongo.client_session import ClientSession

from footfall.people.links import KEYS_PER_QUESTION, MARGIN, last_number
from footfall.schemas.person import PersonFirstSeen
from footfall.stores.collections import users
from footfall.stores.mongo import Condition, Mongo

MOST_KEPT = 5_000_000
"""People of all sites of whom it is kept in memory: 40 MB."""
NOT_SEEN = 2**63 - 1
"""The moment of somebody of whom no event is known."""
Moments = NDArray[np.int64]


class _Known(NamedTuple):
    moments: Moments
    read_at: datetime


_known: LRUCache[tuple[str, str], _Known] = LRUCache(MOST_KEPT, getsizeof=lambda known: len(known.moments))


def first_seen(database: Mongo, site_id: str, session: ClientSession, moment: datetime) -> Moments:
    """Returns for every dense number when that visitor or user was first seen, in Unix milliseconds, else NOT_SEEN.

    `session` sees the database as of `moment`. What an earlier question read is kept, and what came since is added.
    """
    key = (database.name, site_id)
    before = _known.get(key)
    if before and before.read_at >= moment:  # a question as of an earlier moment must not see what came after
        before = None
    last = last_number(database, site_id, session)
    moments = np.full(max(last + 1, len(before.moments) if before else 0), NOT_SEEN, np.int64)
    query: Condition = {"site_id": site_id}
    if before:
        moments[: len(before.moments)] = before.moments
        query = {"site_id": site_id, "first_told_at": {"$gte": before.read_at - MARGIN}}
    for one in users.read(database, PersonFirstSeen, query, session=session, batch_size=KEYS_PER_QUESTION):
        moments[one["number"]] = round(one["date"].timestamp() * 1000) if "date" in one else NOT_SEEN
    if len(moments) <= MOST_KEPT and (key not in _known or _known[key].read_at < moment):
        _known[key] = _Known(moments, moment)
    return moments


def of_persons(moments: Moments, links: NDArray[np.int32] | None) -> Moments:
    """Returns for every dense number when the person was first seen: as whom they turned out to be, or as any visitor.

    `links` are the numbers of the persons, None where everybody is who they were.
    """
    if links is None:
        return moments
    together = np.full(max(len(moments), len(links)), NOT_SEEN, np.int64)
    whose = np.arange(len(together))
    whose[: len(links)] = links
    np.minimum.at(together, whose[: len(moments)], moments)
    return together[whose]
