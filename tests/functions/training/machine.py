"""infra/training.asl.yaml run for real: moto's Step Functions, with the functions behind a small Lambda endpoint."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import boto3
import yaml

from functions.jobs.warm.handler import handler as warm
from functions.training.evaluate.handler import handler as evaluate
from functions.training.extract.handler import handler as extract
from functions.training.fit.handler import handler as fit
from functions.training.publish.handler import handler as publish
from infra.local.aws import ACCOUNT, REGION
from tests.support.builders import LambdaContext
from tests.support.serving import serving

Json = dict[str, Any]
DEFINITION = Path(__file__).parents[3] / "infra" / "training.asl.yaml"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/training"


class Functions(BaseHTTPRequestHandler):
    """Lambda's Invoke for the training functions, as far as a state machine needs it."""

    protocol_version = "HTTP/1.1"
    handlers: ClassVar[dict[str, Any]] = {
        "TrainingExtractFunction": extract,
        "TrainingFitFunction": fit,
        "TrainingEvaluateFunction": evaluate,
        "TrainingPublishFunction": publish,
        "JobsWarmFunction": warm,
    }

    def do_POST(self) -> None:
        """Run the function that the path names; an exception is answered as Lambda does."""
        name = unquote(self.path).split("/functions/")[1].split("/")[0].rpartition(":")[2]
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        failure = []
        try:
            answer = self.handlers[name](event, LambdaContext())
        except Exception as error:  # noqa: BLE001 — Lambda tells its caller of any
            failure = [("X-Amz-Function-Error", "Unhandled")]
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
        body = json.dumps(answer).encode()
        self.send_response(200)
        for header, value in [*failure, ("Content-Length", str(len(body)))]:
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def lambda_endpoint(functions: type[Functions] = Functions) -> Iterator[str]:
    """Where the training functions, or others, can be invoked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functions)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


def definition(path: Path = DEFINITION, functions: type[Functions] = Functions) -> Json:
    """A state machine with the functions' names in place."""
    text = path.read_text()
    for name in functions.handlers:
        text = text.replace(f"${{{name}Arn}}", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
    found: Json = yaml.safe_load(text)
    return found


def execute(name: str, given: Json, seconds: float = 240) -> Json:
    """Run the state machine to its end; returns what Step Functions tells of the execution."""
    states = boto3.client("stepfunctions")
    machine = states.create_state_machine(name=name, definition=json.dumps(definition()), roleArn=ROLE)
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], name=name, input=json.dumps(given))
    deadline = time.monotonic() + seconds
    while (found := states.describe_execution(executionArn=started["executionArn"]))["status"] == "RUNNING":
        assert time.monotonic() < deadline, "the execution does not end"
        time.sleep(0.1)
    return dict(found)
