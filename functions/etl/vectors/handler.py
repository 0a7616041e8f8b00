"""etl/vectors: the vectors of people whose behaviour has changed, brought up to date with the published model."""

from collections import defaultdict
from typing import Any

from footfall.errors import Unavailable
from footfall.models import registry as models
from footfall.models.embedding import embed, load
from footfall.observability import logger
from footfall.schemas.message import SessionsMessage
from footfall.sites import find_site
from footfall.stores.mongo import answering, database
from pydantic import ValidationError

GUARD_MILLISECONDS = 5_000


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring vectors up to date for a batch of messages of the sessions topic; name those that must come back.

    A site's messages are worked on together, since they often speak of the same people.
    """
    waiting: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for record in event["Records"]:
        message = _read(record)
        if message is not None:
            waiting[message.site_id][record["messageId"]] = message.person_ids
    failed = [message_id for site_id, messages in waiting.items() for message_id in _failed(site_id, messages, context)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _read(record: dict[str, Any]) -> SessionsMessage | None:
    """A message that is none can never be read, and holds nothing that the store does not: it is let go."""
    try:
        return SessionsMessage.model_validate_json(record["body"])
    except ValidationError:
        logger().error("unreadable message", extra={"message_id": record["messageId"]})
        return None


def _failed(site_id: str, messages: dict[str, list[str]], context: Any) -> list[str]:
    """The messages of a site that must come back; failing together for a reason of their own, each goes alone.

    Time that runs out, and a store that does not answer, are no such reason.
    """
    if context.get_remaining_time_in_millis() < GUARD_MILLISECONDS:
        return list(messages)
    try:
        with answering():
            bring_up_to_date(site_id, {person_id for people in messages.values() for person_id in people})
    except Unavailable as error:
        logger().warning("a store does not answer", extra={"site_id": site_id, "detail": error.detail})
        return list(messages)
    except Exception:  # noqa: BLE001 — whatever it is, SQS brings the message back and in the end sets it aside
        logger().exception("vectors not brought up to date", extra={"messages": list(messages)})
        if len(messages) == 1:
            return list(messages)
    else:
        return []
    return [each for one, people in messages.items() for each in _failed(site_id, {one: people}, context)]


def bring_up_to_date(site_id: str, person_ids: set[str]) -> None:
    """Project these people with the published model; where none was published yet, training will see to them.

    Should another model be published meanwhile, they are projected again: its vectors are those that stay.
    """
    site = find_site(database(), site_id)
    used = None
    while site and (model := models.in_use(database(), site_id, "behaviour_vectors")) and model["version"] != used:
        embed(database(), site, person_ids, load(model))
        used = model["version"]
