"""The training state machine: runs that train a site's models, and runs that put earlier ones into use again."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from footfall.clock import now
from footfall.errors import Conflict, Unavailable
from footfall.schemas.model import ModelName
from footfall.settings import TrainingSettings, from_environment
from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


class TrainingStarted(BaseModel):
    """Models are being trained; `/api/models` says how the run goes."""

    run_id: str
    state: Literal["running"] = "running"
    started_at: datetime


class RestoreStarted(BaseModel):
    """Models that were trained earlier are being put into use again; `/api/models` says how the run goes."""

    run_id: str
    version: int = Field(description="the version that is put into use again; it gets a newer number")
    models: list[ModelName] = Field(description="every model that was trained with it: they belong together")
    state: Literal["running"] = "running"
    started_at: datetime


@cache
def _step_functions() -> "SFNClient":
    return boto3.client("stepfunctions", config=CLIENT)


def start_training(site_id: str) -> TrainingStarted:
    """Start the training state machine for a site, and return its run; raises Conflict while another is under way."""
    run_id, moment = _start_run(site_id, {}, "the training cannot be started")
    return TrainingStarted(run_id=run_id, started_at=moment)


def start_restoring(site_id: str, version: int, names: list[ModelName]) -> RestoreStarted:
    """Have models of a version put into use again, and return the run; raises Conflict while another is under way."""
    run_id, moment = _start_run(site_id, {"restore": version}, "the models cannot be put into use again")
    return RestoreStarted(run_id=run_id, version=version, models=names, started_at=moment)


def _start_run(site_id: str, more: Mapping[str, object], failure: str) -> tuple[str, datetime]:
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
    # executions are named for their site, and no site's id holds the underscore that ends it in the name
    pages = _step_functions().get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return any(found["name"].startswith(f"{site_id}_") for page in pages for found in page["executions"])
