"""The AWS services of the local stack: moto's server in a process of its own, and clients for it."""

import os
import signal
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from infra.local.processes import ProcessSupervisor

ACCOUNT = "123456789012"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class AwsAddresses:
    """Where the AWS services answer, and where Lambda does (the stack's own workers)."""

    endpoint: str
    lambda_endpoint: str

    def queue_url(self, queue_arn: str) -> str:
        """The address of a queue."""
        return f"{self.endpoint}/{ACCOUNT}/{queue_arn.rpartition(':')[2]}"

    def environment(self) -> dict[str, str]:
        """The variables that make any AWS SDK talk to this stack; the credentials are no secret."""
        return {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_LAMBDA": self.lambda_endpoint,
        }


def start_aws(
    supervisor: ProcessSupervisor, folder: Path | None, lambda_endpoint: str, address: str = LOOPBACK
) -> AwsAddresses:
    """Start moto's server; what must survive it is kept in `folder`, or nowhere.

    The server inherits a socket that listens already, so callers may connect at once and wait for their answer.
    """
    with socket.create_server((address, 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        addresses = AwsAddresses(f"http://{address}:{port}", lambda_endpoint)
        command = [sys.executable, "-m", "infra.local.aws_server", str(listener.fileno()), addresses.endpoint]
        command += [lambda_endpoint, str(folder or "")]
        environment = os.environ | addresses.environment() | {"MOTO_PORT": str(port)}
        supervisor.start("aws", command, env=environment, death_signal=signal.SIGKILL, pass_fds=[listener.fileno()])
    return addresses


@cache
def client(service: str, endpoint: str, read_timeout: int = 60) -> Any:
    """A boto3 client of one service at one endpoint; clients may be shared by threads."""
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    session.set_credentials("local", "local")
    config = Config(read_timeout=read_timeout, max_pool_connections=32, s3={"addressing_style": "path"})
    return session.create_client(service, region_name=REGION, endpoint_url=endpoint, config=config)
