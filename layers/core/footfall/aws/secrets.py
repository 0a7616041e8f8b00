"""Secrets: read once, kept for a while, and the last known value serves while they cannot be read."""

import time
from functools import cache
from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

SECRET_SECONDS = 300.0
CLIENT = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "max_attempts": 2})
Stage = Literal["AWSCURRENT", "AWSPREVIOUS"]
# not a cachetools.TTLCache, which forgets what is old: here it still serves while nothing newer can be read
_known: dict[tuple[str, Stage], tuple[float, str]] = {}


@cache
def _secrets() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=CLIENT)


def secret(name: str) -> str:
    """Returns a secret's text, at most five minutes old while Secrets Manager answers."""
    return _recent(name, "AWSCURRENT", SECRET_SECONDS)


def live_secrets(name: str, seconds: float = SECRET_SECONDS) -> tuple[str, ...]:
    """Returns a secret's text and, once it was changed, the one before: both are good until the next change.

    They are at most so many seconds old while Secrets Manager answers. Raises Unavailable.
    """
    found = _recent(name, "AWSCURRENT", seconds), _recent(name, "AWSPREVIOUS", seconds)
    return tuple(filter(None, found))


def _recent(name: str, stage: Stage, seconds: float) -> str:
    known = _known.get((name, stage))
    if known and time.time() - known[0] < seconds:
        return known[1]
    try:
        value = _read(name, stage)
    except (BotoCoreError, ClientError) as error:
        if known is None:
            raise Unavailable("the secret that this needs cannot be read") from error
        value = known[1]
    _known[name, stage] = (time.time(), value)
    return value


def _read(name: str, stage: Stage) -> str:
    try:
        return _secrets().get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
    except _secrets().exceptions.ResourceNotFoundException:
        if stage == "AWSCURRENT":
            raise
        return ""  # it was never changed
