"""What operations starts: the recomputation of daily figures, and the training of models."""

import json
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from footfall.clock import now
from footfall.errors import Conflict, Unavailable
from footfall.schemas.operations import TrainingStarted
from footfall.settings import RollupSettings, TrainingSettings, from_environment

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_stepfunctions import SFNClient

CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


@cache
def _lambda() -> "LambdaClient":
    return boto3.client("lambda", config=CLIENT)


@cache
def _step_functions() -> "SFNClient":
    return boto3.client("stepfunctions", config=CLIENT)


def start_rollup(site_id: str, day: date | None) -> None:
    """Have jobs/rollup recompute one day of a site, or every stale one; it does so after this has returned."""
    question: dict[str, Any] = {"site_id": site_id} | ({"date": day.isoformat()} if day else {})
    try:
        _lambda().invoke(
            FunctionName=from_environment(RollupSettings).rollup_function_name,
            InvocationType="Event",
            Payload=json.dumps(question).encode(),
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the rollup cannot be started") from error


def start_training(site_id: str) -> TrainingStarted:
    """Start the training state machine for a site; raises Conflict while a run that was started so is under way."""
    machine = from_environment(TrainingSettings).training_state_machine_arn
    moment = now()
    run_id = f"{site_id}_{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}"
    try:
        if _is_running(machine, site_id):
            raise Conflict("a training run of this site is under way; /api/models says how far it is")
        _step_functions().start_execution(
            stateMachineArn=machine, name=run_id, input=json.dumps({"site_id": site_id, "run_id": run_id})
        )
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the training cannot be started") from error
    return TrainingStarted(run_id=run_id, started_at=moment)


def _is_running(machine: str, site_id: str) -> bool:
    """Whether an execution named for this site runs; no site's id holds the underscore that ends it in the name."""
    pages = _step_functions().get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return any(found["name"].startswith(f"{site_id}_") for page in pages for found in page["executions"])
