"""`make sam-local`: the functions as built, in Docker containers, on the local stack's stores: `sam local start-api`.

Another way to run Footfall on one machine, with Docker: slower than `footfall up`, and closer to Lambda. Functions of
queues, jobs and training run in the local stack's own workers. `python -m cli.sam_local`.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import yaml

from cli.up import demo_keys
from infra.local.aws import REGION
from infra.local.stack import Stack
from infra.local.workers import aws_variables
from infra.template import load, resources

ROOT = Path(__file__).parents[1]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
HOME = ROOT / ".aws-sam" / "docker"  # a folder of its own: SAM keeps what it downloaded for one build per folder
BUILT = HOME / ".aws-sam" / "build"
MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
SECONDS = 60  # sam local counts a container's start as the first request's time
CODE = ("CodeUri", "ContentUri", "DefinitionUri")


def main(data: Path, port: int) -> None:
    """Build for this machine, start the stores, and serve until Ctrl-C."""
    address = bridge_address()
    build_for_this_machine()
    with Stack(data, address=address) as stack:
        keys = demo_keys(stack, data / "keys.json")
        set_variables(stack)
        print(f"export FOOTFALL_URL=http://127.0.0.1:{port}")
        print(f"export FOOTFALL_KEY={keys['api_key']}")
        print(f"export FOOTFALL_WRITE_KEY={keys['write_key']}")
        print(f"export FOOTFALL_OPERATOR_KEY={stack.operator_key()}", flush=True)
        options = ["--port", str(port), "--region", REGION, "--warm-containers", "LAZY", "--skip-pull-image"]
        sam("local", "start-api", "--template", str(BUILT / "template.yaml"), *options)


def build_for_this_machine() -> None:
    """`sam build` for this machine's processor and without the alarms; Lambda's own is arm64."""
    template = load(ROOT / "template.yaml")
    del template["Resources"]["Alarms"]
    api = template["Resources"]["FootfallApi"]["Properties"]
    for authorizer in api["Auth"]["Authorizers"].values():  # sam local does not know aliases
        authorizer["FunctionArn"] = {"Fn::GetAtt": [authorizer["FunctionArn"]["Ref"].removesuffix(".Alias"), "Arn"]}
    machine = MACHINES[platform.machine()]
    template["Globals"]["Function"]["Architectures"] = [machine]
    for layer in resources(template, "AWS::Serverless::LayerVersion").values():
        layer["Metadata"]["BuildArchitecture"] = machine
        layer["Properties"]["CompatibleArchitectures"] = [machine]
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        properties.update({name: str(ROOT / properties[name]) for name in CODE if name in properties})
    HOME.mkdir(parents=True, exist_ok=True)
    source = HOME / "template.yaml"
    source.write_text(yaml.safe_dump(template, sort_keys=False))
    sam("build", "--cached", "--parallel")
    subprocess.run([SAM.with_name("python"), "-m", "infra.build", str(BUILT)], check=True, cwd=ROOT)


def set_variables(stack: Stack) -> None:
    """Write each function's variables into the built template: sam local sets none that are not declared there."""
    template = load(BUILT / "template.yaml")
    for name, function in resources(template, "AWS::Serverless::Function").items():
        variables = stack.functions[name].plan.environment | aws_variables(stack.aws)
        function["Properties"]["Environment"] = {"Variables": variables}
        function["Properties"]["Timeout"] = SECONDS
    (BUILT / "template.yaml").write_text(yaml.safe_dump(template, sort_keys=False))


def bridge_address() -> str:
    """Returns this machine's address as containers see it: the bridge's gateway, by default its first address."""
    try:
        answer = subprocess.run(["docker", "network", "inspect", "bridge"], capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit("sam-local runs functions in containers: start Docker first") from None
    config: dict[str, str] = json.loads(answer.stdout)[0]["IPAM"]["Config"][0]
    return config.get("Gateway") or str(ip_network(config["Subnet"])[1])


def sam(*arguments: str) -> None:
    """Run SAM to its end or until Ctrl-C; then it has half a minute to remove its containers."""
    path = os.pathsep.join([str(SAM.parent), os.environ["PATH"]])
    quiet = {"SAM_CLI_TELEMETRY": "0", "PIP_NO_DEPS": "1"}
    credentials = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": REGION}
    environment = {**os.environ, **quiet, **credentials, "PATH": path}
    # in a session of its own, so that Ctrl-C reaches it once, from here
    process = subprocess.Popen([SAM, *arguments], cwd=HOME, env=environment, start_new_session=True)
    try:
        process.wait()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    if process.returncode:
        raise SystemExit(f"sam {arguments[0]} failed: see its output above")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="sam local start-api on the local stack's stores")
    parser.add_argument("--data", type=Path, default=ROOT / ".footfall" / "sam-local")
    parser.add_argument("--port", type=int, default=3000)
    given = parser.parse_args()
    for asked_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_stop, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        main(given.data, given.port)
