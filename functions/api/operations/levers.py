"""What operations starts: daily figures recomputed, models trained, and the usual questions asked again."""

import json
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from footfall.clock import now
from footfall.errors import Conflict, Unavailable
from footfall.schemas.model import ModelName
from footfall.schemas.operations import RestoreStarted, TrainingStarted
from footfall.settings import RollupSettings, TrainingSettings, WarmingSettings, from_environment

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


DASHBOARD_QUESTIONS = ("/api/metrics/dashboard",)
FUNNEL_QUESTIONS = ("/api/funnel", "/api/funnel?breakdown=device", "/api/funnel/trend")


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda", config=CLIENT)


@cache
def _step_functions() -> "SFNClient":
    return boto3.client("stepfunctions", config=CLIENT)


def start_rollup(site_id: str, day: date | None) -> None:
    """Have jobs/rollup recompute one day of a site, or every stale one; it does so after this has returned."""
    question: dict[str, Any] = {"site_id": site_id} | ({"date": day.isoformat()} if day else {})
    start(from_environment(RollupSettings).rollup_function_name, question, "the rollup cannot be started")


def ask_again(site_id: str) -> list[str]:
    """Have what most people ask first computed, and so remembered, after this has returned; answers what that is."""
    functions = from_environment(WarmingSettings)
    asked = dict.fromkeys(DASHBOARD_QUESTIONS, functions.metrics_function_name)
    asked |= dict.fromkeys(FUNNEL_QUESTIONS, functions.funnel_function_name)
    for question, function in asked.items():
        start(function, _as_asked(site_id, question), "the questions cannot be asked again")
    return list(asked)


def _as_asked(site_id: str, question: str) -> dict[str, Any]:
    """A question as the gateway would pass it on for a reader of the site."""
    path, _, query = question.partition("?")
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {},
        "requestContext": {
            "http": {"method": "GET", "path": path, "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"},
            "authorizer": {"lambda": {"site_id": site_id, "scopes": "read", "key_id": "operations"}},
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


def start(function: str, event: dict[str, Any], failure: str) -> None:
    """Have a function run; raises Unavailable, with that sentence, when it cannot be started."""
    try:
        _lambda().invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(failure) from error


def start_training(site_id: str) -> TrainingStarted:
    """Start the training state machine for a site; raises Conflict while a run that was started so is under way."""
    run_id, moment = _start_run(site_id, {}, "the training cannot be started")
    return TrainingStarted(run_id=run_id, started_at=moment)


def start_restoring(site_id: str, version: int, names: list[ModelName]) -> RestoreStarted:
    """Have models of a version put into use again; raises Conflict while a run of the site is under way."""
    run_id, moment = _start_run(site_id, {"restore": version}, "the models cannot be put into use again")
    return RestoreStarted(run_id=run_id, version=version, models=names, started_at=moment)


def _start_run(site_id: str, more: dict[str, Any], failure: str) -> tuple[str, datetime]:
    """The id of a new run of the state machine for a site, and when it began."""
    machine = from_environment(TrainingSettings).training_state_machine_arn
    moment = now()
    run_id = f"{site_id}_{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}"
    try:
        if _is_running(machine, site_id):
            raise Conflict("a training run of this site is under way; /api/models says how far it is")
        _step_functions().start_execution(
            stateMachineArn=machine, name=run_id, input=json.dumps({"site_id": site_id, "run_id": run_id, **more})
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(failure) from error
    return run_id, moment


def _is_running(machine: str, site_id: str) -> bool:
    """Whether an execution named for this site runs; no site's id holds the underscore that ends it in the name."""
    pages = _step_functions().get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return any(found["name"].startswith(f"{site_id}_") for page in pages for found in page["executions"])
