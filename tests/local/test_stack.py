"""A whole stack, from the example template alone."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local.asynchronous import AsynchronousInvocations
from infra.local.aws import client
from infra.local.stack import AlreadyRunning, FunctionFailed, Stack
from infra.local.template import Template, TemplateError
from tests.local.examples import EXAMPLE, recorded, shape_of

OPEN = {"x-api-key": "open"}
BUCKET = "footfall-local-bucket"


@pytest.fixture(scope="module")
def stack(parts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The example template's stack, on the stores of the test run."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mongodb_uri", "redis_url", "milvus_uri"):
            patch.setenv(name.upper(), parts[name])
        with Stack(tmp_path_factory.mktemp("stack"), template=EXAMPLE, schedules=False, retry_seconds=0) as stack:
            yield stack


@pytest.fixture(scope="module")
def http(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=30) as http:
        yield http


@pytest.fixture
def seen(stack: Stack) -> Callable[[str], list[dict[str, Any]]]:
    """The records that the work function saw, by their body's text."""
    s3 = client("s3", stack.aws.endpoint)

    def seen(text: str) -> list[dict[str, Any]]:
        stack.drain(30)
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="seen/").get("Contents", ())]
        records = [json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in keys]
        return [record for record in records if text in record["body"]]

    return seen


def test_a_route_of_the_template_is_served_and_no_other(http: httpx.Client) -> None:
    seen = http.put("/echo/you", headers=OPEN).json()
    assert seen["event"]["pathParameters"] == {"name": "you"}
    assert seen["event"]["requestContext"]["authorizer"] == {"lambda": {"site_id": "demo"}}
    assert http.get("/somewhere", headers=OPEN).status_code == 404
    assert http.put("/open").status_code == 404


def test_the_authorizer_of_the_template_guards_its_routes(http: httpx.Client) -> None:
    assert http.get("/open").status_code == 200
    assert http.get("/echo/you").status_code == 401
    assert http.get("/echo/you", headers={"x-api-key": "closed"}).status_code == 403
    assert http.get("/echo/you", headers={"x-api-key": "broken"}).status_code == 500


def test_a_function_that_times_out_or_fails_is_500_over_http(http: httpx.Client) -> None:
    assert http.post("/faulty/fail").json() == {"message": "Internal Server Error"}
    assert http.post("/faulty/sleep").status_code == 500
    assert http.post("/faulty/song").json()["what"] == "song"


def test_a_function_reads_what_the_template_gives_it(stack: Stack) -> None:
    environment = stack.invoke("EchoFunction")["environment"]
    assert environment["MONGODB_URI"] == stack.stores.mongodb_uri
    assert environment["QUEUE_URL"] == f"{stack.aws.endpoint}/123456789012/WorkQueue"


def test_an_object_that_the_bucket_announces_reaches_the_function(stack: Stack, seen: Any) -> None:
    for key in ("uploads/demo/a b/data.csv", "elsewhere/manifest.json", "uploads/demo/a b/manifest.json"):
        client("s3", stack.aws.endpoint).put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    (record,) = seen("ObjectCreated")
    event = json.loads(record["body"])
    assert shape_of(event) == shape_of(recorded("s3_object_created"))
    assert (
        event["Records"][0]["s3"]["object"]["key"] == recorded("s3_object_created")["Records"][0]["s3"]["object"]["key"]
    )
    assert event["Records"][0]["s3"]["bucket"]["name"] == BUCKET


def test_the_bucket_sends_its_test_event_when_it_is_made(seen: Any) -> None:
    (record,) = seen("s3:TestEvent")
    assert json.loads(record["body"]).keys() <= recorded("s3_test_event").keys()


def test_a_topics_message_arrives_raw(stack: Stack, seen: Any) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:Topic"
    client("sns", stack.aws.endpoint).publish(TopicArn=topic, Message='{"from": "topic"}', MessageGroupId="demo")
    (record,) = seen("from")
    assert record["body"] == '{"from": "topic"}'
    assert record["attributes"]["MessageGroupId"] == "demo"


def test_a_message_that_keeps_failing_ends_in_the_dead_letter_queue(stack: Stack, seen: Any) -> None:
    sqs = client("sqs", stack.aws.endpoint)
    sqs.send_message(QueueUrl=f"{stack.aws.endpoint}/123456789012/WorkQueue", MessageBody="fail")
    receipts = [record["attributes"]["ApproximateReceiveCount"] for record in seen("fail")]
    assert receipts == ["1", "2"]
    answer = sqs.receive_message(QueueUrl=f"{stack.aws.endpoint}/123456789012/dead-letters-local", WaitTimeSeconds=5)
    assert answer["Messages"][0]["Body"] == "fail"


