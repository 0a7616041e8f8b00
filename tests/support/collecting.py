"""api/collect through its Lambda handler, with a real queue behind it."""

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from footfall.aws import objects, queues, secrets
from footfall.http.gateway import HttpResponse
from footfall.identity import new_write_key
from footfall.settings import read_environment

from functions.api.collect import rules
from functions.api.collect.handler import handler
from infra.local.aws import AwsAddresses
from tests.support.builders import LambdaContext

SECRET = "signing secret of the tests"
KEY = new_write_key("demo", SECRET)


@pytest.fixture
def queue(aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An events queue, the signing secret and the bucket that tells who may send, as the template makes them."""
    _forget()
    sqs, manager = boto3.client("sqs"), boto3.client("secretsmanager")
    url = sqs.create_queue(QueueName=f"events-{worker}", Attributes={"MaximumMessageSize": "1048576"})["QueueUrl"]
    secret = manager.create_secret(Name=f"signing-{worker}", SecretString=SECRET)["ARN"]
    boto3.client("s3").create_bucket(Bucket=f"collecting-{worker}")
    monkeypatch.setenv("EVENTS_QUEUE_URL", url)
    monkeypatch.setenv("SIGNING_SECRET", secret)
    monkeypatch.setenv("SENDING_BUCKET", f"collecting-{worker}")
    yield url
    sqs.delete_queue(QueueUrl=url)
    manager.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    boto3.client("s3").delete_object(Bucket=f"collecting-{worker}", Key="sites/demo.json")
    _forget()


def _forget() -> None:
    for cached in (queues.sqs, secrets._secrets, objects.quick_s3, read_environment):
        cached.cache_clear()
    secrets._known.clear()
    rules._known.clear()


def tell(**told: Any) -> None:
    """Tell collect who may send the events of the site `demo`, and have it read that at once."""
    body = json.dumps({"site_id": "demo", **told}).encode()
    boto3.client("s3").put_object(Bucket=os.environ["SENDING_BUCKET"], Key="sites/demo.json", Body=body)
    rules._known.clear()


def call(
    method: str = "POST", body: bytes | str | None = None, query: str = "", path: str = "/collect", **headers: str
) -> HttpResponse:
    """What the handler answers to one request, as the gateway would pass it on; `_` in header names is `-`."""
    raw = body.encode() if isinstance(body, str) else body
    return handler(
        {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "x", "content-type": "application/json"}
            | {name.replace("_", "-"): value for name, value in headers.items()},
            "requestContext": {
                "http": {"method": method, "path": path, "sourceIp": "203.0.113.77", "protocol": "HTTP/1.1"},
                "stage": "$default",
            },
            "body": base64.b64encode(raw).decode() if raw is not None else None,
            "isBase64Encoded": raw is not None,
        },
        LambdaContext(),
    )


def send(payload: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """Post a payload with the demo site's key; returns status and body."""
    answer = call(body=json.dumps(payload), **({"x_api_key": KEY} | headers))
    return answer["statusCode"], json.loads(answer["body"])


def queued(url: str) -> list[dict[str, Any]]:
    """The messages in the queue."""
    answer = boto3.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    return [
        {**json.loads(message["Body"]), "attributes": message["Attributes"]} for message in answer.get("Messages", [])
    ]


def segment(kind: str, payload: Any, key: str = KEY) -> tuple[int, dict[str, Any]]:
    """What a Segment SDK hears of one call."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    answer = call(body=json.dumps(payload), path=f"/v1/{kind}", authorization=f"Basic {basic}")
    return answer["statusCode"], json.loads(answer["body"])
