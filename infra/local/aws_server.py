"""moto's server, as the stack runs it: `python -m infra.local.aws_server LISTENING_FD ENDPOINT LAMBDA_ENDPOINT FOLDER`.

moto answers for SQS, SNS, S3, SSM, Secrets Manager and Step Functions. Three things are ours: CloudWatch
knows the queues' ages, state machines call the stack's Lambda functions in place of moto's echo, and queues, objects,
parameters and secrets live in FOLDER.
"""

import logging
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

from moto import backends
from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local import queue_ages  # noqa: F401 — moto's CloudWatch finds it by its base class
from infra.local.aws import LOOPBACK, client
from infra.local.durable_queue import use_durable_queues


def main(listener: int, lambda_endpoint: str, folder: Path | None) -> None:
    """Serve on the inherited socket until the process is told to end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    known_services = list(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: iter(known_services)  # moto's own lists a folder at every request
    _invoke_functions_at(lambda_endpoint)
    use_durable_queues(folder / "sqs" if folder else None)
    _leave_out("moto.ec2", "ec2_backends")
    _leave_out("moto.batch.utils", "JobStatus")
    if folder:
        _keep_state(folder)
    application: Any = DomainDispatcherApplication(create_backend_app)
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=MotoRequestHandler, fd=listener)
    server.serve_forever()


def _leave_out(module: str, name: str) -> None:
    """Spare a second of start-up: moto's SSM and Step Functions import EC2, with its large tables, to no use here."""
    stand_in = ModuleType(module)
    setattr(stand_in, name, MagicMock())
    sys.modules[module] = stand_in


def _invoke_functions_at(lambda_endpoint: str) -> None:
    """Have a state machine's Lambda tasks call the stack; the patched name is where moto gets its client from."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

    @cache
    def lambda_client() -> Any:
        return client("lambda", lambda_endpoint, read_timeout=960)

    lambda_eval_utils.boto_client_for = lambda **_: lambda_client()  # type: ignore[attr-defined]


def _keep_state(folder: Path) -> None:
    from infra.local.durable_state import keep_objects, keep_parameters, keep_secrets

    folder.mkdir(parents=True, exist_ok=True)
    keep_objects(folder / "s3")
    keep_parameters(folder / "parameters.json")
    keep_secrets(folder / "secrets.json")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[3], Path(sys.argv[4]) if sys.argv[4] else None)
