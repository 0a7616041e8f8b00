"""A day's events as columns: one table for each kind of event, in the order that the lake's files have."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from footfall.lake.contents import LARGEST, TEXTS, digest_of
from footfall.schemas.event import NamedEvent
from footfall.schemas.lake import LakeDay, LakeEvent

EPOCH = date(1970, 1, 1)
NOBODY = -1
"""The number of an event whose person is not stored yet."""
MOST_KINDS = 1_000
"""Kinds of events of a day that are told apart here; the others are kept together."""
MILLISECOND = timedelta(milliseconds=1)
UNIX = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
Table = dict[str, NDArray[np.generic]]
Kind = tuple[str, str | None, str | None]
"""What events of one kind are called: their type, their own name, and for page views the page's type."""


@dataclass
class _Rows:
    who: "array[int]" = field(default_factory=lambda: array("i"))
    rank: "array[int]" = field(default_factory=lambda: array("i"))
    time: "array[int]" = field(default_factory=lambda: array("q"))
    session: "array[int]" = field(default_factory=lambda: array("q"))
    signed_in: "array[int]" = field(default_factory=lambda: array("B"))
    bot: "array[int]" = field(default_factory=lambda: array("B"))
    texts: "dict[str, array[int]]" = field(default_factory=lambda: {name: array("I") for name in TEXTS})


class DayColumns:
    """Collects a day's events, which come in the order of time."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._rows: dict[Kind | None, _Rows] = {}
        self._texts: dict[str, dict[str | None, int]] = {name: {None: 0} for name in TEXTS}
        self._types: Counter[str] = Counter()
        self._digest = 0

    def add(self, events: Sequence[LakeEvent], who: Sequence[int | None], sessions: Sequence[int]) -> None:
        """Add events, with the dense number of each one's own person, None where that is not stored yet."""
        before = self._types.total()
        places: defaultdict[Kind | None, list[int]] = defaultdict(list)
        for place, event in enumerate(events):
            places[self._table_of(kind_of(event))].append(place)
        for kind, found in places.items():
            rows = self._rows.setdefault(kind, _Rows())
            ours = [events[place] for place in found]
            rows.who.extend([NOBODY if (number := who[place]) is None else number for place in found])
            rows.rank.extend([before + place for place in found])
            rows.time.extend([(event["timestamp"] - UNIX) // MILLISECOND for event in ours])
            rows.session.extend([sessions[place] for place in found])
            rows.signed_in.extend(["user_id" in event for event in ours])
            rows.bot.extend([event["bot"] for event in ours])
            for name, read in TEXTS.items():
                codes = self._texts[name]
                rows.texts[name].extend([codes.setdefault(read(event) or None, len(codes)) for event in ours])
        self._types.update(event["type"] for event in events)
        self._digest = (self._digest + digest_of([event["event_id"] for event in events])) % LARGEST

    def _table_of(self, kind: Kind) -> Kind | None:
        return kind if kind in self._rows or len(self._rows) < MOST_KINDS else None

    def tables(self) -> Iterator[tuple[Kind | None, Table]]:
        """Yields each kind's events as columns; None are those of all other kinds."""
        texts = {name: np.array(list(codes), object) for name, codes in self._texts.items()}
        for kind, rows in self._rows.items():
            yield kind, _table(self._day, rows, texts)

    def day(self) -> LakeDay:
        """Returns what the manifest says of the day."""
        return LakeDay(
            date=self._day.isoformat(),
            events=self._types.total(),
            types=dict(self._types),
            digest=self._digest,
            columns=self._hash(),
        )

    def _hash(self) -> str:
        hashed = blake2b(digest_size=16)
        for kind, rows in self._rows.items():
            hashed.update(repr(kind).encode())
            for numbers in (rows.who, rows.rank, rows.time, rows.session, rows.signed_in, rows.bot):
                hashed.update(numbers)
            for codes in rows.texts.values():
                hashed.update(codes)
        hashed.update(repr(self._texts).encode())
        return hashed.hexdigest()


def _table(day: date, rows: _Rows, texts: Mapping[str, NDArray[np.object_]]) -> Table:
    table: Table = {
        "who": np.array(rows.who, np.int32),
        "day": np.full(len(rows.who), np.datetime64(day, "s")),
        "rank": np.array(rows.rank, np.int32),
        "time": np.array(rows.time, "datetime64[ms]"),
        "session": np.array(rows.session, np.int64),
        "signed_in": np.array(rows.signed_in, np.bool_),
        "bot": np.array(rows.bot, np.bool_),
    }
    return table | {name: texts[name][np.array(codes, np.intp)] for name, codes in rows.texts.items()}


def kind_of(event: NamedEvent) -> Kind:
    """Returns what an event is called."""
    return event["type"], event.get("name"), event.get("page_type") if event["type"] == "pageview" else None


def named(kind: Kind) -> NamedEvent:
    """Returns a kind as it is stored."""
    event_type, name, page_type = kind
    found = NamedEvent(type=event_type)
    if name:
        found["name"] = name
    if page_type:
        found["page_type"] = page_type
    return found
