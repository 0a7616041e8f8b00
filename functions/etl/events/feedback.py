"""Feedback: kept once beside its event, its text read by the model of today."""

from collections.abc import Iterable
from datetime import datetime

from footfall.events.feedback import feedback_of
from footfall.schemas.event import EventDocument
from footfall.schemas.feedback import FeedbackDocument, FeedbackText, Sentiment
from footfall.schemas.site import Site
from footfall.stores import collections
from footfall.stores.mongo import Condition, Mongo, duplicates
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError


def keep(database: Mongo, site: Site, events: list[EventDocument]) -> None:
    """Keep the feedback that events bring; what is there already stays as it is, and its text is read anew."""
    found = [feedback for event in events if (feedback := feedback_of(event, site.page_rules))]
    if not found:
        return
    writes = [UpdateOne({"_id": each["_id"]}, _kept(each), upsert=True) for each in found]
    try:
        collections.feedback.of(database).bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        duplicates(error)


def read_anew(database: Mongo, site_id: str, event_ids: Iterable[str]) -> list[datetime]:
    """Read the texts of feedback that is kept, by the ids of its events; returns when it was given."""
    asked = {"_id": {"$in": [f"{site_id}:{event_id}" for event_id in event_ids]}}
    found = [each for each in collections.feedback.read(database, FeedbackText, asked) if each["text"]]
    writes = [
        UpdateOne({"_id": f"{site_id}:{each['event_id']}"}, {"$set": {"sentiment": _sentiment(each["text"])}})
        for each in found
    ]
    if writes:
        collections.feedback.of(database).bulk_write(writes, ordered=False)
    return [each["timestamp"] for each in found]


def _kept(feedback: FeedbackDocument) -> Condition:
    once = {name: value for name, value in feedback.items() if name != "sentiment"}
    return {"$setOnInsert": once, "$set": {"sentiment": _sentiment(feedback["text"])}}


def _sentiment(text: str | None) -> Sentiment | None:
    if not text:
        return None
    from footfall.sentiment.reading import read  # the lexicon and the weights: only where something was written

    return read(text)
