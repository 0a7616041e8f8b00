"""Where the lake's files are: in a bucket, or in a folder of this machine; names are the same in both."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from footfall.aws import objects
from footfall.errors import Misconfigured, Unavailable
from footfall.settings import LakeSettings, from_environment

AT_ONCE = 8
MOST_BYTES = 2**31
PARTIAL = ".part"


@cache
def _place() -> str | Path:
    # the bucket's name, or the folder
    location = urlsplit(from_environment(LakeSettings).lake_location)
    if location.scheme == "s3" and location.netloc:
        return location.netloc
    if location.scheme == "file" and location.path.startswith("/"):
        return Path(location.path)
    raise Misconfigured("LAKE_LOCATION is s3://bucket or file:///folder")


def put(name: str, body: bytes) -> None:
    """Store a file; once this returns, it is durable and whole. Raises Unavailable when the place takes none."""
    place = _place()
    if isinstance(place, Path):
        _write(place / name, body)
    else:
        objects.put(place, name, body)


def _write(file: Path, body: bytes) -> None:
    partial = file.with_name(file.name + PARTIAL)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(body)
        partial.replace(file)
    except OSError as error:
        raise Unavailable("the lake's folder takes no files") from error


def get(name: str) -> bytes | None:
    """Returns a file, None when it is not there; raises Unavailable when the place does not answer."""
    place = _place()
    return _read(place / name) if isinstance(place, Path) else objects.get(place, name, MOST_BYTES)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable("the lake's folder cannot be read") from error


def remove(name: str) -> None:
    """Remove a file, which need not be there; raises Unavailable when the place does not answer."""
    place = _place()
    if isinstance(place, Path):
        (place / name).unlink(missing_ok=True)
    else:
        objects.remove(place, name)


def forget_removed(folder: str) -> None:
    """Remove what a bucket still has of files that were removed from a folder or replaced in it.

    Raises Unavailable when the place does not answer. A folder of this machine has nothing more of them.
    """
    place = _place()
    if not isinstance(place, Path):
        objects.remove_versions(place, folder, replaced_only=True)


def listed(folder: str) -> Iterator[tuple[str, datetime]]:
    """Returns the files of a folder, whose name ends with `/`: name, and when it was stored.

    Raises Unavailable when the place does not answer.
    """
    place = _place()
    if isinstance(place, Path):
        files = [file for file in (place / folder).rglob("*") if file.is_file()]
        return ((file.relative_to(place).as_posix(), _stored_at(file)) for file in files)
    return objects.listed(place, folder)


def _stored_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def put_all(bodies: Iterable[tuple[str, bytes]]) -> None:
    """Store files, several at once; once this returns, all are durable."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda named: put(*named), bodies):
            pass


def fetch_all(wanted: Iterable[str], folder: Path) -> list[Path | None]:
    """Returns where files are on this machine, in the order asked for: those of a bucket are put into a folder.

    None stands for one that is not there. Raises Unavailable when the place does not answer.
    """
    place = _place()
    if isinstance(place, Path):
        return [file if (file := place / name).is_file() else None for name in wanted]
    return [None if body is None else _put_into(folder, number, body) for number, body in enumerate(get_all(wanted))]


def _put_into(folder: Path, number: int, body: bytes) -> Path:
    file = folder / f"{number}.parquet"
    file.write_bytes(body)
    return file


def get_all(wanted: Iterable[str]) -> list[bytes | None]:
    """Returns files in the order asked for, several read at once; None for one that is not there."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(get, wanted))
