"""Messages in a queue, by hand."""

import json
from typing import Any

import boto3

from tests.support.importing import taken


def waiting(url: str) -> list[dict[str, Any]]:
    """What is in a queue, which is empty afterwards."""
    return [json.loads(body) for body in taken(url)]


def put(url: str, *bodies: str, site_id: str = "demo") -> None:
    """Put messages in a queue."""
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId=site_id)
