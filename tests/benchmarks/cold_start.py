"""What starting each function costs: its initialisation under AWS's runtime interface emulator with its runtime client.

What `make build` makes is for arm64, so the same code with the same pins and bytecode is put together for this machine
first. The peer is a FastAPI+Mangum application of one route, put together alike.
`python -m tests.benchmarks.cold_start`, after `make build` has made SAM's environment.
"""

import hashlib
import os
import platform
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from infra.build import strip
from infra.template import functions, load
from tests.benchmarks.rows import Row, show

ROOT = Path(__file__).parents[2]
HOST = ROOT / ".aws-sam" / "host"
PYTHON = ROOT / ".venv-sam" / "bin" / "python"  # always 3.13, the functions' runtime
NOWHERE = "http://127.0.0.1:9"  # nothing connects at import, but pymilvus parses MILVUS_URI then
RUNS = 7
TARGET = 1.5
HELLO = """
from fastapi import FastAPI
from mangum import Mangum

app = FastAPI()


@app.get("/")
def hello() -> dict[str, str]:
    return {"hello": "world"}


handler = Mangum(app, lifespan="off")
"""


class Start:
    """What one function starts with: its handler, where Python looks for modules, and its environment."""

    def __init__(self, handler: str, task: Path, layers: list[Path], variables: list[str]) -> None:
        self.handler = handler
        self.task = task
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(str(folder) for folder in [task, *layers, HOST / "runtime"]),
            "LAMBDA_TASK_ROOT": str(task),
            "AWS_DEFAULT_REGION": "eu-west-1",
            **dict.fromkeys(variables, NOWHERE),
            "LOG_LEVEL": "INFO",
        }


def run() -> list[Row]:
    """Initialises every function as often, in turns, so that other load falls on all alike; returns rows."""
    starts = put_together()
    times: dict[str, list[float]] = {name: [] for name in starts}
    for _ in range(RUNS):
        for name, start in starts.items():
            times[name].append(initialisation(start))
    peer = median(times.pop("hello"))
    return [
        Row(
            name,
            f"{median(found):.0f} ms",
            f"hello {peer:.0f} ms",
            f"{median(found) / peer:.2f}",
            f"≤ {TARGET}" if name == "ApiCollectFunction" else "",
        )
        for name, found in times.items()
    ]


def put_together() -> dict[str, Start]:
    """Returns every function with its layers as this machine's Python takes them, and the peer."""
    _third_party("runtime", ROOT / "requirements" / "runtime.txt")
    lambdas = functions(load(ROOT / "template.yaml"))
    for layer in {layer["Ref"] for function in lambdas.values() for layer in function["Layers"]}:
        folder = layer.removesuffix("Layer").lower()
        _third_party(f"layers/{folder}", ROOT / "layers" / folder / "requirements.txt")
    _ours(HOST / "core", ROOT / "layers" / "core" / "footfall")
    task = HOST / "functions" / "hello"
    task.mkdir(parents=True, exist_ok=True)
    (task / "hello.py").write_text(HELLO)
    _compile(task)
    hello = Start("hello.handler", task, [HOST / "layers" / "web", HOST / "layers" / "core"], [])
    return {"hello": hello, **{name: _function(name, function) for name, function in lambdas.items()}}


def _function(name: str, function: dict[str, Any]) -> Start:
    folder = function["CodeUri"]
    task = HOST / "functions" / name
    _ours(task, ROOT / folder, folder)
    layers = [HOST / "layers" / layer["Ref"].removesuffix("Layer").lower() for layer in function["Layers"]]
    own = ROOT / folder / "requirements.txt"
    if own.exists():
        layers.append(_third_party(f"own/{name}", own))
    return Start(function["Handler"], task, [HOST / "core", *layers], list(function["Environment"]["Variables"]))


def _ours(target: Path, source: Path, inside: str = "footfall") -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target / inside, ignore=shutil.ignore_patterns("__pycache__"))
    _compile(target)


def _third_party(name: str, pins: Path) -> Path:
    target = HOST / name
    stamp = target / f".{hashlib.sha256(pins.read_bytes()).hexdigest()}"
    if not stamp.exists():
        shutil.rmtree(target, ignore_errors=True)
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile"]
        subprocess.run([PYTHON, "-m", "pip", "install", *options, "--target", target, "-r", pins], check=True)
        strip(target)
        _compile(target)
        stamp.touch()
    return target


def _compile(folder: Path) -> None:
    options = ["-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([PYTHON, "-m", "compileall", *options, folder], check=True, stdout=subprocess.DEVNULL)


def initialisation(start: Start) -> float:
    """Returns the milliseconds from starting Python to the runtime client asking for its first event."""
    entry, api = f"127.0.0.1:{_free_port()}", f"127.0.0.1:{_free_port()}"
    emulator = [str(_emulator()), "--runtime-interface-emulator-address", entry, "--runtime-api-address", api]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as output:
            command = [*emulator, str(PYTHON.resolve()), "-m", "awslambdaric", start.handler]
            process = subprocess.Popen(command, cwd=start.task, env=start.environment, stdout=output, stderr=output)
        try:
            with _invocation(entry):
                return _reported(log)
        finally:
            process.terminate()
            process.wait()


def _reported(log: Path) -> float:
    for _ in range(3000):
        text = log.read_text()
        report = re.search(r"INIT REPORT\(durationMs: ([\d.]+)", text)
        if report and "INIT RTDONE(status: success)" in text:
            return float(report[1])
        if report:
            raise RuntimeError(text)
        time.sleep(0.02)
    raise TimeoutError(log.read_text())


def _emulator() -> Path:
    machine = "arm64" if platform.machine() == "aarch64" else "x86_64"
    (source,) = (ROOT / ".venv-sam").glob(f"lib/python*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}")
    target = HOST / source.name
    if not target.exists():
        shutil.copy(source, target)
        target.chmod(0o755)
    return target


def _invocation(address: str) -> socket.socket:
    # an event is what makes the emulator start the function; nobody waits for the answer
    host, port = address.split(":")
    for _ in range(200):
        try:
            connection = socket.create_connection((host, int(port)))
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            path = "/2015-03-31/functions/function/invocations"
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
            return connection
    raise TimeoutError("the emulator does not listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


if __name__ == "__main__":
    show("cold start", run())
