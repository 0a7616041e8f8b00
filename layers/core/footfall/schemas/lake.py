"""The lake's manifest as stored: which files hold a site's events as columns."""

from datetime import datetime
from typing import NotRequired, TypedDict

from footfall.schemas.event import Commerce, Json, NamedEvent, VisitEvent, Vitals


class LakeEvent(VisitEvent):
    """What the lake's columns are read from, of one event."""

    source: str
    bot: bool
    country: NotRequired[str]
    browser: NotRequired[str]
    os: NotRequired[str]
    language: NotRequired[str]
    screen: NotRequired[str]
    commerce: NotRequired[Commerce]
    element: NotRequired[str | Json]
    coordinates: NotRequired[Json]
    value: NotRequired[float | str]
    vitals: NotRequired[Vitals]
    properties: NotRequired[Json]


class LakeFile(TypedDict):
    """One Parquet file: all events of a period that are called alike, or, without `kind`, those of all rare kinds.

    `key` is its name in the lake and changes with its content.
    """

    key: str
    rows: int
    bytes: int
    kind: NotRequired[NamedEvent]


class LakeDay(TypedDict):
    """How many events a local day has, bots among them, and the sum of the hashes of their ids, modulo 2^63.

    `types` counts the events of each type. `columns` is a hash of all that the lake holds of the day.
    """

    date: str
    events: int
    types: dict[str, int]
    digest: int
    columns: str


class LakeDays(TypedDict):
    """The days whose events a set of files holds."""

    days: list[LakeDay]


class WrittenDays(LakeDays):
    """The same, with what they were written by."""

    definition: str


class LakeSpan(TypedDict):
    """The first and the last local day of a set of files."""

    first: str
    last: str


class LakePeriod(LakeSpan, LakeDays):
    """One document of `lake_periods`: the files of a local day, or of a month that is over, and what they hold.

    `period` is the name of the day or the month. `definition` is what it was written by, `token` what tells whether it
    was replaced.
    """

    _id: str
    site_id: str
    period: str
    definition: str
    token: str
    written_at: datetime
    files: list[LakeFile]


class ArchivedDay(TypedDict):
    """One document of `archived_days`: the file that holds a local day's events as they were stored.

    Its events happened from `start` on and before `end`, whatever the site's time zone is by now. `digest` is the sum
    of the hashes of their ids, modulo 2^63; `key` is the file's name in the lake, another one each time it is written.
    At `restored_at` all of them were found to be in MongoDB again.
    """

    _id: str
    site_id: str
    date: str
    start: datetime
    end: datetime
    key: str
    events: int
    digest: int
    bytes: int
    archived_at: datetime
    restored_at: NotRequired[datetime]
