"""etl/vectors: the vectors of people whose behaviour has changed, brought up to date with the published model."""

from collections import defaultdict
from collections.abc import Sequence

from footfall.aws.batches import process
from footfall.aws.invocations import BatchResponse, LambdaContext, SqsEvent, SqsRecord
from footfall.models import registry as models
from footfall.models.embedding import embed, load
from footfall.observability import logger, telling_codes
from footfall.schemas.message import SessionsMessage
from footfall.sites import find_site
from footfall.stores.mongo import answering, database
from pydantic import ValidationError


@telling_codes
def handler(event: SqsEvent, context: LambdaContext) -> BatchResponse:
    """Bring vectors up to date for a batch of messages of the sessions topic; returns those that must come back.

    A site's messages are worked on together, since they often speak of the same people.
    """
    sites: defaultdict[str, list[SqsRecord]] = defaultdict(list)
    for record in event["Records"]:
        if message := _read(record):
            sites[message.site_id].append(record)
    return process(sites.values(), _work, context)


def _read(record: SqsRecord) -> SessionsMessage | None:
    try:
        return SessionsMessage.model_validate_json(record["body"])
    except ValidationError:  # it can never be read, and holds nothing that the store does not: it is let go
        logger().error("unreadable message", extra={"message_id": record["messageId"]})
        return None


def _work(records: Sequence[SqsRecord]) -> None:
    messages = [SessionsMessage.model_validate_json(record["body"]) for record in records]
    with answering():
        bring_up_to_date(messages[0].site_id, {person_id for message in messages for person_id in message.person_ids})


def bring_up_to_date(site_id: str, person_ids: set[str]) -> None:
    """Project these people with the published model; where none was published yet, training will see to them.

    Should another model be published meanwhile, they are projected again: its vectors are those that stay.
    """
    site = find_site(database(), site_id)
    used = None
    while site and (model := models.in_use(database(), site_id, "behaviour_vectors")) and model["version"] != used:
        embed(database(), site, person_ids, load(model))
        used = model["version"]
