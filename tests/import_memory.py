"""How much memory an import takes: `python -m tests.import_memory USERS` prints its peak in kilobytes.

The steps are the real ones; the files are made as they are read, and what is sent is dropped.
"""

import io
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from footfall.imports.kind import Destination
from footfall.imports.kinds import KINDS

from functions.etl.imports import steps
from functions.etl.imports.notices import ImportRef
from functions.etl.imports.progress import Job
from functions.etl.imports.shelf import open_shelf

HEADERS = {"user_table.csv": b"user_id,date,device,sex\n", "home_page_table.csv": b"user_id,page\n"}


class Table(io.RawIOBase):
    """A table of so many users, in no order."""

    def __init__(self, name: str, users: int) -> None:
        self._lines = self._made(name, users)

    def _made(self, name: str, users: int) -> Iterator[bytes]:
        yield HEADERS[name]
        for number in range(users):
            user = number * 7919 % users
            row = b"2015-01-%02d,Mobile,Male" % (user % 28 + 1) if name == "user_table.csv" else b"home_page"
            yield b"%d,%b\n" % (user, row)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """One more line."""
        line = next(self._lines, b"")
        buffer[: len(line)] = line
        return len(line)


def main(users: int) -> None:
    """Import so many users, each with a page, and print the peak."""

    @contextmanager
    def open_upload(_: ImportRef, name: str, __: int | None = None) -> Iterator[IO[bytes]]:
        yield io.BufferedReader(Table(name, users), 65_536)

    os.environ["EVENTS_QUEUE_URL"] = "https://nowhere.invalid"
    vars(steps).update(
        {name: lambda *_: None for name in ("note_read", "note_sent", "keep", "database", "send")},
        open_upload=open_upload,
    )
    document: Any = {
        "kind": "shop-funnel",
        "files": [{"name": name, "size": None} for name in HEADERS],
        "checkpoint": None,
        "created_at": datetime.now(UTC),
    }
    destination = Destination("demo", ZoneInfo("UTC"), "GBP", document["created_at"])
    with open_shelf() as shelf:
        job = Job(ImportRef("demo", "0" * 16), document, KINDS["shop-funnel"], destination, shelf, lambda: 900_000)
        for step in steps.STEPS[1:]:
            step(job)
        assert job.sent.events == 2 * users
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main(int(sys.argv[1]))
