"""Functions run as in Lambda: alone, with their own variables, and without harm to the stack when they fail."""

import json
import os
import threading
import time
from typing import Any

import pytest

from infra.local.workers import Function, Invocation


def run(function: Function, **payload: Any) -> Any:
    answer = function.invoke(json.dumps(payload).encode())
    assert not answer.failed, answer.payload
    return json.loads(answer.payload)


def error_of(answer: Invocation) -> dict[str, Any]:
    assert answer.failed
    return dict(json.loads(answer.payload))


def test_a_function_sees_the_variables_of_the_template_and_the_runtime_and_no_other(
    functions: dict[str, Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONGODB_DATABASE", "set on this machine, not in the template")
    seen = run(functions["EchoFunction"])["environment"]
    assert "MONGODB_DATABASE" not in seen
    assert seen["MONGODB_URI"] == "mongodb://here"
    assert seen.keys() - functions["EchoFunction"].plan.environment.keys() == {
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_LAMBDA",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LANG",
        "LC_CTYPE",  # Python's own: it coerces the C locale where en_US is not installed
        "PATH",
        "TZ",
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
    } - ({"LC_CTYPE"} - seen.keys())


def test_a_function_starts_with_nothing_imported_but_the_standard_library(functions: dict[str, Function]) -> None:
    modules = set(run(functions["EchoFunction"])["modules"])
    assert not modules & {"pydantic", "boto3", "botocore", "pymongo", "yaml", "uvicorn", "infra.local.workers"}


def test_a_function_gets_its_invocations_context(functions: dict[str, Function]) -> None:
    context = run(functions["EchoFunction"])["context"]
    assert context["function_name"] == "EchoFunction"
    assert context["invoked_function_arn"] == "arn:aws:lambda:us-east-1:123456789012:function:EchoFunction"
    assert context["memory_limit_in_mb"] == "256"
    assert 3000 < context["remaining"] <= 5000


def test_a_process_is_kept_for_the_next_invocation(functions: dict[str, Function]) -> None:
    assert run(functions["FaultyFunction"])["process"] == run(functions["FaultyFunction"])["process"] != os.getpid()


def test_invocations_at_the_same_time_have_processes_of_their_own(functions: dict[str, Function]) -> None:
    answers: list[Any] = []
    naps = [
        threading.Thread(target=lambda: answers.append(run(functions["FaultyFunction"], what="nap"))) for _ in range(2)
    ]
    for nap in naps:
        nap.start()
    for nap in naps:
        nap.join()
    assert len({answer["process"] for answer in answers}) == 2


def test_an_exception_is_described_as_lambda_does(functions: dict[str, Function]) -> None:
    error = error_of(functions["FaultyFunction"].invoke(b'{"what": "fail"}'))
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "as asked")
    assert 'raise ValueError("as asked")' in error["stackTrace"][-1]
    assert "invoke" not in error["stackTrace"][0]


def test_an_exception_does_not_cost_the_process(functions: dict[str, Function]) -> None:
    before = run(functions["FaultyFunction"])["process"]
    functions["FaultyFunction"].invoke(b'{"what": "fail"}')
    assert run(functions["FaultyFunction"])["process"] == before


def test_a_function_that_takes_too_long_is_ended(functions: dict[str, Function]) -> None:
    functions["FaultyFunction"].warm()
    began = time.monotonic()
    error = error_of(functions["FaultyFunction"].invoke(b'{"what": "sleep"}'))
    assert time.monotonic() - began < 5
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert run(functions["FaultyFunction"])


def test_a_process_that_ends_by_itself_fails_its_invocation_alone(functions: dict[str, Function]) -> None:
    error = error_of(functions["FaultyFunction"].invoke(b'{"what": "exit"}'))
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")
    assert run(functions["FaultyFunction"])


def test_an_answer_that_is_not_json_is_a_marshal_error(functions: dict[str, Function]) -> None:
    error = error_of(functions["FaultyFunction"].invoke(b'{"what": "object"}'))
    assert error["errorType"] == "Runtime.MarshalError"
    assert "set is not JSON serializable" in error["errorMessage"]


def test_an_answer_of_more_than_6_mb_is_refused(functions: dict[str, Function]) -> None:
    assert (
        error_of(functions["FaultyFunction"].invoke(b'{"what": "big"}'))["errorType"] == "Function.ResponseSizeTooLarge"
    )


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("tests.local.example.absent.handler", "Runtime.ImportModuleError", "Unable to import module"),
        ("tests.local.example.functions.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing"),
    ],
)
def test_a_handler_that_cannot_be_imported_fails_every_invocation(
    functions: dict[str, Function], handler: str, kind: str, message: str
) -> None:
    broken = functions["EchoFunction"]
    broken._variables["_HANDLER"] = handler
    for _ in range(2):
        error = error_of(broken.invoke(b"{}"))
        assert error["errorType"] == kind
        assert error["errorMessage"].startswith(message)


def test_what_a_function_prints_is_in_its_log(functions: dict[str, Function], tmp_path: Any) -> None:
    run(functions["FaultyFunction"], what="song")
    assert "asked for song" in (tmp_path / "logs" / "FaultyFunction.log").read_text()
