"""SQS queues for moto's server that are fast when long, safe under concurrent receivers, and survive a kill.

moto keeps a queue as a list that every call walks and that two receivers may read at once. Here a message is a file
in the queue's folder from the moment it is acknowledged until it is deleted, and finding one costs the same however
many wait. A file survives the end of the process, not of the machine: nothing waits for the disk.
"""

import copy
import heapq
import json
import math
import time
from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import cast
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

KEPT = ("body", "message_attributes", "group_id", "deduplication_id", "sent_timestamp", "delayed_until")


class DurableQueue(Queue):
    """A standard queue whose messages are files; times are milliseconds since 1970, as in moto."""

    folder: Path | None = None

    def __init__(self, name: str, region: str, account_id: str, **kwargs: object) -> None:
        self._all: dict[str, Message] = {}
        self._ready: OrderedDict[str, Message] = OrderedDict()
        self._due: list[tuple[float, str]] = []
        super().__init__(name, region, account_id, **kwargs)

    @property
    def _messages(self) -> list[Message]:
        return list(self._all.values())

    @_messages.setter
    def _messages(self, _nothing: list[Message]) -> None:
        # moto assigns an empty list to create the queue and to purge it
        for message in list(self._all.values()):
            self._drop(message)

    @property
    def approximate_number_of_messages(self) -> int:
        """Messages that a receiver could have now."""
        self._wake_due()
        return len(self._ready)

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        """Messages whose delay has not passed."""
        return sum(message.delayed for message in self._hidden())

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """Messages that a receiver holds."""
        return sum(not message.delayed for message in self._hidden())

    @property
    def oldest_seconds(self) -> float | None:
        """How long the oldest message has been here, whoever holds it; None when there is none."""
        sent = [_sent(message) for message in self._messages]
        return time.time() - min(sent) / 1000 if sent else None

    def _hidden(self) -> list[Message]:
        self._wake_due()
        return [message for key, message in list(self._all.items()) if key not in self._ready]

    def add_message(self, message: Message) -> None:
        """Keep the message: once this returns it is on file."""
        self._write(message)
        with self._messages_lock:
            self._all[message.id] = message
            self._make_receivable(message, message.delayed_until)
            self._messages_lock.notify_all()

    def receive(self, count: int, wait_seconds: float, visibility_seconds: int) -> list[Message]:
        """Returns up to `count` messages, waiting for the first; those received too often become dead letters."""
        deadline = time.monotonic() + wait_seconds
        with self._messages_lock:
            while True:
                taken = self._take(count, visibility_seconds)
                left = deadline - time.monotonic()
                if taken or left <= 0:
                    return taken
                self._messages_lock.wait(min(left, self._seconds_to_next_due()))

    def delete_message(self, receipt_handle: str) -> None:
        """Delete the message that any of its receipt handles names; deleting it again is fine."""
        with self._messages_lock:
            message = self._all.get(_message_id(receipt_handle))
            if message:
                self._drop(message)

    def change_visibility(self, receipt_handle: str, seconds: int) -> None:
        """Hide the message for so long from now; 0 hands it to the next receiver."""
        with self._messages_lock:
            message = self._all.get(_message_id(receipt_handle))
            if message is None:
                raise ReceiptHandleIsInvalid
            message.change_visibility(seconds)
            self._make_receivable(message, message.visible_at if seconds else 0)
            self._messages_lock.notify_all()

    def move_to(self, target: "DurableQueue", message: Message) -> None:
        """Move a message to another queue, as a redrive does."""
        self._all.pop(message.id, None)
        self._ready.pop(message.id, None)
        target.add_message(message)
        if self.folder:
            _file(self.folder, message).unlink(missing_ok=True)

    def move_all_to(self, target: "DurableQueue") -> None:
        """Give every message that nobody holds another try in another queue, as if it had never been received."""
        self._wake_due()
        for message in list(self._ready.values()):
            message.approximate_receive_count = 0
            message.approximate_first_receive_timestamp = None
            message.visible_at = 0
            self.move_to(target, message)

    def restore(self, folder: Path) -> None:
        """Load what an earlier run left in `folder`, oldest first, and keep messages there from now on."""
        folder.mkdir(parents=True, exist_ok=True)
        messages = [message for path in folder.glob("*.json") if (message := _read(path))]
        for message in sorted(messages, key=_sent):
            self.add_message(message)
        self.folder = folder

    def _take(self, count: int, visibility_seconds: int) -> list[Message]:
        self._wake_due()
        taken: list[Message] = []
        while self._ready and len(taken) < count:
            message = next(iter(self._ready.values()))
            if self._received_too_often(message):
                self.move_to(cast(DurableQueue, self.dead_letter_queue), message)
            elif self._expired(message):
                self._drop(message)
            else:
                message.mark_received(visibility_seconds)
                message.receipt_handle = f"{message.id}.{message.receipt_handle}"
                self._make_receivable(message, message.visible_at if visibility_seconds else 0)
                taken.append(copy.copy(message))
        return taken

    def _received_too_often(self, message: Message) -> bool:
        policy = self.redrive_policy or {}
        most: float = policy.get("maxReceiveCount", math.inf)
        return message.approximate_receive_count >= most

    def _expired(self, message: Message) -> bool:
        retention = int(vars(self)["message_retention_period"])  # moto sets its attributes by name
        return _sent(message) / 1000 + retention <= time.time()

    def _make_receivable(self, message: Message, at: float) -> None:
        if at <= time.time() * 1000:
            self._ready[message.id] = message
        else:
            self._ready.pop(message.id, None)
            heapq.heappush(self._due, (at, message.id))

    def _wake_due(self) -> None:
        now = time.time() * 1000
        with self._messages_lock:
            while self._due and self._due[0][0] <= now:
                _, key = heapq.heappop(self._due)
                message = self._all.get(key)
                if message and max(message.visible_at, message.delayed_until) <= now:
                    self._ready[key] = message

    def _seconds_to_next_due(self) -> float:
        return max(0.001, self._due[0][0] / 1000 - time.time()) if self._due else 3600

    def _drop(self, message: Message) -> None:
        self._all.pop(message.id, None)
        self._ready.pop(message.id, None)
        if self.folder:
            _file(self.folder, message).unlink(missing_ok=True)

    def _write(self, message: Message) -> None:
        if self.folder:
            kept = {name: getattr(message, name) for name in KEPT}
            _file(self.folder, message).write_text(json.dumps(kept))


