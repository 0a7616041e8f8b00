"""A day's figures for each value of a dimension, as stored."""

from datetime import datetime
from typing import TypedDict


class DimensionFigures(TypedDict):
    """Figures of one local day for each value of a dimension, as columns: place i of each is of `values[i]`.

    `values` are those with most people, a hundred at most. If `cut`, each column has one place more, for all others
    together. `people` are roaring bitmaps of dense numbers, the other columns signed 64-bit numbers, little-endian.
    """

    date: str
    dimension: str
    values: list[str]
    cut: bool
    people: list[bytes]
    events: bytes
    page_views: bytes
    sessions: bytes
    bounces: bytes
    milliseconds: bytes
    conversions: bytes
    orders: bytes
    revenue: bytes


class DimensionDocument(DimensionFigures):
    """One document of `daily_dimensions`: a dimension's figures on a local day of a site, bots left out.

    What does not fit into one is in several, each of some of the values.
    """

    _id: str
    site_id: str


class PackedSessions(TypedDict):
    """The sessions that began on a local day, of bots or not, as columns: place i of each is of the same session.

    `figures` are signed 64-bit numbers by the names of what they tell, `codes` the places of the sessions' values among
    the `texts` of each dimension, unsigned 16-bit numbers, all little-endian. Of the dimensions in `cut` there were
    more than a thousand values, of which only the most common are told.
    """

    date: str
    cut: list[str]
    figures: dict[str, bytes]
    texts: dict[str, list[str]]
    codes: dict[str, bytes]


class DaySessionsDocument(PackedSessions):
    """One document of `daily_sessions`: a day's sessions of a site, or a hundred thousand of them.

    `begins` is when the day begins: sessions are kept as long as the site keeps events.
    """

    _id: str
    site_id: str
    begins: datetime
    bots: bool
