"""`footfall up`: runs the whole product on this machine until Ctrl-C."""

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.client import OPERATOR_VARIABLE, Client, CliError
from cli.site import keys_of

if TYPE_CHECKING:
    from infra.local.stack import Stack

DEMO_SITE = {"site_id": "demo", "name": "Demo shop", "time_zone": "UTC", "currency": "GBP"}
STOPPING = (signal.SIGINT, signal.SIGTERM)


def up(
    data: Annotated[Path, typer.Option(help="The folder that keeps the data between runs.")] = Path(".footfall"),
    port: Annotated[int, typer.Option(help="Port of the API; 0 takes any free port.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Start Footfall on this machine, print its address, the keys of the site `demo` and the operator's key.

    It runs until Ctrl-C. The operator's key makes sites (`footfall site create`) and is good for all of them.
    """
    # blocked in every thread from here on: they wait until `run` asks for them
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        run(data.expanduser().absolute(), host, port)
    except expected_failures() as failure:
        typer.echo(f"footfall up: {explanation(failure, data, host, port)}", err=True)
        raise typer.Exit(1) from None


def run(data: Path, host: str, port: int) -> None:
    """Run the stack until a signal asks to stop; the lines to export go to standard output."""
    from infra.local.stack import Stack

    data.mkdir(parents=True, exist_ok=True)
    with Stack(data, host=host, port=port) as stack:
        keys = demo_keys(stack, data / "keys.json")
        print(f"export FOOTFALL_URL={stack.url}")
        print(f"export FOOTFALL_KEY={keys['api_key']}")
        print(f"export FOOTFALL_WRITE_KEY={keys['write_key']}")
        print(f"export FOOTFALL_OPERATOR_KEY={stack.operator_key()}")
        print(f"ready {stack.url}", flush=True)
        signal.sigwait(STOPPING)
        print("stopping", file=sys.stderr, flush=True)


def demo_keys(stack: "Stack", file: Path) -> dict[str, str]:
    """Returns the keys of the site `demo`, made at the first run and kept in a file that only its owner may read."""
    if file.exists():
        return dict(json.loads(file.read_text()))
    with Client(stack.url, stack.operator_key(), OPERATOR_VARIABLE) as client:
        keys = keys_of(client, DEMO_SITE)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(keys, output)
    return keys


def expected_failures() -> tuple[type[Exception], ...]:
    """Returns the exceptions that may keep a stack from starting."""
    from infra.local.processes import StartFailed
    from infra.local.stack import AlreadyRunning
    from infra.local.template import TemplateError

    return OSError, AlreadyRunning, StartFailed, TemplateError, CliError


def explanation(failure: Exception, data: Path, host: str, port: int) -> str:
    """Returns in one sentence why a stack on that folder and address did not start, and what to do."""
    if isinstance(failure, PermissionError | NotADirectoryError | FileExistsError):
        return f"cannot write to {data}: {failure.strerror}. Give another folder with --data"
    if isinstance(failure, OSError) and not failure.filename:
        return f"cannot listen on {host}:{port}: {failure.strerror}. Give another with --port; 0 takes any free port"
    return " ".join(str(failure).split())
