"""What the tests of the local stack share: functions in worker processes, and queues that no other test knows."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.aws import AwsAddresses, client
from infra.local.plan import Plan
from infra.local.processes import Nursery
from infra.local.template import Template
from infra.local.workers import Function, aws_variables
from tests.local.examples import EXAMPLE, PARAMETERS


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """Starts child processes, and stops them after the test."""
    nursery = Nursery(tmp_path / "logs")
    yield nursery
    nursery.stop()


@pytest.fixture
def functions(nursery: Nursery, aws_endpoint: str) -> dict[str, Function]:
    """The example template's functions."""
    variables = aws_variables(AwsAddresses(aws_endpoint, "http://127.0.0.1:9"))
    plan = Plan(Template(EXAMPLE, PARAMETERS, aws_endpoint))
    return {name: Function(given, nursery, variables, EXAMPLE.parent) for name, given in plan.functions.items()}


@pytest.fixture
def queue_url(aws_endpoint: str) -> str:
    """A new, empty queue."""
    return str(client("sqs", aws_endpoint).create_queue(QueueName=f"queue-{uuid.uuid4()}")["QueueUrl"])
