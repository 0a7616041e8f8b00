"""etl/catalog: the one writer of products and of people's interests; what is asked twice is done once."""

from collections import defaultdict
from collections.abc import Sequence

from footfall.aws.batches import process
from footfall.aws.invocations import BatchResponse, LambdaContext, SqsEvent, SqsRecord
from footfall.chunks import chunks
from footfall.clock import now
from footfall.observability import logger, telling_codes
from footfall.quarantine import UNKNOWN_SITE, keep, quarantined
from footfall.schemas.catalog import CatalogMessage
from footfall.schemas.message import SessionsMessage
from footfall.schemas.quarantine import Origin
from footfall.sites import find_site
from footfall.stores.mongo import answering, database
from pydantic import ValidationError

from .steps import STEPS, Batch

CATALOG_QUEUE = "catalog queue"
"""The source of what came in a message that cannot be read."""
GROUP_BYTES = 200_000
"""So much of a site is worked on at a time: within the time-out, what is done is done."""
Message = CatalogMessage | SessionsMessage


@telling_codes
def handler(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Make the changes that a batch of messages asks for; returns the messages that must come back.

    Messages are changes of the catalogue, or tell whose behaviour changed. Of a site, as many are worked on together as
    are quick.
    """
    sites: defaultdict[str, list[SqsRecord]] = defaultdict(list)
    for record in event["Records"]:
        message = _read(record)
        sites[message.site_id if message else UNKNOWN_SITE].append(record)
    groups = (group for records in sites.values() for group in chunks(records, None, _weight, GROUP_BYTES))
    return process(groups, _work, context)


def _weight(record: SqsRecord) -> int:
    return len(record["body"])


def _read(record: SqsRecord) -> Message | None:
    for kind in (CatalogMessage, SessionsMessage):
        try:
            return kind.model_validate_json(record["body"])
        except ValidationError:
            continue
    return None


def _work(records: Sequence[SqsRecord]) -> None:
    messages = [(record, _read(record)) for record in records]
    with answering():
        _set_apart([record for record, message in messages if message is None])
        known = [message for _, message in messages if message is not None]
        site = find_site(database(), known[0].site_id) if known else None
        if site is None:  # nobody can ask for anything of a site that is gone
            return
        batch = Batch(site)
        for message in known:
            batch.add(message)
        for step in STEPS:
            step(batch)


def _set_apart(records: Sequence[SqsRecord]) -> None:
    if records:
        logger().error("unreadable messages", extra={"messages": [record["messageId"] for record in records]})
    keep(
        database(),
        [
            quarantined(
                UNKNOWN_SITE,
                "catalog",
                "unreadable_message",
                "a message of the catalog queue cannot be read",
                record["body"].encode(errors="surrogatepass"),
                Origin(source=CATALOG_QUEUE, message_id=record["messageId"]),
                now(),
            )
            for record in records
        ],
    )
