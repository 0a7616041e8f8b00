"""Dead letters back into their queue: each is sent first and deleted after, so that none is ever lost.

What is sent twice is processed twice, which changes nothing.
"""

import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.messages import delete, receive
from footfall.aws.queues import Entry, depth, send_entries
from footfall.errors import Unavailable
from footfall.questions.queues import QueueName
from footfall.settings import QueueStatusSettings, from_environment
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

SECONDS = 15.0


class Redriven(BaseModel):
    """Dead letters that were put back into their queue."""

    queue: QueueName
    moved: int = Field(description="put back into their queue")
    left: int = Field(description="about so many are left; ask again")


def redrive(queue: QueueName, limit: int) -> Redriven:
    """Move at most so many dead letters, for fifteen seconds at most; returns how many, raises Unavailable."""
    settings = from_environment(QueueStatusSettings).model_dump()
    url, dead_url = settings[f"{queue}_queue_url"], settings[f"{queue}_dead_letter_queue_url"]
    ends, moved = time.monotonic() + SECONDS, 0
    try:
        while moved < limit and time.monotonic() < ends:
            letters = receive(dead_url, limit - moved)
            if not letters:
                break
            send_entries(url, [_entry(letter) for letter in letters])
            delete(dead_url, letters)
            moved += len(letters)
        left = depth(dead_url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    return Redriven(queue=queue, moved=moved, left=left["waiting"] + left["in_flight"])


def _entry(letter: "MessageTypeDef") -> Entry:
    # as it was sent first: its text, its attributes, and the site that it is of
    entry = Entry(MessageBody=letter["Body"])
    if group := letter.get("Attributes", {}).get("MessageGroupId"):
        entry["MessageGroupId"] = group
    if attributes := letter.get("MessageAttributes"):
        entry["MessageAttributes"] = attributes
    return entry
