"""The functions of the road that are run by hand: those that are started, and those whose answer is waited for."""

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from footfall.aws.queues import depth
from footfall.errors import Unavailable
from footfall.observability import logger
from footfall.schemas.etl import Cleanup, Started
from footfall.settings import EventsQueueSettings, RoadSettings, from_environment

from .levers import start, start_rollup

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CLEANUP_SECONDS = 15


@cache
def _lambda() -> "LambdaClient":
    """A client for answers that take their time; it never asks twice."""
    return boto3.client("lambda", config=Config(connect_timeout=2, read_timeout=24, retries={"total_max_attempts": 1}))


def invoke(function: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A function's answer; raises Unavailable when it fails, or takes longer than the caller can wait."""
    try:
        answer = _lambda().invoke(FunctionName=function, Payload=json.dumps(payload).encode())
        text = answer["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the function does not answer in time; it may still be at work") from error
    if answer.get("FunctionError") or not text:
        logger().error("a function failed", extra={"function": function})
        raise Unavailable("the function has failed: its log says why")
    return dict(json.loads(text))


def start_jobs(site_id: str) -> Started:
    """Start the jobs that else wait for their schedules; raises Unavailable."""
    try:
        queued = depth(from_environment(EventsQueueSettings).events_queue_url)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("SQS does not answer") from error
    start(from_environment(RoadSettings).sweep_function_name, {}, "the sweeper cannot be started")
    start_rollup(site_id, None)
    return Started(jobs=["sweep", "rollup"], queued=queued["waiting"] + queued["in_flight"])


def clean_up(site_id: str, retention_days: int, dry_run: bool) -> Cleanup:
    """Have jobs/retention remove what is older, for as long as the caller can wait; raises Unavailable."""
    order = {"site_id": site_id, "retention_days": retention_days, "dry_run": dry_run, "seconds": CLEANUP_SECONDS}
    return Cleanup.model_validate(invoke(from_environment(RoadSettings).retention_function_name, order)["cleanups"][0])
