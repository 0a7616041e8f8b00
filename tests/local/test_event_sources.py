"""A queue's messages reach their function, and what it answers decides which of them are done."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.local.aws import client, queue_depth
from infra.local.event_sources import Disorder, EventSource, failed_messages, record_of
from infra.local.plan import QueueSource
from infra.local.workers import LARGEST_PAYLOAD, Invocation
from tests.local.examples import recorded, shape_of

SUCCESS = Invocation(b'{"batchItemFailures": []}')
IDS = ["a", "b"]
Start = Callable[..., EventSource]


class FakeFunction:
    """Answers each batch by a rule, and keeps the batches."""

    def __init__(self, answer: Callable[[list[Any]], Invocation] = lambda records: SUCCESS, seconds: float = 0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.batches: list[list[Any]] = []
        self.sizes: list[int] = []
        self.most_at_once = 0
        self._now = 0

    def invoke(self, payload: bytes) -> Invocation:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        records = json.loads(payload)["Records"]
        time.sleep(self.seconds)
        self.batches.append(records)
        self.sizes.append(len(payload))
        self._now -= 1
        return self.answer(records)

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for batch in self.batches for record in batch]


@pytest.fixture
def start(aws_endpoint: str, queue_url: str) -> Iterator[Start]:
    """Starts an event source on the test's queue."""
    started: list[EventSource] = []

    def start(function: FakeFunction, batch: int = 10, window: float = 0, **options: Any) -> EventSource:
        arn = f"arn:aws:sqs:us-east-1:123456789012:{queue_url.rpartition('/')[2]}"
        source = QueueSource("Work", arn, batch, window, True, 2)
        started.append(EventSource(source, function, aws_endpoint, queue_url, concurrency=2, **options))
        started[-1].start()
        return started[-1]

    yield start
    for source in started:
        source.stop()


@pytest.fixture
def send(aws_endpoint: str, queue_url: str) -> Callable[..., None]:
    def send(*bodies: str, **options: Any) -> None:
        for body in bodies:
            client("sqs", aws_endpoint).send_message(QueueUrl=queue_url, MessageBody=body, **options)

    return send


@pytest.fixture
def left(aws_endpoint: str, queue_url: str) -> Callable[[], int]:
    """How many messages the queue holds, whoever has them."""

    def left() -> int:
        return queue_depth(queue_url, aws_endpoint)

    return left


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_record_is_the_documented_one(aws_endpoint: str, queue_url: str, send: Callable[..., None]) -> None:
    attributes = {"myAttribute": {"StringValue": "myValue", "DataType": "String"}}
    send("Test message.", MessageGroupId="shop", MessageAttributes=attributes)
    answer = client("sqs", aws_endpoint).receive_message(
        QueueUrl=queue_url, AttributeNames=["All"], MessageAttributeNames=["All"]
    )
    record = record_of(answer["Messages"][0], "arn:aws:sqs:us-east-1:123456789012:my-queue")
    (expected,) = recorded("sqs")["Records"]
    assert shape_of(record) == shape_of(expected)
    for name in ("body", "messageAttributes", "eventSource", "eventSourceARN", "awsRegion"):
        assert record[name] == expected[name]
    assert record["attributes"]["MessageGroupId"] == "shop"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


@pytest.mark.parametrize(
    "answer", ["null", "{}", '{"batchItemFailures": []}', '{"batchItemFailures": null}', '{"a": 1}']
)
def test_no_failures_named_is_success(answer: str) -> None:
    assert failed_messages(Invocation(answer.encode()), IDS, reports_failures=True) == set()


@pytest.mark.parametrize(
    "answer",
    [
        "[1]",
        '"ok"',
        "not json",
        '{"batchItemFailures": [{"itemIdentifier": ""}]}',
        '{"batchItemFailures": [{"itemIdentifier": null}]}',
        '{"batchItemFailures": [{"bad": "a"}]}',
        '{"batchItemFailures": [{"itemIdentifier": "of another batch"}]}',
        '{"batchItemFailures": ["a"]}',
    ],
)
def test_a_malformed_report_fails_the_whole_batch(answer: str) -> None:
    assert failed_messages(Invocation(answer.encode()), IDS, reports_failures=True) == {"a", "b"}


