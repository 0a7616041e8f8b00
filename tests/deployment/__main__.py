"""The product's own `sam deploy`, to an emulator of AWS on this machine: `python -m tests.deployment`.

Build for this machine, deploy the roles and the product, do what a shop does, deploy again (nothing changes), change
one function (that one alone does), take it all down. docs/operations.md says what is proved by it and what is not.
"""

import os
import secrets
import string
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import boto3

from cli.doctor import Deployment
from infra.local.processes import ProcessSupervisor
from infra.local.stores import StoreAddresses, start_stores
from tests.deployment.emulator import REGION, Emulator
from tests.deployment.flow import Shop, walk_through
from tests.deployment.routes import make_routes, resources_of
from tests.deployment.template import ROOT, write_for_this_machine

STACK, ACCESS = "footfall-local", "footfall-local-access"
HOME = ROOT / ".aws-sam" / "deployment"
BUILT = HOME / "build" / "template.yaml"
SAM = ROOT / ".venv-sam" / "bin"
CHANGED = "ApiDocsFunction"
EXCEPTED = {
    "routes": "its CloudFormation makes an HTTP API without what is in `Body`: routes are made by API Gateway's API",
    "alarms": "it refuses alarms of several metrics: the nested stack of alarms is left out",
    "state machines": "it takes them from JSON alone: their YAML is written as JSON",
    "secrets": "it overlooks ExcludePunctuation: the operator's key is given a value of letters and digits",
}
"""The emulator's faults that are worked around here, in the order of the template."""


class Deployments:
    """`sam deploy` to one emulator, with the addresses of the stores."""

    def __init__(self, emulator: Emulator, stores: StoreAddresses) -> None:
        self._emulator = emulator
        self._parameters = [
            "Environment=local",
            f"MongodbUri={stores.mongodb_uri}",
            f"RedisUrl={stores.redis_url}",
            f"MilvusUri={stores.milvus_uri}",
        ]

    def deploy(self) -> str:
        """Deploy the roles, then the product; returns how many resources there are."""
        self._deploy(ROOT / "infra" / "access.yaml", ACCESS, "CAPABILITY_NAMED_IAM", ["Environment=local"])
        self._deploy(BUILT, STACK, "CAPABILITY_IAM", self._parameters)
        resources = resources_of(self._emulator, STACK)
        return f"{len(resources)} resources, after {len(resources_of(self._emulator, ACCESS))} roles"

    def versions(self) -> dict[str, str]:
        """Returns the digest of the code of every function."""
        client = self._emulator.client("lambda")
        found = {}
        for page in client.get_paginator("list_functions").paginate():
            for name in (function["FunctionName"] for function in page["Functions"]):
                found[name] = client.get_function_configuration(FunctionName=name)["CodeSha256"]
        return found

    def _deploy(self, template: Path, stack: str, capability: str, parameters: Sequence[str]) -> None:
        command = [str(SAM / "sam"), "deploy", "--template-file", str(template), "--stack-name", stack]
        command += ["--region", REGION, "--resolve-s3", "--no-fail-on-empty-changeset", "--no-progressbar"]
        command += ["--capabilities", capability, "CAPABILITY_AUTO_EXPAND", "--parameter-overrides", *parameters]
        run(command, self._emulator.credentials())


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a program to its end; one that fails ends the proof with the end of what it said."""
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:2])} failed:\n{(done.stdout + done.stderr)[-4_000:]}")


def build() -> str:
    """Build for this machine, and give functions their roles; returns where it is."""
    source = write_for_this_machine(HOME)
    quiet = {"PIP_NO_DEPS": "1", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": REGION}
    environment = {**os.environ, **quiet, "PATH": f"{SAM}{os.pathsep}{os.environ['PATH']}"}
    command = [str(SAM / "sam"), "build", "--template", str(source), "--build-dir", str(BUILT.parent)]
    command += ["--base-dir", str(ROOT), "--cached", "--cache-dir", str(HOME / "cache"), "--parallel"]
    run(command, environment)
    run([str(SAM / "python"), "-m", "infra.build", str(BUILT.parent)])
    return str(BUILT.parent.relative_to(ROOT))


def prove(supervisor: ProcessSupervisor, folder: Path) -> None:
    """Do all of it; raises AssertionError or SystemExit where something is not as it should be."""
    step("built", build)
    stores = start_stores(supervisor, folder / "stores")
    emulator = Emulator(supervisor, folder / "aws")
    try:
        deployments = Deployments(emulator, stores)
        step("deployed", deployments.deploy)
        for line in _looked_at(emulator):
            print(f"  {line}", flush=True)
        for line in walk_through(_shop(emulator), emulator):
            print(f"  {line}", flush=True)
        before = deployments.versions()
        step("deployed again", deployments.deploy)
        _same(before, deployments.versions(), set())
        (BUILT.parent / CHANGED / "changed.txt").write_text("changed")
        step(f"deployed with another {CHANGED}", deployments.deploy)
        _same(before, deployments.versions(), {resources_of(emulator, STACK)[CHANGED]})
    finally:
        left = emulator.stop()
    if left:
        raise AssertionError(f"still running: {left}")


def _looked_at(emulator: Emulator) -> list[str]:
    # as `footfall doctor` does; the address of the API is AWS' own
    os.environ["AWS_ENDPOINT_URL"] = emulator.endpoint
    session = boto3.Session("test", "test", region_name=REGION)
    look = Deployment(session, "local")
    return [look.account(), look.access(), look.stack(), look.network(), look.stores(), look.prepared()]


def _shop(emulator: Emulator) -> Shop:
    key = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(64))
    secret = resources_of(emulator, STACK)["OperatorSecret"]
    emulator.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=key)
    return Shop(make_routes(emulator, STACK), key)


def _same(before: dict[str, str], after: dict[str, str], changed: set[str]) -> None:
    differing = {name for name in before | after if before.get(name) != after.get(name)}
    if differing != changed:
        raise AssertionError(f"changed are {sorted(differing)}, not {sorted(changed)}")


def step(name: str, work: Callable[[], str]) -> None:
    """Do one step and say how long it took."""
    began = time.monotonic()
    told = work()
    print(f"{name}: {told} ({time.monotonic() - began:.0f} s)", flush=True)


def main() -> None:
    """Do all of it in a folder of its own, and say what is worked around."""
    began = time.monotonic()
    print("\n".join(f"worked around, {name}: {fault}" for name, fault in EXCEPTED.items()))
    with tempfile.TemporaryDirectory(prefix="footfall-deployment-") as folder:
        supervisor = ProcessSupervisor(Path(folder) / "logs")
        try:
            prove(supervisor, Path(folder))
        finally:
            supervisor.stop()
    print(f"taken down, nothing is left running; {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
