"""An import's steps alone: the files come from a test, and what is noted and sent is dropped.

`python -m tests.support.import_steps USERS` prints the peak of the memory that importing so many made-up users takes,
in kilobytes.
"""

import io
import os
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any
from unittest import mock
from zoneinfo import ZoneInfo

from footfall.imports.kind import Destination
from footfall.imports.kinds import KINDS
from footfall.schemas.imports import ImportKind

from functions.etl.imports import steps
from functions.etl.imports.messages import ImportRef
from functions.etl.imports.progress import Job, Tally
from functions.etl.imports.spool import open_spool

HEADERS = {"user_table.csv": b"user_id,date,device,sex\n", "home_page_table.csv": b"user_id,page\n"}


class Table(io.RawIOBase):
    """A table of so many users, in no order."""

    def __init__(self, name: str, users: int) -> None:
        self._lines = self._made(name, users)
        self._rest = b""

    def _made(self, name: str, users: int) -> Iterator[bytes]:
        yield HEADERS[name]
        for number in range(users):
            user = number * 7919 % users
            row = b"2015-01-%02d,Mobile,Male" % (user % 28 + 1) if name == "user_table.csv" else b"home_page"
            yield b"%d,%b\n" % (user, row)

    def readable(self) -> bool:
        """Returns that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read of one more line what there is room for; returns how much."""
        line = self._rest or next(self._lines, b"")
        room = memoryview(buffer).cast("B")
        told, self._rest = line[: len(room)], line[len(room) :]
        room[: len(told)] = told
        return len(told)


def take_steps(kind: ImportKind, names: Sequence[str], opened: Callable[[str], IO[bytes]]) -> Tally:
    """Take the steps of an import of these files; returns what became of their rows."""

    @contextmanager
    def open_upload(_: ImportRef, name: str, __: int | None = None) -> Iterator[IO[bytes]]:
        with opened(name) as stream:
            yield stream

    document: Any = {
        "kind": kind,
        "files": [{"name": name, "size": None} for name in names],
        "checkpoint": None,
        "created_at": datetime.now(UTC),
    }
    destination = Destination("demo", ZoneInfo("UTC"), "GBP", document["created_at"])
    # a mock would remember all that it is called with
    dropped: dict[str, Any] = dict.fromkeys(
        ("note_read", "note_readers", "note_sent", "keep", "send_products", "database", "send"), lambda *_: None
    )
    with (
        open_spool() as spool,
        mock.patch.dict(os.environ, EVENTS_QUEUE_URL="https://nowhere.invalid"),
        mock.patch.multiple(steps, open_upload=open_upload, **dropped),
    ):
        job = Job(ImportRef("demo", "0" * 16), document, KINDS[kind], destination, spool, lambda: 900_000)
        for step in steps.STEPS[1:]:
            step(job)
        return job.tally


def main(users: int) -> None:
    """Import so many users, each with a page, and print the peak."""
    tally = take_steps("shop-funnel", list(HEADERS), lambda name: io.BufferedReader(Table(name, users), 65_536))
    assert tally.events == 2 * users
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(int(sys.argv[1]))
