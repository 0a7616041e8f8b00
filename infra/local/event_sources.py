"""Feeds a queue's messages to a function as Lambda's event-source mapping does.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html says what counts as success.
"""

import base64
import json
import logging
import math
import random
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

from botocore.exceptions import BotoCoreError, ClientError
from footfall.chunks import chunks

from infra.local.aws import REGION, client
from infra.local.plan import QueueSource
from infra.local.workers import LARGEST_PAYLOAD, Invocation, Runnable

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        DeleteMessageBatchRequestEntryTypeDef,
        MessageAttributeValueOutputTypeDef,
        MessageTypeDef,
    )

MOVED_AT_ONCE = 10
"""The most messages that one request to SQS receives, deletes or changes."""
LONG_POLL_SECONDS = 20
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Disorder:
    """What SQS may do and seldom does: deliver messages twice, and late. The same seed gives the same choices."""

    seed: int
    duplicates: float = 0.0
    delays: float = 0.0


class MessageAttribute(TypedDict):
    """One message attribute of a record."""

    stringValue: NotRequired[str]
    binaryValue: NotRequired[str]
    stringListValues: list[str]
    binaryListValues: list[str]
    dataType: str


class Record(TypedDict):
    """One message in a function's event."""

    messageId: str
    receiptHandle: str
    body: str
    attributes: Mapping[str, str]
    messageAttributes: dict[str, MessageAttribute]
    md5OfBody: str
    md5OfMessageAttributes: NotRequired[str]
    eventSource: str
    eventSourceARN: str
    awsRegion: str


@dataclass(frozen=True)
class Delivery:
    """A received message: what deletes it, and its record in the function's event."""

    message_id: str
    receipt_handle: str
    record: bytes


