"""Addresses to upload to: signed, for one file of one size each, and good for an hour."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from footfall.aws.objects import s3
from footfall.imports.announcement import uploads_folder
from footfall.schemas.imports import MANIFEST, AnnouncedFile
from footfall.settings import UploadsSettings, from_environment

from .answers import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VALID_SECONDS = 3600


@cache
def _signer() -> "S3Client":
    # it signs for its region's own endpoint: the default form of address is not taken in every region
    return boto3.client("s3", endpoint_url=s3().meta.endpoint_url, config=Config(signature_version="s3v4"))


def upload_addresses(site_id: str, import_id: str, files: Sequence[AnnouncedFile]) -> list[Upload]:
    """Returns an address for each file, and the manifest's last."""
    folder = uploads_folder(site_id, import_id)
    return [*(_upload(folder, file.name, file.size) for file in files), _upload(folder, MANIFEST, None)]


def _upload(folder: str, name: str, size: int | None) -> Upload:
    # S3 takes a file of just the signed size; what a manifest holds is checked when it is read
    where = {"Bucket": from_environment(UploadsSettings).uploads_bucket, "Key": f"{folder}/{name}"}
    length = {} if size is None else {"ContentLength": size}
    url = _signer().generate_presigned_url("put_object", Params={**where, **length}, ExpiresIn=VALID_SECONDS)
    return Upload(name=name, url=url, headers={} if size is None else {"content-length": str(size)})
