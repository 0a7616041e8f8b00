"""Dead letters that speak of somebody: their parts that do are removed, and the rest of each stays."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.messages import delete, receive, show
from footfall.aws.queues import MAX_BATCH, Entry, send_entries
from footfall.errors import Unavailable
from footfall.people.erasing import Subject
from footfall.people.mentions import mentions
from footfall.settings import DeadLetterSettings, from_environment

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MOST_LETTERS = 10_000
"""Of one queue in one pass."""
HIDDEN_SECONDS = 300
"""For longer than it takes to look through a queue, so that what was seen is not seen again."""


def remove_from_dead_letters(subject: Subject) -> int:
    """Take what speaks of somebody out of every dead letter; returns of how many. Raises Unavailable."""
    urls = from_environment(DeadLetterSettings).model_dump().values()
    try:
        return sum(_remove_from(url, subject) for url in urls)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error


def _remove_from(url: str, subject: Subject) -> int:
    kept: list[str] = []
    changed = 0
    while len(kept) + changed < MOST_LETTERS and (letters := receive(url, MAX_BATCH, HIDDEN_SECONDS)):
        theirs = [letter for letter in letters if _speaks_of(letter, subject)]
        send_entries(url, [entry for letter in theirs if (entry := _without(letter, subject))])
        delete(url, theirs)
        kept += [letter["ReceiptHandle"] for letter in letters if letter not in theirs]
        changed += len(theirs)
    show(url, kept)
    return changed


def _speaks_of(letter: "MessageTypeDef", subject: Subject) -> bool:
    body = letter["Body"]
    return mentions(body, {subject.site_id}) and mentions(body, subject.ids | subject.texts)


def _without(letter: "MessageTypeDef", subject: Subject) -> Entry | None:
    # None where nothing else is in it
    try:
        body = json.loads(letter["Body"])
    except ValueError:
        return None
    rest = json.dumps(without(body, subject.ids | subject.texts))
    if mentions(rest, subject.ids | subject.texts):
        return None
    entry = Entry(MessageBody=rest)
    if group := letter.get("Attributes", {}).get("MessageGroupId"):
        entry["MessageGroupId"] = group
    return entry


def without(message: object, ids: Collection[str]) -> object:
    """Returns a message without the items of its lists that hold one of some ids."""
    if not isinstance(message, dict):
        return message
    return {name: _list_without(value, ids) if isinstance(value, list) else value for name, value in message.items()}


def _list_without(items: list[object], ids: Collection[str]) -> list[object]:
    return [item for item in items if not mentions(json.dumps(item), ids)]