class EventSource:
    """One mapping. Failed messages come back after the queue's visibility time-out, or after `retry_seconds`."""

    def __init__(
        self,
        source: QueueSource,
        function: Runnable,
        endpoint: str,
        queue_url: str,
        *,
        concurrency: int,
        disorder: Disorder | None = None,
        retry_seconds: int | None = None,
    ) -> None:
        self._source = source
        self._function = function
        self.queue_url = queue_url
        self._sqs = client("sqs", endpoint)
        self._disorder = disorder
        self._random = random.Random(f"{disorder.seed if disorder else 0} {source.queue_arn}")
        self._retry_seconds = retry_seconds
        self._concurrency = min(concurrency, source.maximum_concurrency or concurrency)
        self._free = threading.Semaphore(self._concurrency)
        self._pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix=source.function)
        self._poller = threading.Thread(target=self._poll, name=f"poll {source.function}", daemon=True)
        self._stopping = threading.Event()
        self._held: list[Delivery] = []
        self.running = 0
        self._counting = threading.Lock()

    def start(self) -> None:
        """Begin to poll the queue."""
        self._poller.start()

    @property
    def busy(self) -> bool:
        """Whether a batch is with the function, or disorder holds a message back."""
        return bool(self.running or self._held)

    def stop(self) -> None:
        """Take no more messages; batches that the function has go on."""
        self._stopping.set()
        self._pool.shutdown(wait=False)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._free.acquire()
            try:
                batch = self._collect()
            except (BotoCoreError, ClientError) as error:
                batch = []
                if not self._stopping.wait(1):
                    LOG.warning("%s: %s", self.queue_url, error)
            if not batch or self._stopping.is_set():
                self._free.release()
                continue
            with suppress(RuntimeError):  # stopped this moment: the messages come back to the next stack
                self._pool.submit(self._run, batch)

    def _collect(self) -> list[Delivery]:
        batch = self._receive(1 if self._held else LONG_POLL_SECONDS, self._source.batch_size)
        closes = time.monotonic() + self._source.window  # the first message opens the batching window
        while batch and (room := self._source.batch_size - len(batch)) > 0 and _size(batch) < LARGEST_PAYLOAD:
            left = closes - time.monotonic()
            more = self._receive(math.ceil(left), room) if left > 0 else []
            batch += more
            if not more:
                break
        return self._disordered(batch, self._disorder) if self._disorder else batch

    def _receive(self, wait_seconds: int, at_most: int) -> list[Delivery]:
        answer = self._sqs.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=min(MOVED_AT_ONCE, at_most),
            WaitTimeSeconds=wait_seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [self._delivery(message) for message in answer.get("Messages", ())]

    def _delivery(self, message: "MessageTypeDef") -> Delivery:
        record = json.dumps(record_of(message, self._source.queue_arn), ensure_ascii=False).encode()
        return Delivery(message["MessageId"], message["ReceiptHandle"], record)

    def _disordered(self, received: list[Delivery], rules: Disorder) -> list[Delivery]:
        batch = self._held + received  # all of it where nothing was received: an empty queue leaves nothing held
        self._held = []
        if received:
            late = [delivery for delivery in received if self._random.random() < rules.delays]
            again = [delivery for delivery in received if self._random.random() < rules.duplicates]
            batch = [delivery for delivery in batch if delivery not in late]
            self._held = late + again
        self._random.shuffle(batch)
        return batch

    def _run(self, batch: list[Delivery]) -> None:
        with self._counting:
            self.running += 1
        try:
            for part in chunks(batch, len(batch), _weight, LARGEST_PAYLOAD - EMPTY_EVENT):
                self._deliver(part)
        except (BotoCoreError, ClientError) as error:
            if not self._stopping.is_set():
                LOG.warning("%s: %s", self.queue_url, error)
        finally:
            with self._counting:
                self.running -= 1
            self._free.release()

    def _deliver(self, batch: list[Delivery]) -> None:
        answer = self._function.invoke(event_of(delivery.record for delivery in batch))
        failed = failed_messages(answer, [one.message_id for one in batch], self._source.reports_failures)
        if answer.failed:
            LOG.warning("%s failed: %s", self._source.function, answer.payload[:500].decode(errors="replace"))
        messages = {one.message_id: one for one in batch}  # disorder may have put one in twice
        self._delete([one for key, one in messages.items() if key not in failed])
        if self._retry_seconds is not None:
            self._hide([one for key, one in messages.items() if key in failed], self._retry_seconds)

    def _delete(self, deliveries: Sequence[Delivery]) -> None:
        for some in chunks(deliveries, MOVED_AT_ONCE):
            entries: list[DeleteMessageBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": one.receipt_handle} for number, one in enumerate(some)
            ]
            self._sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)

    def _hide(self, deliveries: Sequence[Delivery], seconds: int) -> None:
        for some in chunks(deliveries, MOVED_AT_ONCE):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(number), "ReceiptHandle": one.receipt_handle, "VisibilityTimeout": seconds}
                for number, one in enumerate(some)
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self.queue_url, Entries=entries)


def failed_messages(answer: Invocation, message_ids: Sequence[str], reports_failures: bool) -> set[str]:
    """Returns the ids of the messages that are not to be deleted.

    All of them after an error. Where the function reports failures: those it names; none for null, {} and an empty or
    null list; all when the answer is no object or names something that is not in the batch.
    """
    everything = set(message_ids)
    if answer.failed:
        return everything
    if not reports_failures:
        return set()
    try:
        response = json.loads(answer.payload)
        failures = (response or {}).get("batchItemFailures") or []
        named = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, AttributeError, KeyError, TypeError):
        return everything
    return everything if named - everything else named


def record_of(message: "MessageTypeDef", queue_arn: str) -> Record:
    """Returns a received message as Lambda shows it to a function."""
    record: Record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {}).items()),
        "messageAttributes": {name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(given: "MessageAttributeValueOutputTypeDef") -> MessageAttribute:
    value: MessageAttribute = {"stringListValues": [], "binaryListValues": [], "dataType": given["DataType"]}
    if "StringValue" in given:
        return {**value, "stringValue": given["StringValue"]}
    return {**value, "binaryValue": base64.b64encode(given["BinaryValue"]).decode()}


def event_of(records: Iterable[bytes]) -> bytes:
    """Returns the function's event of records that are JSON already."""
    return b'{"Records": [' + b", ".join(records) + b"]}"


EMPTY_EVENT = len(event_of(()))


def _size(batch: Sequence[Delivery]) -> int:
    return EMPTY_EVENT + sum(map(_weight, batch))


def _weight(delivery: Delivery) -> int:
    return len(delivery.record) + len(b", ")
