"""Asynchronous invocations: retried after a failure and at last reported to a queue, as Lambda does.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import logging
import threading
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from infra.local.aws import AwsAddresses, client
from infra.local.workers import Function, Invocation

LARGEST_EVENT = 1024 * 1024
RETRY_SECONDS = (60.0, 120.0)  # before the second and the third attempt
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Attempt:
    function: Function
    payload: bytes
    number: int = 1


class AsynchronousInvocations:
    """Runs functions on events in the background; retries that are still to come when the stack stops are lost."""

    def __init__(
        self, executor: Executor, addresses: AwsAddresses, retry_seconds: tuple[float, ...] = RETRY_SECONDS
    ) -> None:
        self._executor = executor
        self._addresses = addresses
        self._retry_seconds = retry_seconds
        self._running = 0
        self._counting = threading.Lock()

    @property
    def running(self) -> int:
        """How many events functions are working on."""
        return self._running

    def start(self, function: Function, payload: bytes) -> None:
        """Run the function on an event, in the background."""
        self._submit(_Attempt(function, payload))

    def _submit(self, attempt: _Attempt) -> None:
        with self._counting:
            self._running += 1
        try:
            self._executor.submit(self._run, attempt)
        except RuntimeError:  # the stack has stopped
            with self._counting:
                self._running -= 1

    def _run(self, attempt: _Attempt) -> None:
        try:
            answer = attempt.function.invoke(attempt.payload)
            if answer.failed:
                self._failed(attempt, answer)
        finally:
            with self._counting:
                self._running -= 1

    def _failed(self, attempt: _Attempt, answer: Invocation) -> None:
        plan = attempt.function.plan
        LOG.warning("%s failed: %s", plan.name, answer.payload[:500].decode(errors="replace"))
        if attempt.number <= plan.asynchronous.retries:
            delay = self._retry_seconds[min(attempt.number, len(self._retry_seconds)) - 1]
            timer = threading.Timer(delay, self._submit, [replace(attempt, number=attempt.number + 1)])
            timer.daemon = True
            timer.start()
        elif plan.asynchronous.failure_queue_arn:
            self._report(
                plan.asynchronous.failure_queue_arn, failure_record(attempt.payload, answer, plan.arn, attempt.number)
            )

    def _report(self, queue_arn: str, record: dict[str, object]) -> None:
        sqs = client("sqs", self._addresses.endpoint)
        sqs.send_message(QueueUrl=self._addresses.queue_url(queue_arn), MessageBody=json.dumps(record))


def failure_record(payload: bytes, answer: Invocation, function_arn: str, attempts: int) -> dict[str, object]:
    """Returns what Lambda sends to a failure destination."""
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": answer.request_id,
            "functionArn": f"{function_arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": json.loads(payload),
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": json.loads(answer.payload),
    }