class TestLambda:
    """Any AWS SDK may invoke the stack's functions."""

    @pytest.fixture
    def client(self, stack: Stack) -> Any:
        return client("lambda", stack.aws.lambda_endpoint)

    def test_answers_synchronously(self, client: Any) -> None:
        answer = client.invoke(FunctionName="FaultyFunction", Payload=b'{"what": "song"}')
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert json.load(answer["Payload"])["what"] == "song"
        assert "FunctionError" not in answer

    def test_returns_a_functions_error(self, client: Any) -> None:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:FaultyFunction:live"
        answer = client.invoke(FunctionName=arn, Payload=b'{"what": "fail"}')
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        assert json.load(answer["Payload"])["errorType"] == "ValueError"

    def test_runs_events_in_the_background(self, stack: Stack, client: Any) -> None:
        answer = client.invoke(FunctionName="FaultyFunction", InvocationType="Event", Payload=b'{"what": "nap"}')
        assert answer["StatusCode"] == 202
        assert stack._background.running == 1
        assert stack.drain(10)

    def test_checks_without_running(self, client: Any) -> None:
        assert client.invoke(FunctionName="FaultyFunction", InvocationType="DryRun")["StatusCode"] == 204

    @pytest.mark.parametrize(
        ("name", "payload", "code"),
        [
            ("NoFunction", b"{}", "ResourceNotFoundException"),
            ("FaultyFunction", b"not json", "InvalidRequestContentException"),
            ("FaultyFunction", b'"' + b"x" * 6 * 1024 * 1024 + b'"', "RequestTooLargeException"),
        ],
        ids=["no function", "no JSON", "too large"],  # a test's name is in the environment of what it starts
    )
    def test_refuses_what_lambda_refuses(self, client: Any, name: str, payload: bytes, code: str) -> None:
        with pytest.raises(ClientError) as refused:
            client.invoke(FunctionName=name, Payload=payload)
        assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("what", "output"), [("song", "song"), ("fail", "rescued")])
def test_a_state_machine_runs_the_functions(stack: Stack, what: str, output: str) -> None:
    machines = client("stepfunctions", stack.aws.endpoint)
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:Machine"
    run = machines.start_execution(stateMachineArn=arn, input=json.dumps({"what": what}))["executionArn"]
    deadline = time.monotonic() + 20
    while (state := machines.describe_execution(executionArn=run))["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert state["status"] == "SUCCEEDED"
    assert output in state["output"]


def test_an_event_that_keeps_failing_is_sent_to_the_failure_queue(stack: Stack) -> None:
    with ThreadPoolExecutor(1) as pool:
        background = AsynchronousInvocations(pool, stack.aws, retry_seconds=(0.01,))
        background.start(stack.functions["FaultyFunction"], b'{"what": "fail", "ORDER_IDS": ["1"]}')
        dead_letters = f"{stack.aws.endpoint}/123456789012/dead-letters-local"
        answer = client("sqs", stack.aws.endpoint).receive_message(QueueUrl=dead_letters, WaitTimeSeconds=10)
    record = json.loads(answer["Messages"][0]["Body"])
    expected = recorded("failure_destination")
    for name in ("version", "timestamp", "requestContext", "responseContext"):
        assert shape_of(record[name]) == shape_of(expected[name])
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestPayload"]["ORDER_IDS"] == ["1"]
    assert record["responsePayload"]["errorMessage"] == "as asked"


def test_a_custom_resource_that_fails_says_why(stack: Stack, tmp_path: Path) -> None:
    for name in ("template.yaml", "machine.asl.yaml"):
        text = (EXAMPLE.parent / name).read_text().replace("Colour: red", "Colour: blue")
        (tmp_path / name).write_text(text)
    blue = Template(tmp_path / "template.yaml", {"Environment": "local"}, stack.aws.endpoint)
    with pytest.raises(TemplateError, match="Preparation failed: blue is out"):
        stack._custom_resources.create(blue, stack.functions)


def test_a_failing_function_raises_its_error(stack: Stack) -> None:
    with pytest.raises(FunctionFailed, match="as asked"):
        stack.invoke("FaultyFunction", {"what": "fail"})


def test_a_second_stack_on_the_same_folder_is_refused(stack: Stack) -> None:
    with pytest.raises(AlreadyRunning, match="another Footfall"), Stack(stack._data, template=EXAMPLE):
        pass


def test_the_next_stack_goes_on_where_the_last_one_stopped(parts: dict[str, str], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("mongodb_uri", "redis_url", "milvus_uri"):
            patch.setenv(name.upper(), parts[name])
        with Stack(tmp_path, template=EXAMPLE, schedules=False) as first:
            secret = client("secretsmanager", first.aws.endpoint).get_secret_value(SecretId="Secret")["SecretString"]
            dead_letters = f"{first.aws.endpoint}/123456789012/dead-letters-local"
            client("sqs", first.aws.endpoint).send_message(QueueUrl=dead_letters, MessageBody="waits")
        with Stack(tmp_path, template=EXAMPLE, schedules=False) as second:
            again = client("secretsmanager", second.aws.endpoint).get_secret_value(SecretId="Secret")["SecretString"]
            dead_letters = f"{second.aws.endpoint}/123456789012/dead-letters-local"
            answer = client("sqs", second.aws.endpoint).receive_message(QueueUrl=dead_letters)
    assert again == secret
    assert len(secret) == 40
    assert answer["Messages"][0]["Body"] == "waits"