def test_only_the_named_messages_fail() -> None:
    answer = Invocation(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
    assert failed_messages(answer, IDS, reports_failures=True) == {"b"}
    assert failed_messages(answer, IDS, reports_failures=False) == set()


def test_an_error_fails_the_whole_batch() -> None:
    assert failed_messages(Invocation(b"{}", failed=True), IDS, reports_failures=False) == {"a", "b"}


def test_messages_arrive_once_and_are_deleted(start: Start, send: Callable[..., None], left: Callable[[], int]) -> None:
    function = FakeFunction()
    send(*map(str, range(25)))
    source = start(function)
    until(lambda: len(function.bodies) == 25 and not source.busy)
    assert sorted(map(int, function.bodies)) == list(range(25))
    assert left() == 0


def test_a_batch_holds_no_more_than_its_size(start: Start, send: Callable[..., None]) -> None:
    function = FakeFunction()
    send(*map(str, range(7)))
    start(function, batch=3)
    until(lambda: len(function.bodies) == 7)
    assert max(map(len, function.batches)) == 3


def test_a_window_fills_a_batch_beyond_what_one_receive_gives(start: Start, send: Callable[..., None]) -> None:
    function = FakeFunction()
    send(*map(str, range(30)))
    start(function, batch=30, window=1)
    until(lambda: function.batches)
    assert len(function.batches[0]) == 30


def test_an_event_is_no_larger_than_lambda_takes(start: Start, send: Callable[..., None]) -> None:
    function = FakeFunction()
    send(*["x" * 1_000_000] * 8)
    start(function, batch=10)
    until(lambda: len(function.bodies) == 8)
    assert max(function.sizes) <= LARGEST_PAYLOAD


def test_no_more_batches_run_at_once_than_allowed(start: Start, send: Callable[..., None]) -> None:
    function = FakeFunction(seconds=0.05)
    send(*map(str, range(12)))
    start(function, batch=1)
    until(lambda: len(function.bodies) == 12)
    assert function.most_at_once == 2


def test_a_failed_message_comes_back_alone_and_counts_its_receipts(start: Start, send: Callable[..., None]) -> None:
    def fails_b_once(records: list[Any]) -> Invocation:
        failed = [
            {"itemIdentifier": record["messageId"]}
            for record in records
            if record["body"] == "b" and record["attributes"]["ApproximateReceiveCount"] == "1"
        ]
        return Invocation(json.dumps({"batchItemFailures": failed}).encode())

    function = FakeFunction(fails_b_once)
    send("a", "b", "c")
    start(function, retry_seconds=0)
    until(lambda: len(function.bodies) == 4)
    assert Counter(function.bodies) == {"a": 1, "b": 2, "c": 1}
    assert function.batches[-1][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_message_that_keeps_failing_ends_among_the_dead_letters(
    aws_endpoint: str, queue_url: str, start: Start, send: Callable[..., None]
) -> None:
    sqs = client("sqs", aws_endpoint)
    dead_letters = sqs.create_queue(QueueName=f"{queue_url.rpartition('/')[2]}-dead")["QueueUrl"]
    policy = {
        "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{dead_letters.rpartition('/')[2]}",
        "maxReceiveCount": 3,
    }
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"RedrivePolicy": json.dumps(policy)})
    function = FakeFunction(lambda records: Invocation(b"{}", failed=True))
    send("poison")
    start(function, retry_seconds=0)
    (dead,) = sqs.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=20)["Messages"]
    assert dead["Body"] == "poison"
    assert len(function.batches) == 3


def test_a_failed_message_waits_for_the_queues_visibility_time_out(
    aws_endpoint: str, queue_url: str, start: Start, send: Callable[..., None]
) -> None:
    client("sqs", aws_endpoint).set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "2"})
    times: list[float] = []

    def fails_once(records: list[Any]) -> Invocation:
        times.append(time.monotonic())
        return Invocation(b"{}", failed=len(times) == 1)

    send("a")
    start(FakeFunction(fails_once))
    until(lambda: len(times) == 2)
    assert times[1] - times[0] > 1.5


def test_disorder_repeats_and_mixes_messages_but_loses_none(
    start: Start, send: Callable[..., None], left: Callable[[], int]
) -> None:
    function = FakeFunction()
    send(*map(str, range(40)))
    source = start(function, disorder=Disorder(seed=1, duplicates=0.3, delays=0.3))
    until(lambda: len(function.bodies) >= 40 and not left() and not source.busy)
    assert set(map(int, function.bodies)) == set(range(40))
    assert len(function.bodies) > 40
    assert list(map(int, function.bodies)) != sorted(map(int, function.bodies))
