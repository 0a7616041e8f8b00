"""Lambda functions run by others: those that are only started, and those whose answer is waited for."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from footfall.errors import Unavailable
from footfall.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Answer = TypeVar("Answer")
STARTING = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})
WAITING = Config(connect_timeout=2, read_timeout=24, retries={"total_max_attempts": 1})
"""The gateway waits 29 seconds; a second try would have the work done twice."""


@cache
def _lambda(config: Config) -> "LambdaClient":
    return boto3.client("lambda", config=config)


def start(function: str, event: Mapping[str, object], failure: str) -> None:
    """Have a function run by itself; raises Unavailable, with `failure` as its sentence, when it cannot be started."""
    try:
        _lambda(STARTING).invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(failure) from error


def invoke(function: str, event: Mapping[str, object], answer: type[Answer]) -> Answer:
    """Returns what a function answers; raises Unavailable when it fails, or takes longer than the caller can wait."""
    try:
        response = _lambda(WAITING).invoke(FunctionName=function, Payload=json.dumps(event).encode())
        text = response["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the function does not answer in time; it may still be at work") from error
    if response.get("FunctionError") or not text:
        logger().error("a function failed", extra={"function": function})
        raise Unavailable("the function has failed: its log says why")
    return TypeAdapter(answer).validate_json(text)