def _file(folder: Path, message: Message) -> Path:
    return folder / f"{message.id}.json"


def _sent(message: Message) -> int:
    return int(vars(message)["sent_timestamp"])  # moto declares it as always None


def _read(path: Path) -> Message | None:
    try:
        kept = json.loads(path.read_text())
    except ValueError:
        path.unlink()  # it is half written, so it was never acknowledged
        return None
    message = Message(path.stem, kept["body"])
    for name in KEPT:
        setattr(message, name, kept[name])
    return message


def _message_id(receipt_handle: str) -> str:
    return receipt_handle.partition(".")[0]


def use_durable_queues(folder: Path | None) -> None:
    """Have moto's SQS use these queues, with their messages under `folder` (or in memory alone when there is none)."""
    models.Queue = DurableQueue  # type: ignore[misc]
    _skip_slow_steps()
    create_queue = SQSBackend.create_queue

    def create(self: SQSBackend, name: str, tags: dict[str, str] | None = None, **kwargs: object) -> Queue:
        known = name in self.queues
        queue = create_queue(self, name, tags, **kwargs)
        if folder and not known and isinstance(queue, DurableQueue):
            queue.restore(folder / name)
        return queue

    SQSBackend.create_queue = create  # type: ignore[method-assign]
    SQSBackend.receive_message = _receive  # type: ignore[method-assign]
    SQSBackend.change_message_visibility = _change_visibility  # type: ignore[method-assign]
    SQSResponse.start_message_move_task = _start_move_task  # type: ignore[attr-defined]


def _skip_slow_steps() -> None:
    # what moto does here for each message or megabyte takes more than half of its time
    models.camelcase_to_underscores = cache(models.camelcase_to_underscores)  # type: ignore[attr-defined]
    models.generate_receipt_handle = lambda: uuid4().hex  # type: ignore[attr-defined]  # it draws each of 185 letters
    enrich = SQSResponse._enrich_response  # noqa: SLF001

    def without_looking_for_xml(headers: dict[str, str], body: object) -> tuple[dict[str, str], object]:
        return enrich(headers, "")[0], body

    SQSResponse._enrich_response = staticmethod(without_looking_for_xml)  # type: ignore[method-assign]  # noqa: SLF001


def _receive(
    self: SQSBackend,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Message]:
    queue = cast(DurableQueue, self.get_queue(queue_name))
    messages = queue.receive(count, wait_seconds_timeout, visibility_timeout)
    for message in messages:
        models._filter_message_attributes(message, message_attribute_names or [])  # noqa: SLF001 — moto's own step
    return messages


def _change_visibility(self: SQSBackend, queue_name: str, receipt_handle: str, visibility_timeout: int) -> None:
    queue = cast(DurableQueue, self.get_queue(queue_name))
    queue.change_visibility(receipt_handle, int(visibility_timeout))


def _start_move_task(self: SQSResponse) -> ActionResult:
    # moto lacks StartMessageMoveTask; here the messages have moved when it answers
    backend = self.sqs_backend
    source = backend.get_queue(_name_in(self._get_param("SourceArn")))
    destination = self._get_param("DestinationArn")
    origins = [queue.name for queue in backend.list_dead_letter_source_queues(source.name)]
    targets = [_name_in(destination)] if destination else origins
    if not targets:
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    cast(DurableQueue, source).move_all_to(cast(DurableQueue, backend.get_queue(targets[0])))
    return ActionResult({"TaskHandle": uuid4().hex})


def _name_in(arn: str) -> str:
    return arn.rpartition(":")[2]
