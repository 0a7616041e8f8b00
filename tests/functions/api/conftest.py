"""What the tests of the analytic routes share, and those of the pipeline, the models and the cache."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from footfall import sites
from footfall.aws import functions, queue_ages, queues
from footfall.questions import queues as queue_status
from footfall.settings import read_environment
from pymongo.database import Database

from functions.api.models import training
from infra.local.aws import AwsAddresses
from tests.support.caches import forget_redis
from tests.support.serving import serving
from tests.support.sites import SIGNING, forget_keys
from tests.support.visits import a_shop, know, person

QUEUES = ("EVENTS", "IMPORTS", "CATALOG", "INTERESTS", "REALTIME", "VECTORS")
FUNCTIONS = ("ROLLUP", "SWEEP", "RETENTION", "ETL_EVENTS")


@pytest.fixture
def shop(database: Database[dict[str, Any]]) -> Iterator[Database[dict[str, Any]]]:
    """A database with the site `demo`, whose funnel is home → search → payment, and four people."""
    know(database, a_shop("home", "search", "payment"))
    database["users"].insert_many([person(number, name) for number, name in enumerate(["ann", "bob", "cid", "dan"], 1)])
    forget_redis()
    yield database
    sites._known.clear()
    forget_redis()


@pytest.fixture
def deployed(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database[dict[str, Any]]]:
    """A database without a site, the signing secret, and the bucket that collect reads."""
    secrets = boto3.client("secretsmanager")
    secret = secrets.create_secret(Name=f"sites-{worker}", SecretString=SIGNING)["ARN"]
    boto3.client("s3").create_bucket(Bucket=f"sending-{worker}")
    monkeypatch.setenv("SIGNING_SECRET", secret)
    monkeypatch.setenv("SENDING_BUCKET", f"sending-{worker}")
    forget_keys()
    yield database
    secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


@pytest.fixture
def queue_urls(aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Every queue of the pipeline, by the variable that names it."""
    _forget()
    sqs = boto3.client("sqs")
    names = [f"{name}{kind}_QUEUE_URL" for name in QUEUES for kind in ("", "_DEAD_LETTER")]
    urls = {name: sqs.create_queue(QueueName=f"{name.lower()}-{worker}")["QueueUrl"] for name in names}
    for name, url in urls.items():
        monkeypatch.setenv(name, url)
    yield urls
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    _forget()


def _forget() -> None:
    for cached in (queues.sqs, queue_ages.cloudwatch, functions._lambda, training._step_functions):
        cached.cache_clear()
    read_environment.cache_clear()
    queue_status._known.clear()
    forget_redis()


class Lambda(HTTPServer):
    """The one call of the Lambda service that functions make: remembered, and answered by `functions`."""

    calls: list[tuple[str, str, dict[str, Any]]]
    functions: dict[str, Callable[[Any], Any]]


class Invocations(BaseHTTPRequestHandler):
    server: Lambda

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        function, kind = self.path.split("/")[3], self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        self.server.calls.append((function, kind, payload))
        answer = b"" if kind == "Event" else json.dumps(self.server.functions[function](payload)).encode()
        self.send_response(200 if answer else 202)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_request(self, *_: Any) -> None:
        pass


@pytest.fixture
def lambda_service(queue_urls: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    """A Lambda service whose functions are called `rollup`, `sweep`, `retention` and `etl-events`."""
    server = Lambda(("127.0.0.1", 0), Invocations)
    server.calls, server.functions = [], {}
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", f"http://127.0.0.1:{server.server_port}")
    for name in FUNCTIONS:
        monkeypatch.setenv(f"{name}_FUNCTION_NAME", name.lower().replace("_", "-"))
    with serving(server):
        yield server


@pytest.fixture
def invoked(lambda_service: Lambda) -> list[Any]:
    """What the Lambda service was asked: function, kind of invocation, payload."""
    return lambda_service.calls
