"""A day's events as columns: one table for each kind of event, in the order that the lake's files have."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded
from footfall.lake.contents import LARGEST, Text, digest_of, texts_of
from footfall.lake.session_numbers import NEVER, NONE, UNIX, session_number
from footfall.schemas.event import NamedEvent
from footfall.schemas.lake import LakeDay, LakeEvent
from footfall.schemas.session import SessionDimensions
from footfall.schemas.site import Site

EPOCH = date(1970, 1, 1)
NOBODY = -1
"""The number of an event whose person is not stored yet."""
MOST_KINDS = 1_000
"""Kinds of events of a day that are told apart here; the others are kept together."""
MOST_REMEMBERED = 100_000
MILLISECOND = timedelta(milliseconds=1)
Table = dict[str, NDArray[np.generic]]
Kind = tuple[str, str | None, str | None]
"""What events of one kind are called: their type, their own name, and for page views the page's type."""


def _codes() -> "array[int]":
    return array("I")


@dataclass
class _Rows:
    who: "array[int]" = field(default_factory=lambda: array("i"))
    place: "array[int]" = field(default_factory=lambda: array("i"))
    time: "array[int]" = field(default_factory=lambda: array("q"))
    tie: "array[int]" = field(default_factory=lambda: array("i"))
    session: "array[int]" = field(default_factory=lambda: array("q"))
    signed_in: "array[int]" = field(default_factory=lambda: array("B"))
    bot: "array[int]" = field(default_factory=lambda: array("B"))
    texts: "defaultdict[str, array[int]]" = field(default_factory=lambda: defaultdict(_codes))

    @property
    def numbers(self) -> "Iterable[array[int]]":
        """Every column of numbers that is written."""
        return self.who, self.time, self.tie, self.session, self.signed_in, self.bot


class _Dictionary(dict[object, int]):
    # the place of what is told among the texts of a column, each of which is there once; 0 stands for nothing known

    def __init__(self, text: Text) -> None:
        super().__init__({None: 0})
        self._shown = text.shown
        self._places: dict[str | None, int] = {None: 0}

    def __missing__(self, told: object) -> int:
        place = self._places.setdefault(self._shown(told), len(self._places))
        if len(self) < MOST_REMEMBERED:
            self[told] = place
        return place

    def codes(self, told: Sequence[object]) -> list[int]:
        try:
            return [self[one] for one in told]
        except TypeError:  # a list or an object has no place
            return [0 if isinstance(one, list | dict) else self[one] for one in told]

    def texts(self) -> NDArray[np.object_]:
        return np.array(list(self._places), object)


class DayColumns:
    """Collects a day's events, which come in the order of time; `place` of each is its place among them all."""

    def __init__(self, site: Site, day: date) -> None:
        self._day = day
        self._rows: dict[Kind | None, _Rows] = {}
        self._texts = texts_of(site)
        self._dictionaries = {name: _Dictionary(text) for name, text in self._texts.items()}
        self._types: Counter[str] = Counter()
        self._digest = 0
        self._last = (NEVER, 0)

    def add(
        self,
        events: Sequence[LakeEvent],
        who: Sequence[int | None],
        sessions: Sequence[SessionDimensions | None],
    ) -> None:
        """Add events, each with its session and its own person's dense number, None where that is not stored yet."""
        before = self._types.total()
        places: defaultdict[Kind | None, list[int]] = defaultdict(list)
        for place, event in enumerate(events):
            places[self._table_of(kind_of(event))].append(place)
        visits, moments = self._visits(sessions), self._moments(events)
        for kind, found in places.items():
            rows = self._rows.setdefault(kind, _Rows())
            rows.who.extend([NOBODY if (number := who[place]) is None else number for place in found])
            rows.place.extend([before + place for place in found])
            rows.time.extend([moments[place][0] for place in found])
            rows.tie.extend([moments[place][1] for place in found])
            self._add(rows, [events[place] for place in found], [visits[place] for place in found])
        self._types.update(event["type"] for event in events)
        self._digest = (self._digest + digest_of([event["event_id"] for event in events])) % LARGEST

    def _add(self, rows: _Rows, events: Sequence[LakeEvent], visits: Sequence["_Visit"]) -> None:
        rows.session.extend([visit.number for visit in visits])
        rows.signed_in.extend(["user_id" in event for event in events])
        rows.bot.extend([event["bot"] for event in events])
        for name, text in self._texts.items():
            if text.of == "session":
                rows.texts[name].extend([visit.codes[name] for visit in visits])
            else:
                rows.texts[name].extend(self._dictionaries[name].codes(text.told(events)))

    def _moments(self, events: Sequence[LakeEvent]) -> list[tuple[int, int]]:
        # when each was, and which of that millisecond's events it is
        found = []
        for event in events:
            last, tie = self._last
            time = (event["timestamp"] - UNIX) // MILLISECOND
            self._last = time, tie + 1 if time == last else 0
            found.append(self._last)
        return found

    def _visits(self, sessions: Sequence[SessionDimensions | None]) -> list["_Visit"]:
        # what is told of a session is read once
        distinct = list({session["session_id"]: session for session in sessions if session}.values())
        texts = {name: text for name, text in self._texts.items() if text.of == "session"}
        codes = {name: self._dictionaries[name].codes(text.told(distinct)) for name, text in texts.items()}
        visits = {
            session["session_id"]: _Visit(
                session_number(session),
                {name: found[place] for name, found in codes.items()},
            )
            for place, session in enumerate(distinct)
        }
        none = _Visit(NONE, dict.fromkeys(texts, 0))
        return [visits[session["session_id"]] if session else none for session in sessions]

    def _table_of(self, kind: Kind) -> Kind | None:
        return kind if kind in self._rows or len(self._rows) < MOST_KINDS else None

    def tables(self) -> Iterator[tuple[Kind | None, Table]]:
        """Yields each kind's events as columns; None are those of all other kinds."""
        texts = {name: dictionary.texts() for name, dictionary in self._dictionaries.items()}
        for kind, rows in self._rows.items():
            yield kind, _table(self._day, rows, texts)

    def numbers(self, name: Literal["place", "session", "bot"]) -> NDArray[np.int64]:
        """Returns a column of all events, one kind after the other."""
        return np.concatenate([np.zeros(0, np.int64), *(getattr(rows, name) for rows in self._rows.values())])

    def coded(self, name: str) -> Coded:
        """Returns a column of texts of all events in the same order; an empty text is none."""
        texts = [text or "" for text in self._dictionaries[name].texts().tolist()]
        return Coded(
            texts, np.concatenate([np.zeros(0, np.int64), *(rows.texts[name] for rows in self._rows.values())])
        )

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
            for column in (*rows.numbers, *rows.texts.values()):
                hashed.update(column)
        for dictionary in self._dictionaries.values():
            hashed.update(repr(dictionary.texts().tolist()).encode())
        return hashed.hexdigest()


@dataclass(frozen=True)
class _Visit:
    number: int
    codes: Mapping[str, int]


def _table(day: date, rows: _Rows, texts: Mapping[str, NDArray[np.object_]]) -> Table:
    table: Table = {
        "who": np.array(rows.who, np.int32),
        "day": np.full(len(rows.who), np.datetime64(day, "s")),
        "time": np.array(rows.time, "datetime64[ms]"),
        "tie": np.array(rows.tie, np.int32),
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
