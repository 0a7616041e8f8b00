"""What the tests of the local stack share: functions in worker processes, and queues that no other test knows."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.aws import AwsAddresses, client
from infra.local.plan import Plan
from infra.local.processes import ProcessSupervisor
from infra.local.template import Template
from infra.local.workers import Function, aws_variables
from tests.local.examples import EXAMPLE, PARAMETERS


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[ProcessSupervisor]:
    """Starts child processes, and stops them after the test."""
    supervisor = ProcessSupervisor(tmp_path / "logs")
    yield supervisor
    supervisor.stop()


@pytest.fixture
def functions(supervisor: ProcessSupervisor, aws_endpoint: str) -> dict[str, Function]:
    """The example template's functions."""
    variables = aws_variables(AwsAddresses(aws_endpoint, "http://127.0.0.1:9"))
    plan = Plan(Template(EXAMPLE, PARAMETERS, aws_endpoint))
    return {name: Function(given, supervisor, variables, EXAMPLE.parent) for name, given in plan.functions.items()}


@pytest.fixture
def queue_url(aws_endpoint: str) -> str:
    """A new, empty queue."""
    return str(client("sqs", aws_endpoint).create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"])
