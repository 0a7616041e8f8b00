"""What catalog is asked and what it answers."""

from datetime import date, datetime

from footfall.schemas.imports import AnnouncedFile, ImportKind, ImportState, ReadingOptions, RowProblem
from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_IMPORT_BYTES = 500_000_000


class ImportRequest(BaseModel):
    """The files of one import."""

    model_config = ConfigDict(extra="forbid")

    kind: ImportKind
    files: list[AnnouncedFile] = Field(min_length=1, max_length=20)
    options: ReadingOptions = ReadingOptions()

    @field_validator("files")
    @classmethod
    def within_size(cls, files: list[AnnouncedFile]) -> list[AnnouncedFile]:
        """Returns the files; raises ValueError when together they are larger than one import may be."""
        if sum(file.size for file in files) > MAX_IMPORT_BYTES:
            raise ValueError(f"the files of one import hold at most {MAX_IMPORT_BYTES} bytes: split them")
        return files


class Upload(BaseModel):
    """Where to upload one file: `PUT` its bytes to `url`, with `headers`."""

    name: str = Field(description="of the file")
    url: str
    headers: dict[str, str]


class UploadsOut(BaseModel):
    """A new import, waiting for its files."""

    import_id: str
    kind: ImportKind
    state: ImportState
    uploads: list[Upload] = Field(
        description="in the order to upload them: `manifest.json` comes last and starts the import"
    )


class FileReading(BaseModel):
    """How one file is read: decided once, from all of its rows."""

    file: str = Field(description="its name")
    layout: str = Field(description="which form of its kind the file has", examples=["shopify"])
    delimiter: str = Field(description="what stands between two fields")
    encoding: str = Field(description="of its text")
    decimal: str = Field(description="the mark before cents", examples=["point"])
    dates: str = Field(description="`year-first`, `day-first`, `month-first`, or the format that was given")
    time_zone: str | None = Field(description="of times without an offset; null: the site's")
    columns: dict[str, str] = Field(description="what each column that is read means")


class ImportOut(BaseModel):
    """How far an import is: `rows_read` becomes the sum of `rows_sent`, `rows_repeated` and `rows_quarantined`."""

    import_id: str
    kind: ImportKind
    state: ImportState
    files: list[AnnouncedFile]
    readings: list[FileReading] = Field(description="how the files are read, once they were looked at")
    rows_read: int = Field(description="rows that were looked at")
    rows_sent: int = Field(description="rows whose event was sent")
    rows_repeated: int = Field(description="rows that say what an earlier row of the same import says")
    rows_quarantined: int = Field(description="rows that were refused")
    events_sent: int = Field(description="an order is one event, however many rows it has")
    events_stored: int = Field(description="of `events_sent`: those in the store, from this import or an earlier one")
    events_refused: int = Field(description="of `events_sent`: those quarantined because they cannot be stored")
    first_day: date | None = Field(description="the earliest day that a sent row tells, in the site's time zone")
    last_day: date | None = Field(description="the latest such day")
    reasons: dict[str, int] = Field(description="quarantined rows by reason")
    problems: list[RowProblem] = Field(description="the first quarantined rows")
    error: str | None = Field(description="why the import failed")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
