"""S3: bytes under names, and the client that every AWS call of a function shares."""

from functools import cache
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@cache
def s3() -> "S3Client":
    """The S3 client of this execution environment."""
    return boto3.client("s3")
