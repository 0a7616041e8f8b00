"""A function that dies at a chosen point: the handler that a worker runs in place of DYING_HANDLER.

A point is the moment before or after a call to MongoDB or to an AWS service. The file `point` in DYING_FOLDER names the
one to die at, by its number within an invocation; whoever dies there takes the file away, so that it happens once. The
file `passed` says what the latest invocation came past. Whoever is about to store a `deadly` event dies every time.
"""

import importlib
import os
from pathlib import Path
from typing import Any

import boto3
from pymongo import monitoring

FOLDER = Path(os.environ["DYING_FOLDER"])
EXIT_CODE = 86


class Points(monitoring.CommandListener):
    """Counts the points of an invocation."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.last = 0

    def begin(self) -> None:
        """An invocation begins."""
        chosen = FOLDER / "point"
        self.names = []
        self.last = int(chosen.read_text()) if chosen.exists() else 0

    def end(self) -> None:
        """An invocation has ended alive."""
        (FOLDER / "passed").write_text("\n".join(self.names))

    def come_past(self, name: str) -> None:
        """One more point; the process may end here."""
        self.names.append(name)
        if len(self.names) == self.last:
            (FOLDER / "point").rename(FOLDER / "died")
            os._exit(EXIT_CODE)

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.come_past(f"before {event.command_name}")
        if any(document.get("properties", {}).get("deadly") for document in event.command.get("documents", ())):
            os._exit(EXIT_CODE)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.come_past(f"after {event.command_name}")

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self.come_past(f"after a failed {event.command_name}")


POINTS = Points()


def _before_call(model: Any, **_: Any) -> None:
    POINTS.come_past(f"before {model.name}")


def _after_call(model: Any, **_: Any) -> None:
    POINTS.come_past(f"after {model.name}")


def handler(event: dict[str, Any], context: Any) -> Any:
    """Returns the real handler's answer, if this process lives to give it."""
    POINTS.begin()
    answer = REAL(event, context)
    POINTS.end()
    return answer


monitoring.register(POINTS)
boto3.setup_default_session()
assert boto3.DEFAULT_SESSION
boto3.DEFAULT_SESSION.events.register("before-call", _before_call)
boto3.DEFAULT_SESSION.events.register("after-call", _after_call)
_module, _, _name = os.environ["DYING_HANDLER"].rpartition(".")
REAL = getattr(importlib.import_module(_module), _name)
