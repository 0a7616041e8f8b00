"""An import: files that become events, how far it has come, and what was wrong with their rows."""

import io
import re
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

ImportKind = Literal["shop-funnel", "orders", "events", "products", "users", "feedback"]
ImportState = Literal["queued", "running", "done", "failed"]

IMPORT_ID = r"^[0-9a-f]{16}$"
MANIFEST = "manifest.json"
"""The name of the file that is uploaded last: its arrival starts the import."""
CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")


def _field_name(text: str) -> str:
    # userId, as clients send it, is user_id
    return CAPITAL.sub(r"_\g<0>", text).lower()


Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}$"), AfterValidator(_field_name)]
DateOrder = Annotated[str, StringConstraints(pattern=r"^(day-first|month-first|year-first|.{0,30}%.{0,30})$")]


def _encoding(name: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=name)  # other codecs, of bytes, are none to it
    except LookupError:
        raise PydanticCustomError("encoding", "is no encoding: write one such as utf-8 or cp1250") from None
    return name


Encoding = Annotated[str, StringConstraints(max_length=32, to_lower=True), AfterValidator(_encoding)]


class AnnouncedFile(BaseModel):
    """A file that will be uploaded; `size` in bytes."""

    name: str = Field(
        description="by which it is uploaded", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", examples=["user_table.csv"]
    )
    size: int = Field(description="in bytes", ge=0, examples=[3_394_540])


class ReadingOptions(BaseModel):
    """How the files of an import are to be read, as far as they do not say it themselves."""

    model_config = ConfigDict(extra="forbid")

    columns: dict[Column, FieldName] = Field(
        default={}, max_length=100, description="what columns mean: a column's name to a field of the kind"
    )
    dates: DateOrder | None = Field(
        default=None, description="`day-first`, `month-first`, or a format such as `%d.%m.%Y %H:%M`"
    )
    time_zone: str | None = Field(
        default=None, max_length=64, description="of times without an offset; else the site's"
    )
    decimal: Literal["point", "comma"] | None = Field(default=None, description="the decimal mark of numbers")
    encoding: Encoding | None = Field(default=None, description="where it is not found: `utf-8`, `cp1250`, …")


class Manifest(BaseModel):
    """What `manifest.json` holds: the import's kind and the names of the files that were uploaded before it."""

    kind: ImportKind
    files: list[str]


class RowProblem(BaseModel):
    """Why one row was quarantined; `detail` names fields but never holds values."""

    file: str = Field(description="name of the file")
    line: int = Field(description="its line, from 1")
    reason: str = Field(description="code of the reason")
    detail: str = Field(description="the reason in words; fields, never values")


class Announcement(BaseModel):
    """What an import will be, as it stands beside the uploads until the manifest starts it."""

    kind: ImportKind
    files: list[AnnouncedFile]
    options: ReadingOptions = ReadingOptions()
    created_at: datetime


class FileDocument(TypedDict):
    """An announced file, in bytes, within a stored import."""

    name: str
    size: int


class ProblemDocument(TypedDict):
    """Why one row was quarantined, within a stored import."""

    file: str
    line: int
    reason: str
    detail: str


class TallyDocument(TypedDict):
    """What became of the groups of rows that were sent, within a stored import; the days as YYYY-MM-DD."""

    read: int
    sent: int
    repeated: int
    quarantined: int
    events: int
    first_day: str | None
    last_day: str | None
    reasons: dict[str, int]
    problems: list[ProblemDocument]


class Checkpoint(TypedDict):
    """The last group of rows whose events are in the queue, when it began and its key, and what was sent until then."""

    began: str
    key: str
    sent: TallyDocument


class ReaderDocument(TypedDict):
    """How a file is read: its layout, what its columns are called, and where each field stands among them."""

    layout: str
    header: list[str]
    fields: dict[str, int]
    delimiter: str
    encoding: str
    dates: str
    decimal: str
    time_zone: str | None
    mapping: list[tuple[str, str]]


def is_told(reader: ReaderDocument) -> bool:
    """Returns whether it is stored how a file is read: imports of older versions tell the places of columns alone."""
    return "layout" in reader


class ImportFigures(TypedDict):
    """How far an import has come: every row read is sent, repeated (an earlier one says the same) or quarantined.

    `reasons` counts the quarantined rows by reason and `problems` names the first of them; `first_day` and `last_day`
    are those that the rows sent tell.
    """

    rows_read: int
    rows_sent: int
    rows_repeated: int
    rows_quarantined: int
    events_sent: int
    first_day: str | None
    last_day: str | None
    reasons: dict[str, int]
    problems: list[ProblemDocument]


class ImportDocument(ImportFigures):
    """One document of `imports`, made from the import's announcement when its manifest arrives.

    `checkpoint` is what a later run needs to go on from; `holder` is the queue message that carries the import;
    `attempts` counts its starts since it last came on. `readers` says where each file's columns stand, for rows that
    are read again.
    """

    _id: str
    site_id: str
    import_id: str
    kind: ImportKind
    state: ImportState
    files: list[FileDocument]
    checkpoint: Checkpoint | None
    holder: str | None
    attempts: int
    error: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    readers: NotRequired[list[ReaderDocument]]
    options: NotRequired[dict[str, Any]]
