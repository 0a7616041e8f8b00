"""The AWS services of the local stack: moto's server in a process of its own, and clients for it."""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

from infra.local.processes import ProcessSupervisor

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

ACCOUNT = "123456789012"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class AwsAddresses:
    """Where the AWS services answer, and where Lambda does (the stack's own workers)."""

    endpoint: str
    lambda_endpoint: str

    def queue_url(self, queue_arn: str) -> str:
        """Returns the URL of a queue."""
        return f"{self.endpoint}/{ACCOUNT}/{queue_arn.rpartition(':')[2]}"

    def environment(self) -> dict[str, str]:
        """Returns the variables that make any AWS SDK talk to this stack; the credentials are no secret."""
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
    """Start moto's server and return where it answers; its data is kept in `folder`, or nowhere."""
    # the server inherits a socket that listens already, so callers may connect at once and wait for their answer
    with socket.create_server((address, 0), backlog=128) as listener:
        port = listener.getsockname()[1]
        addresses = AwsAddresses(f"http://{address}:{port}", lambda_endpoint)
        command = [sys.executable, "-m", "infra.local.aws_server", str(listener.fileno()), addresses.endpoint]
        command += [lambda_endpoint, str(folder or "")]
        environment = os.environ | addresses.environment() | {"MOTO_PORT": str(port)}
        supervisor.start("aws", command, env=environment, death_signal=signal.SIGKILL, pass_fds=[listener.fileno()])
    return addresses


@overload
def client(service: Literal["cloudwatch"], endpoint: str, read_timeout: int = 60) -> "CloudWatchClient": ...
@overload
def client(service: Literal["lambda"], endpoint: str, read_timeout: int = 60) -> "LambdaClient": ...
@overload
def client(service: Literal["s3"], endpoint: str, read_timeout: int = 60) -> "S3Client": ...
@overload
def client(service: Literal["secretsmanager"], endpoint: str, read_timeout: int = 60) -> "SecretsManagerClient": ...
@overload
def client(service: Literal["sns"], endpoint: str, read_timeout: int = 60) -> "SNSClient": ...
@overload
def client(service: Literal["sqs"], endpoint: str, read_timeout: int = 60) -> "SQSClient": ...
@overload
def client(service: Literal["ssm"], endpoint: str, read_timeout: int = 60) -> "SSMClient": ...
@overload
def client(service: Literal["stepfunctions"], endpoint: str, read_timeout: int = 60) -> "SFNClient": ...
@overload
def client(service: str, endpoint: str, read_timeout: int = 60) -> "BaseClient": ...
@cache
def client(service: str, endpoint: str, read_timeout: int = 60) -> "BaseClient":
    """Returns a client of one service at one endpoint; threads may share it. `read_timeout` in seconds."""
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    session.set_credentials("local", "local")
    config = Config(read_timeout=read_timeout, max_pool_connections=32, s3={"addressing_style": "path"})
    return session.create_client(service, region_name=REGION, endpoint_url=endpoint, config=config)


def queue_depth(queue_url: str, endpoint: str) -> int:
    """Returns how many messages a queue holds: waiting, delayed, or with a receiver."""
    names: Sequence[QueueAttributeNameType] = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
    )
    counts = client("sqs", endpoint).get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
    return sum(int(count) for count in counts["Attributes"].values())
