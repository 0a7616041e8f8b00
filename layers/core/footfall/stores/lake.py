"""Where the lake's files are: in a bucket, or in a folder of this machine; names are the same in both."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from footfall.aws import objects
from footfall.errors import Misconfigured, Unavailable
from footfall.settings import LakeSettings, from_environment

AT_ONCE = 8
MOST_BYTES = 2**31


class Files(Protocol):
    """Bytes under names that contain `/`; every method raises Unavailable when the place does not answer."""

    def put(self, name: str, body: bytes) -> None:
        """Store a file; once this returns, it is durable."""

    def get(self, name: str) -> bytes | None:
        """Returns a file, None when it is not there."""

    def remove(self, name: str) -> None:
        """Remove a file, which need not be there."""

    def names(self, prefix: str) -> Iterator[str]:
        """Returns the names that begin with a prefix."""


class Bucket:
    """Files in an S3 bucket."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def put(self, name: str, body: bytes) -> None:
        """Store an object."""
        objects.put(self._bucket, name, body)

    def get(self, name: str) -> bytes | None:
        """Returns an object, None when it is not there."""
        return objects.get(self._bucket, name, MOST_BYTES)

    def remove(self, name: str) -> None:
        """Remove an object."""
        objects.remove(self._bucket, name)

    def names(self, prefix: str) -> Iterator[str]:
        """Returns the names of objects."""
        return objects.names(self._bucket, prefix)


class Folder:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, body: bytes) -> None:
        """Write a file under another name first, so that nobody reads half of it."""
        file = self._folder / name
        partial = file.with_name(file.name + ".part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(body)
            partial.replace(file)
        except OSError as error:
            raise Unavailable("the lake's folder takes no files") from error

    def get(self, name: str) -> bytes | None:
        """Returns a file, None when it is not there."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable("the lake's folder cannot be read") from error

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self._folder / name).unlink(missing_ok=True)

    def names(self, prefix: str) -> Iterator[str]:
        """Returns the names of files."""
        top = self._folder / prefix.rpartition("/")[0]
        found = (file.relative_to(self._folder).as_posix() for file in top.rglob("*") if file.is_file())
        return (name for name in found if name.startswith(prefix) and not name.endswith(".part"))


@cache
def files() -> Files:
    """Returns where the lake's files are; raises Misconfigured for a location that is none."""
    location = urlsplit(from_environment(LakeSettings).lake_location)
    if location.scheme == "s3" and location.netloc:
        return Bucket(location.netloc)
    if location.scheme == "file" and location.path.startswith("/"):
        return Folder(Path(location.path))
    raise Misconfigured("LAKE_LOCATION is s3://bucket or file:///folder")


def put_all(bodies: Iterable[tuple[str, bytes]]) -> None:
    """Store files, several at once; once this returns, all are durable."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda named: files().put(*named), bodies):
            pass


def get_all(names: Iterable[str]) -> list[bytes | None]:
    """Returns files in the order asked for, several read at once; None for one that is not there."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(files().get, names))
