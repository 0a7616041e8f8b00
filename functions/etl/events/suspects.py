"""Suspects: messages that came back three times. Each is worked on alone, under a mark that outlives the process.

A message that ends the process takes along what was done for its neighbours in the batch, and again when all of them
come back. The mark tells it apart, so that it is quarantined before they end among the dead letters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from footfall.clock import now
from footfall.stores import collections
from footfall.stores.mongo import Mongo
from pymongo import ReturnDocument

ENDED_US = 2
"""So many attempts that never ended are the message's own doing; one may be anybody's."""
KEPT = timedelta(days=14)
"""As long as a message may wait among the dead letters."""


@contextmanager
def marked(database: Mongo, site_id: str, message_id: str) -> Iterator[bool]:
    """Work on a suspect; returns whether earlier attempts, of this or any process, never ended."""
    suspect = collections.suspects.of(database).find_one_and_update(
        {"_id": message_id},
        {"$inc": {"attempts": 1}, "$setOnInsert": {"site_id": site_id, "expires_at": now() + KEPT}},
        upsert=True,
        return_document=ReturnDocument.BEFORE,
    )
    try:
        yield bool(suspect and suspect["attempts"] >= ENDED_US)
    finally:
        collections.suspects.of(database).delete_one({"_id": message_id})
