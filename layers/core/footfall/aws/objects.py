"""S3: bytes under names, and the client that every AWS call of a function shares."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


THERE_ALREADY = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""Or there will be in a moment, by who asked at the same time."""


@cache
def s3() -> "S3Client":
    """Returns the S3 client of this execution environment."""
    return boto3.client("s3")


@cache
def quick_s3() -> "S3Client":
    """Returns a client that gives up within seconds, for who has an answer without S3, too."""
    return boto3.client("s3", config=Config(connect_timeout=1, read_timeout=2, retries={"max_attempts": 2}))


def put(bucket: str, key: str, body: bytes) -> None:
    """Store an object; once this returns, it is durable. Raises Unavailable when S3 does not take it."""
    try:
        s3().put_object(Bucket=bucket, Key=key, Body=body)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("S3 does not take files") from error


def put_new(bucket: str, key: str, client: Callable[[], "S3Client"] = s3) -> bool:
    """Store an empty object unless there is one of that name; returns whether there was none. Raises Unavailable."""
    try:
        client().put_object(Bucket=bucket, Key=key, Body=b"", IfNoneMatch="*")
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in THERE_ALREADY:
            return False
        raise Unavailable("S3 does not take files") from error
    return True


def get(bucket: str, key: str, most_bytes: int, client: Callable[[], "S3Client"] = s3) -> bytes | None:
    """Returns an object's first bytes, None when it is not there; raises Unavailable when S3 does not answer."""
    try:
        with closing(client().get_object(Bucket=bucket, Key=key)["Body"]) as body:
            return body.read(most_bytes)
    except client().exceptions.NoSuchKey:
        return None
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("S3 does not answer") from error


def remove(bucket: str, key: str) -> None:
    """Remove an object, which need not be there; raises Unavailable when S3 does not answer."""
    try:
        s3().delete_object(Bucket=bucket, Key=key)
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("S3 does not answer") from error


def listed(bucket: str, prefix: str) -> Iterator[tuple[str, datetime]]:
    """Returns the objects whose names begin with a prefix: name, and when it was stored.

    Raises Unavailable when S3 does not answer.
    """
    try:
        for page in s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from ((found["Key"], found["LastModified"]) for found in page.get("Contents", ()))
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("S3 does not answer") from error


def remove_versions(bucket: str, prefix: str, *, replaced_only: bool = False) -> int:
    """Remove the objects whose names begin with a prefix, with every version there was of them; returns how many.

    With `replaced_only`, what is there now stays: older versions go, and those of what was removed. Raises Unavailable
    when S3 does not answer.
    """
    removed = 0
    try:
        for page in s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for version in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
                if replaced_only and version["IsLatest"] and "Size" in version:
                    continue
                s3().delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])
                removed += "Size" in version
    except (BotoCoreError, ClientError) as error:
        raise Unavailable("S3 does not answer") from error
    return removed
