"""Feedback: kept once beside its event, for whoever reads it, and for the model that will."""

from footfall.events.feedback import feedback_of
from footfall.schemas.event import EventDocument
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.mongo import Mongo, duplicates
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError


def keep(database: Mongo, site: Site, events: list[EventDocument]) -> None:
    """Keep the feedback that events bring; what is there already, and perhaps read by a model, stays as it is."""
    found = [feedback for event in events if (feedback := feedback_of(event, site.page_rules))]
    if not found:
        return
    writes = [UpdateOne({"_id": feedback["_id"]}, {"$setOnInsert": feedback}, upsert=True) for feedback in found]
    try:
        collections.feedback.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)
