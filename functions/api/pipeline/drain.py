"""Drains the events queue while the caller waits: its messages go to etl/events as SQS would have given them."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec

from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.functions import invoke
from footfall.aws.invocations import BatchResponse, JsonObject
from footfall.aws.messages import delete, receive
from footfall.aws.queues import depth
from footfall.chunks import chunks
from footfall.errors import Unavailable
from footfall.settings import EventsQueueSettings, PipelineSettings, from_environment
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

Parameters = ParamSpec("Parameters")
MOST_MESSAGES = 100
LARGEST_PAYLOAD = 3_000_000
"""Half of what an invocation takes."""
PATIENCE_SECONDS = 12.0
"""What was not given to etl/events by then comes back to the queue."""


class EtlStep(BaseModel):
    """One step of a run."""

    step_name: str = Field(description="what was done")
    records_processed: int = Field(description="messages that went through this step")
    execution_time: float = Field(description="in seconds")


class EtlRun(BaseModel):
    """What one run did; messages that failed come back within a minute."""

    steps: list[EtlStep]
    events: int = Field(description="events in the messages that were processed, of all sites")
    failed: int = Field(description="messages that could not be processed")
    left: int = Field(description="messages that still wait in the queue, about")


class StepTimer:
    """Notes how long each step of a run takes, and how many messages went through it."""

    def __init__(self) -> None:
        self.steps: list[EtlStep] = []

    def __call__(
        self,
        name: str,
        step: "Callable[Parameters, list[MessageTypeDef]]",
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> "list[MessageTypeDef]":
        """Take a step, and note it by name; returns what the step returns."""
        began = time.perf_counter()
        messages = step(*args, **kwargs)
        seconds = round(time.perf_counter() - began, 6)
        self.steps.append(EtlStep(step_name=name, records_processed=len(messages), execution_time=seconds))
        return messages


def drain(batch_size: int) -> EtlRun:
    """Process at most so many messages now; returns what each step did, raises Unavailable when something is down."""
    timer, url = StepTimer(), from_environment(EventsQueueSettings).events_queue_url
    try:
        received = timer("receive_messages", _receive, url, batch_size)
        done = timer("process_events", _process, received)
        timer("delete_messages", _delete, url, done)
        left = depth(url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer; what was received comes back within a minute") from error
    return EtlRun(
        steps=timer.steps,
        events=sum(_events_in(message) for message in done),
        failed=len(received) - len(done),
        left=left["waiting"] + left["in_flight"],
    )


def _receive(url: str, at_most: int) -> "list[MessageTypeDef]":
    messages: list[MessageTypeDef] = []
    while len(messages) < at_most and (found := receive(url, at_most - len(messages))):
        messages += found
    return messages


def _process(messages: "list[MessageTypeDef]") -> "list[MessageTypeDef]":
    done: list[MessageTypeDef] = []
    ends = time.monotonic() + PATIENCE_SECONDS
    function = from_environment(PipelineSettings).etl_events_function_name
    for some in chunks(messages, MOST_MESSAGES, _size, LARGEST_PAYLOAD):
        if time.monotonic() > ends:
            break
        answer = invoke(function, {"Records": [_record(message) for message in some]}, BatchResponse)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        done += [message for message in some if message["MessageId"] not in failed]
    return done


def _delete(url: str, messages: "list[MessageTypeDef]") -> "list[MessageTypeDef]":
    delete(url, messages)
    return messages


def _record(message: "MessageTypeDef") -> JsonObject:
    # as Lambda shows a message to a function, as far as etl/events looks
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def _size(message: "MessageTypeDef") -> int:
    return len(json.dumps(_record(message)))


def _events_in(message: "MessageTypeDef") -> int:
    try:
        return len(json.loads(message["Body"])["events"])
    except (ValueError, KeyError, TypeError):
        return 0
