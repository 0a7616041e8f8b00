"""Secrets and parameters: read once, kept for a while, and the last known value serves while they cannot be read."""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

SECRET_SECONDS = 300.0
PARAMETER_SECONDS = 60.0
REWRITES = 10
CLIENT = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "max_attempts": 2})
# not a cachetools.TTLCache, which forgets what is old: here it still serves while nothing newer can be read
_known: dict[tuple[str, str], tuple[float, str]] = {}


@cache
def _secrets() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=CLIENT)


@cache
def _ssm() -> "SSMClient":
    return boto3.client("ssm", config=CLIENT)


def secret(name: str) -> str:
    """Returns a secret's text, at most five minutes old while Secrets Manager answers."""
    return _recent("secret", name, SECRET_SECONDS, lambda: _secrets().get_secret_value(SecretId=name)["SecretString"])


def parameter(name: str) -> str:
    """Returns a parameter's text, at most one minute old while Parameter Store answers."""
    return _recent("parameter", name, PARAMETER_SECONDS, lambda: _ssm().get_parameter(Name=name)["Parameter"]["Value"])


def rewrite(name: str, change: Callable[[str], str]) -> None:
    """Replace a parameter's text by what `change` makes of it, anew whenever somebody else has written meanwhile.

    Parameter Store cannot compare before it writes, but says which version a write became. When that is not the next
    after the one read, somebody wrote in between and may have been overwritten. So what counts must not come from the
    text alone: `change` reads it where it is kept, and the last to write has read it after everybody before.
    Raises Unavailable.
    """
    try:
        for _ in range(REWRITES):
            found = _ssm().get_parameter(Name=name)["Parameter"]
            text = change(found["Value"])
            written = _ssm().put_parameter(Name=name, Value=text, Overwrite=True, Tier="Intelligent-Tiering")
            if written["Version"] == found["Version"] + 1:
                return
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("the parameter that this changes cannot be written") from error
    raise Unavailable("the parameter that this changes is being written by others")


def _recent(kind: str, name: str, seconds: float, read: Callable[[], str]) -> str:
    known = _known.get((kind, name))
    if known and time.time() - known[0] < seconds:
        return known[1]
    try:
        value = read()
    except (BotoCoreError, ClientError) as error:
        if known is None:
            raise Unavailable(f"the {kind} that this needs cannot be read") from error
        value = known[1]
    _known[(kind, name)] = (time.time(), value)
    return value
