"""The uploaded files as streams, unpacked on the way, with memory for a block of each."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from footfall.aws.objects import s3
from footfall.errors import Unavailable, Unimportable
from footfall.imports.announcement import uploads_folder
from footfall.imports.kinds import FIRST_BYTES, check_unpacked, is_workbook
from footfall.imports.sheets import table_of
from footfall.settings import UploadsSettings, from_environment

from .messages import ImportRef

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 256 * 1024
MAX_UNPACKED_BYTES = 2_000_000_000
GZIP = b"\x1f\x8b"


@contextmanager
def open_upload(ref: ImportRef, name: str, size: int | None = None) -> Iterator[IO[bytes]]:
    """Returns an uploaded file's bytes, of gzip the unpacked ones, of a workbook its sheets as CSV.

    Raises Unimportable when it is not there, not of the announced size, an archive, or broken; Unavailable when S3
    does not answer.
    """
    try:
        body, length = _get(ref, name)
        with closing(body):
            if size not in (None, length):
                raise Unimportable(f"{name} has {length} bytes where {size} were announced: upload it again")
            stream = io.BufferedReader(body, BLOCK)  # type: ignore[type-var] # the stub's readinto takes a file
            start = stream.peek(FIRST_BYTES)[:FIRST_BYTES]
            check_unpacked(name, start)
            yield _readable(name, stream, start)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Unimportable(f"{name} is broken gzip, or ends before its end: upload it again") from None
    except BotoCoreError as error:
        raise Unavailable("the uploads cannot be read") from error


def _readable(name: str, stream: IO[bytes], start: bytes) -> IO[bytes]:
    if is_workbook(name):
        return table_of(name, stream)
    return _unpacked(name, stream) if start.startswith(GZIP) else stream


def _get(ref: ImportRef, name: str) -> tuple[StreamingBody, int]:
    bucket = from_environment(UploadsSettings).uploads_bucket
    try:
        answer = s3().get_object(Bucket=bucket, Key=f"{uploads_folder(ref.site_id, ref.import_id)}/{name}")
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            raise Unimportable(f"{name} is missing: it was announced but not uploaded") from None
        raise Unavailable("the uploads cannot be read") from error
    return answer["Body"], answer["ContentLength"]


def _unpacked(name: str, stream: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(_Unpacking(name, stream), BLOCK)


class _Unpacking(io.RawIOBase):
    def __init__(self, name: str, packed: IO[bytes]) -> None:
        self._name = name
        self._unpacked = gzip.GzipFile(fileobj=packed)
        self._left = MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = self._unpacked.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise Unimportable(f"{self._name} unpacks to more than {MAX_UNPACKED_BYTES} bytes: split it")
        return count
