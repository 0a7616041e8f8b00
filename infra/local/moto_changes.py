"""Changes to moto's server, made before it starts, where it differs from AWS or from what this stack needs."""

import sys
import time
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING
from unittest.mock import MagicMock
from urllib.parse import quote_plus
from uuid import uuid4

from moto import backends
from moto.s3 import notifications

from infra.local.aws import ACCOUNT, LOOPBACK, client

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket, FakeKey
    from moto.stepfunctions.parser.backend.execution import Execution
    from mypy_boto3_lambda import LambdaClient


def change_moto(lambda_endpoint: str) -> None:
    """Make all the changes; functions are invoked at `lambda_endpoint`."""
    _list_services_once()
    _leave_out("moto.ec2", "ec2_backends")
    _leave_out("moto.batch.utils", "JobStatus")
    _describe_objects_in_full()
    _invoke_functions_at(lambda_endpoint)
    _name_executions()


def _list_services_once() -> None:
    # moto reads it from a folder at every request
    services = list(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: iter(services)


def _leave_out(module: str, name: str) -> None:
    # moto's SSM and Step Functions import EC2, with its large tables, to no use here: a second of start-up
    stand_in = ModuleType(module)
    setattr(stand_in, name, MagicMock())
    sys.modules[module] = stand_in


def _describe_objects_in_full() -> None:
    brief = notifications._get_s3_event  # noqa: SLF001 — there is no public name for it

    def in_full(
        event_name: str, bucket: "FakeBucket", key: "FakeKey", notification_id: str
    ) -> dict[str, list[dict[str, object]]]:
        event = brief(event_name, bucket, key, notification_id)
        record = event["Records"][0]
        record["userIdentity"] = {"principalId": f"AWS:{ACCOUNT}"}
        record["requestParameters"] = {"sourceIPAddress": LOOPBACK}
        record["responseElements"] = {"x-amz-request-id": uuid4().hex[:16].upper(), "x-amz-id-2": uuid4().hex}
        record["s3"]["bucket"]["ownerIdentity"] = {"principalId": ACCOUNT}
        record["s3"]["object"] |= {"key": quote_plus(key.name, safe="/"), "sequencer": f"{time.time_ns():018X}"}
        return event

    notifications._get_s3_event = in_full  # noqa: SLF001


def _invoke_functions_at(lambda_endpoint: str) -> None:
    # moto's own Lambda answers with what it was sent
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    @cache
    def lambda_client() -> "LambdaClient":
        return client("lambda", lambda_endpoint, read_timeout=960)

    lambda_eval_utils.boto_client_for = lambda **_: lambda_client()  # type: ignore[attr-defined]


def _name_executions() -> None:
    # moto calls every execution that is started without a name None
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    start = StepFunctionsParserBackend.start_execution

    def start_named(
        self: StepFunctionsParserBackend,
        state_machine_arn: str,
        name: str | None = None,
        *rest: str,
    ) -> "Execution":
        return start(self, state_machine_arn, name or str(uuid4()), *rest)

    StepFunctionsParserBackend.start_execution = start_named  # type: ignore[assignment,method-assign]
