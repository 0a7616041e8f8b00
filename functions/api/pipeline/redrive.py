"""Dead letters back into their queue: each is sent first and deleted after, so that none is ever lost.

What is sent twice is processed twice, which changes nothing.
"""

import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.queues import Entry, depth, send_entries, sqs
from footfall.errors import Unavailable
from footfall.schemas.etl import QueueName, Redriven
from footfall.settings import QueueStatusSettings, from_environment

SECONDS = 15.0
HIDDEN_SECONDS = 60


def redrive(queue: QueueName, limit: int) -> Redriven:
    """Move at most so many dead letters, for fifteen seconds at most; raises Unavailable when SQS does not answer."""
    settings = from_environment(QueueStatusSettings).model_dump()
    url, dead_url = settings[f"{queue}_queue_url"], settings[f"{queue}_dead_letter_queue_url"]
    ends, moved = time.monotonic() + SECONDS, 0
    try:
        while moved < limit and time.monotonic() < ends:
            letters = _receive(dead_url, min(10, limit - moved))
            if not letters:
                break
            send_entries(url, [_entry(letter) for letter in letters])
            _delete(dead_url, letters)
            moved += len(letters)
        left = depth(dead_url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    return Redriven(queue=queue, moved=moved, left=left["waiting"] + left["in_flight"])


def _receive(url: str, at_most: int) -> list[Any]:
    answer = sqs().receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=at_most,
        WaitTimeSeconds=1,
        VisibilityTimeout=HIDDEN_SECONDS,
        AttributeNames=["MessageGroupId"],
        MessageAttributeNames=["All"],
    )
    return list(answer.get("Messages", []))


def _entry(letter: dict[str, Any]) -> Entry:
    """A letter as it was sent first: its text, its attributes, and the site that it is of."""
    entry = Entry(MessageBody=letter["Body"])
    if group := letter.get("Attributes", {}).get("MessageGroupId"):
        entry["MessageGroupId"] = group
    if attributes := letter.get("MessageAttributes"):
        entry["MessageAttributes"] = attributes
    return entry


def _delete(url: str, letters: list[Any]) -> None:
    entries = [{"Id": str(number), "ReceiptHandle": letter["ReceiptHandle"]} for number, letter in enumerate(letters)]
    sqs().delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]
