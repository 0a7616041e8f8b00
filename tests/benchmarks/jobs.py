"""A funnel over more rows than one call reads, answered by a job, beside one call of which the bound is lifted.

`python -m tests.benchmarks.jobs [--streams 11]`: each stream is five million events of other people, of which 2.8
million are of the four steps; about seven minutes and a gigabyte for eleven of them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import boto3
from pymongo import MongoClient

from infra.local.aws import start_aws
from infra.local.processes import ProcessSupervisor
from infra.local.stores import start_mongodb
from tests.benchmarks.rows import Row, show
from tests.benchmarks.stream import streams
from tests.functions.training.machine import ROLE, Functions, definition, lambda_endpoint

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "infra" / "answering.asl.yaml"
NO_BOUND = 1_000_000_000
STREAMS = 11
MOST_SECONDS = 1_800


class Step(NamedTuple):
    """A process that did a step: what it returned, how long it took, and the most memory that it had at once."""

    returned: Any
    seconds: float
    megabytes: float


def in_a_process(step: Mapping[str, object]) -> Step:
    """Returns what a step of jobs/answer comes to, or with a `path` an answer, in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.one_step", json.dumps(step)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    found = json.loads(done.stdout.splitlines()[-1])
    return Step(found["returned"], time.perf_counter() - started, found["megabytes"])


class Invoked:
    """jobs/answer, each step of which is a process; `steps` are those that were done."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, Step]] = []

    def __call__(self, event: Mapping[str, object], context: object) -> dict[str, object]:
        """Do a step."""
        done = in_a_process(event)
        self.steps.append((str(event["step"]), done))
        return dict(done.returned)


INVOKED = Invoked()


class Answering(Functions):
    """Lambda's Invoke for jobs/answer."""

    handlers: ClassVar = {"JobsAnswerFunction": INVOKED}


def run(count: int) -> list[Row]:
    """Measures on a fresh MongoDB, a folder of files and Step Functions of this machine; returns rows."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        supervisor = ProcessSupervisor(Path(folder))
        stack.callback(supervisor.stop)
        use(start_mongodb(supervisor, Path(folder) / "mongodb"), Path(folder))
        from footfall.stores import collections

        from tests.benchmarks.stored import store

        client = stack.enter_context(MongoClient[dict[str, Any]](os.environ["MONGODB_URI"], tz_aware=True))
        collections.prepare(client["footfall"])
        store(client["footfall"], streams(count))
        return measured(supervisor)


def use(uri: str, folder: Path) -> None:
    """Have the functions of this process, and of those that it starts, use these stores, without Redis."""
    os.environ.update(MONGODB_URI=uri, MONGODB_DATABASE="footfall", REDIS_URL="redis://127.0.0.1:1/0")
    os.environ.update(LAKE_LOCATION=f"file://{folder}/lake", LOG_LEVEL="WARNING")
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")


def measured(supervisor: ProcessSupervisor) -> list[Row]:
    """Returns rows about the job and the one call, whose answers are the same."""
    from tests.benchmarks.asked import FUNNEL

    with lambda_endpoint(Answering) as endpoint:
        os.environ.update(start_aws(supervisor, None, endpoint).environment())
        machine = json.dumps(definition(DEFINITION, Answering))
        made = boto3.client("stepfunctions").create_state_machine(name="big", definition=machine, roleArn=ROLE)
        os.environ.update(
            ANSWERING_STATE_MACHINE_ARN=made["stateMachineArn"], ANSWER_FUNCTION_NAME="JobsAnswerFunction"
        )
        started = time.perf_counter()
        begun = in_a_process({"path": "/api/funnel", "query": FUNNEL}).returned
        job = _ended(begun["job_id"])
        seconds = time.perf_counter() - started
    os.environ["MOST_ROWS"] = str(NO_BOUND)
    whole = in_a_process({"path": "/api/funnel", "query": FUNNEL})
    assert job["state"] == "done", job["error"]
    assert job["answer"] == whole.returned, "the job's answer is another"
    parts = [done for name, done in INVOKED.steps if name == "part"]
    reads = job["reads"]
    return [
        Row("a funnel by a job", f"{seconds:.1f} s", f"{reads['rows']:,} rows, {reads['bytes'] / 1e6:,.0f} MB"),
        Row("  each part", ", ".join(f"{part.seconds:.1f} s" for part in parts), f"{len(parts)} parts"),
        Row("  memory of each part", ", ".join(f"{part.megabytes:,.0f} MB" for part in parts)),
        Row(
            "  its begin and fold", ", ".join(f"{d.seconds:.1f} s" for n, d in INVOKED.steps if n in ("begin", "fold"))
        ),
        Row("the same in one call, the bound lifted", f"{whole.seconds:.1f} s", f"{whole.megabytes:,.0f} MB"),
    ]


def _ended(job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        found: dict[str, Any] = in_a_process({"path": f"/api/jobs/{job_id}", "query": {}}).returned
        if found["state"] not in ("queued", "running"):
            return found
        assert time.monotonic() < deadline, "the job does not end"
        time.sleep(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=STREAMS)
    show("jobs", run(parser.parse_args().streams))
