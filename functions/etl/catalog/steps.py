"""What a batch of messages of one site goes through, top to bottom."""

from collections.abc import Callable
from dataclasses import dataclass, field

from footfall.clock import now
from footfall.codec import encode_ascii
from footfall.quarantine import keep, quarantined
from footfall.schemas.catalog import (
    CatalogMessage,
    CatalogReceiptDocument,
    Change,
    InterestChange,
    InterestReading,
    ProductChange,
    RefusalReason,
)
from footfall.schemas.message import SessionsMessage
from footfall.schemas.quarantine import Origin
from footfall.schemas.site import Site
from footfall.stores.collections import catalog_receipts
from footfall.stores.mongo import database
from pymongo import UpdateOne

from .interests import read_interests, tell_interests
from .products import tell_products

DETAILS: dict[RefusalReason, str] = {
    "too_many_products": "the catalogue is full",
    "too_many_interests": "as many interests as one person may have are told already",
}


@dataclass
class Batch:
    """The changes of one site; `people` are those whose behaviour changed, `refused` why a change was not made."""

    site: Site
    products: list[ProductChange] = field(default_factory=list)
    interests: list[InterestChange] = field(default_factory=list)
    readings: list[InterestReading] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    refused: dict[str, RefusalReason] = field(default_factory=dict)

    def add(self, message: CatalogMessage | SessionsMessage) -> None:
        """Take a message in."""
        if isinstance(message, SessionsMessage):
            self.people.update(message.person_ids)
            return
        self.products += message.products
        self.interests += message.interests
        self.readings += message.readings
        self.people.update(reading.user_id for reading in message.readings)


def tell_of_products(batch: Batch) -> None:
    """Products are as they were told last."""
    full = tell_products(batch.site, batch.products)
    batch.refused |= dict.fromkeys(full, "too_many_products")


def tell_of_interests(batch: Batch) -> None:
    """Interests are as they were told last."""
    full = tell_interests(batch.site, batch.interests)
    batch.refused |= dict.fromkeys(full, "too_many_interests")


def find_interests(batch: Batch) -> None:
    """Who did something is interested in what follows from all they did."""
    read_interests(batch.site, batch.people)


def set_refused_apart(batch: Batch) -> None:
    """What an import told and was refused waits in quarantine; who asks by the API reads it in the receipt."""
    keep(
        database(),
        [
            quarantined(
                batch.site.site_id,
                "catalog",
                batch.refused[change.change_id],
                DETAILS[batch.refused[change.change_id]],
                encode_ascii(change.model_dump(mode="json", exclude={"change_id", "at"})).encode(),
                Origin(source="import"),
                now(),
            )
            for change in batch.products
            if change.change_id in batch.refused and not change.receipt
        ],
    )


def write_receipts(batch: Batch) -> None:
    """Of every change that somebody asked for it is known what became of it; the first word stays."""
    changes: list[Change] = [*batch.products, *batch.interests, *batch.readings]
    receipts = [_receipt(batch, change) for change in changes if change.receipt]
    if receipts:
        writes = [UpdateOne({"_id": each["_id"]}, {"$setOnInsert": each}, upsert=True) for each in receipts]
        catalog_receipts.of(database()).bulk_write(writes, ordered=False)


def _receipt(batch: Batch, change: Change) -> CatalogReceiptDocument:
    site_id, reason = batch.site.site_id, batch.refused.get(change.change_id)
    receipt = CatalogReceiptDocument(
        _id=f"{site_id}:{change.change_id}",
        site_id=site_id,
        change_id=change.change_id,
        state="refused" if reason else "done",
        at=now(),
    )
    if reason:
        receipt["reason"] = reason
    return receipt


Step = Callable[[Batch], None]
STEPS: tuple[Step, ...] = (
    tell_of_products,
    tell_of_interests,
    find_interests,
    set_refused_apart,
    write_receipts,
)
