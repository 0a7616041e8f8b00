"""moto's server, as the stack runs it: `python -m infra.local.aws_server LISTENING_FD ENDPOINT LAMBDA_ENDPOINT FOLDER`.

moto answers for SQS, SNS, S3, SSM, Secrets Manager, Step Functions and CloudWatch. Queues, objects, parameters and
secrets live in FOLDER.
"""

import logging
import sys
from pathlib import Path

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from infra.local import queue_ages  # noqa: F401 — moto's CloudWatch finds it by its base class
from infra.local.aws import LOOPBACK
from infra.local.durable_queue import use_durable_queues
from infra.local.moto_changes import change_moto
from infra.local.own_clients import own_wsgi


def main(listener: int, lambda_endpoint: str, folder: Path | None) -> None:
    """Serve on the inherited socket until the process ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    change_moto(lambda_endpoint)
    use_durable_queues(folder / "sqs" if folder else None)
    if folder:
        _keep_state(folder)
    application = own_wsgi(DomainDispatcherApplication(create_backend_app))
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=MotoRequestHandler, fd=listener)
    server.serve_forever()


def _keep_state(folder: Path) -> None:
    from infra.local.durable_state import keep_objects, keep_parameters, keep_secrets

    folder.mkdir(parents=True, exist_ok=True)
    keep_objects(folder / "s3")
    keep_parameters(folder / "parameters.json")
    keep_secrets(folder / "secrets.json")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[3], Path(sys.argv[4]) if sys.argv[4] else None)
