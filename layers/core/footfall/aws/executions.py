"""Step Functions: executions of state machines, started by name."""

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CLIENT = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 2})


@cache
def step_functions() -> "SFNClient":
    """Returns the Step Functions client of this execution environment."""
    return boto3.client("stepfunctions", config=CLIENT)


def start_once(machine: str, name: str, given: Mapping[str, object], failure: str) -> None:
    """Start an execution, unless one of this name was started; raises Unavailable, with `failure` as its sentence."""
    try:
        step_functions().start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
    except step_functions().exceptions.ExecutionAlreadyExists:
        return
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(failure) from error
