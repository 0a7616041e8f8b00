"""What happened to those who made an attempt: what ends their stays at a step, and what may have made them leave."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.errors import FieldProblem, Invalid
from footfall.events.vitals import VITALS, Vital
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded, Flags, Indices, Integers
from footfall.funnels.stays import LONGEST, NEVER, Happened, Leaving, first_after
from footfall.funnels.steps import Reading
from footfall.lake.findings import PAGE_SPEED, STOCK, Finding
from footfall.people.numbers import PersonNumbers
from footfall.questions.event_rows import EventsQuery, Rows, joined
from footfall.questions.funnel_attempts import Attempted
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import read_rows
from footfall.questions.session_columns import stacked
from footfall.schemas.feedback import FeedbackOwner
from footfall.stores.collections import feedback
from footfall.stores.mongo import database

MOST_FEEDBACK = 200_000
BATCH = 20_000
DONE = ("javascript_error", "rage_click", "coupon_denied")
"""Events that may make somebody leave; each is a signal under its own name."""
FEEDBACK = "feedback|product_reviewed"
HAPPENED = Reading(["pageview", *DONE, FEEDBACK])
EXITS = Reading(["page_exit"])
PRODUCTS = Reading(["product_viewed"])


class Speed(NamedTuple):
    """Which exits of pages tell a web vital, and which a poor one."""

    known: Flags
    poor: Flags


@dataclass(frozen=True)
class Signals:
    """What happened to those who made an attempt: `done` by its name, and how quick the pages of `exits` were."""

    leaving: Leaving
    done: Mapping[str, Happened]
    exits: Happened
    speeds: Mapping[Vital, Speed]


def signals(query: FunnelQuery, found: Attempted) -> Signals:
    """Returns what happened to those who made an attempt; raises Invalid for too many events, Unavailable.

    Filters narrow which events are steps, not what happened besides.
    """
    theirs = _Theirs.of(found)
    # what was read for one is let go before the next is
    next_view, done = _views_and_done(query, theirs)
    done["out_of_stock"] = _out_of_stock(query, theirs)
    first_exit, told, exits = _exits(query, theirs)
    return Signals(
        Leaving(next_view, first_exit, theirs.ends),
        done,
        exits,
        {vital: Speed(_says(told, f"{vital} "), _says(told, f"{vital} poor")) for vital in VITALS},
    )


def _views_and_done(query: FunnelQuery, theirs: "_Theirs") -> tuple[Integers, dict[str, Happened]]:
    happened = _read(query, HAPPENED)
    done = {name: _happened(theirs.events(_of(happened, name), soon=True)) for name in DONE}
    done["negative_feedback"] = _happened(_negative(query, theirs.events(_of(happened, FEEDBACK), soon=True)))
    return theirs.first(theirs.events(_of(happened, "pageview")), later=True), done


def _out_of_stock(query: FunnelQuery, theirs: "_Theirs") -> Happened:
    return _happened(_saying(theirs.events(_read(query, PRODUCTS, STOCK), soon=True), STOCK, "out"))


def _exits(query: FunnelQuery, theirs: "_Theirs") -> tuple[Integers, Coded, Happened]:
    # when pages were left, and of those exits that tell how quick their pages were, what they tell
    rows = _read(query, EXITS, PAGE_SPEED)
    first = theirs.first(theirs.events(rows))
    telling = list(_saying(theirs.events(rows), PAGE_SPEED, " "))
    return first, joined([each.told(PAGE_SPEED) for each in telling]), _happened(telling)


def _read(query: FunnelQuery, reading: Reading, told: Finding | None = None) -> Sequence[Rows]:
    wanted = {told.name: told} if told else {}
    return read_rows(_events(query, reading, wanted)).rows


def _events(query: FunnelQuery, reading: Reading, told: Mapping[str, Finding]) -> EventsQuery:
    return EventsQuery(query.rollups, query.days, None, {}, told, query.by_session, query.bots, reading)


def _of(happened: Iterable[Rows], name: str) -> list[Rows]:
    group = HAPPENED.steps.index(name)
    return [rows for rows in happened if group in rows.steps]


class _Kept(NamedTuple):
    # some of the rows, by their places, and whose attempt each of these is of
    rows: Rows
    at: Indices
    attempts: Indices

    def where(self, those: Flags) -> "_Kept":
        return _Kept(self.rows, self.at[those], self.attempts[those])

    def told(self, what: Finding) -> Coded:
        texts, codes = self.rows.told[what.name]
        return Coded(texts, codes[self.at])


def _saying(events: Iterable[_Kept], told: Finding, words: str) -> Iterator[_Kept]:
    return (each.where(_says(each.told(told), words)) for each in events)


def _says(told: Coded, words: str) -> Flags:
    says: Flags = np.array([words in text for text in told.texts], bool)
    return says[told.codes] if len(told.codes) else np.zeros(0, bool)


def _happened(events: Iterable[_Kept]) -> Happened:
    parts = [(each.attempts, each.rows.times[each.at]) for each in events]
    return Happened(stacked(attempts for attempts, _ in parts), stacked(times for _, times in parts))


@dataclass(frozen=True)
class _Theirs:
    # `owners` are whose the attempts are, in ascending order, by the numbers that events have
    owners: Integers
    found: Attempted

    @classmethod
    def of(cls, found: Attempted) -> "_Theirs":
        people = found.attempts.people.astype(np.int64)
        return cls(people if found.entered.owners is None else found.entered.owners[people], found)

    def first(self, events: "Iterable[_Kept]", *, later: bool = False) -> Integers:
        # when something first happened at each step or after it, or only later
        begun = self.found.moments[:-1]
        found = np.full(begun.shape, NEVER)
        for each in events:
            np.minimum(found, first_after(_happened([each]), begun, later=later), out=found)
        return found

    @property
    def ends(self) -> Integers:
        return first_after(self._excluded, self.found.moments[:-1], later=True)

    @property
    def _excluded(self) -> Happened:
        excluded, timeline = self.found.entered.excluded, self.found.entered.timeline
        if excluded is None:
            return Happened(*np.zeros((2, 0), np.int64))
        keys, people = excluded.keys(), self.found.attempts.people
        whose = timeline.people(keys)
        at = np.searchsorted(people, whose)
        known = np.append(people.astype(np.int64), -1)[at] == whose
        return Happened(at[known], timeline.times(timeline.places(keys[known])))

    def events(self, parts: Iterable[Rows], *, soon: bool = False) -> Iterator[_Kept]:
        # those from the first step on; of what counts `soon` alone, until the longest stay at the last one is over
        moments = self.found.moments
        last = np.where(moments < NEVER, moments, 0).max(axis=0) + LONGEST if soon else np.full(len(self.owners), NEVER)
        return (self._kept(rows, last) for rows in parts)

    def _kept(self, rows: Rows, last: Integers) -> _Kept:
        attempts = self._attempts_of(rows.narrow.who)
        kept = _Kept(rows, np.flatnonzero(attempts >= 0), attempts[attempts >= 0])
        times = rows.times[kept.at]
        return kept.where((times >= self.found.moments[0, kept.attempts]) & (times <= last[kept.attempts]))

    def _attempts_of(self, whose: NDArray[np.integer[Any]]) -> Indices:
        # -1 for somebody without one
        if self.found.entered.owners is None:
            found: Indices = self._by_number[np.minimum(whose, len(self._by_number) - 1)]
            return found
        at = np.searchsorted(self.owners, whose)
        return np.where(np.append(self.owners, -1)[at] == whose, at, -1)

    @cached_property
    def _by_number(self) -> Indices:
        # people's numbers are dense
        found = np.full(self.owners.max(initial=0) + 2, -1)
        found[self.owners] = np.arange(len(self.owners))
        return found


def _negative(query: FunnelQuery, events: Iterable[_Kept]) -> list[_Kept]:
    # feedback whose text was read as negative: by person and time, which two texts hardly share
    given = list(events)
    read = _read_as_negative(query) if any(len(each.at) for each in given) else frozenset()
    return [each.where(_among(read, each)) for each in given]


def _among(read: Collection[tuple[int | None, int]], given: _Kept) -> Flags:
    pairs = zip(given.rows.people[given.at].tolist(), given.rows.times[given.at].tolist(), strict=True)
    return np.array([pair in read for pair in pairs], bool)


def _read_as_negative(query: FunnelQuery) -> frozenset[tuple[int | None, int]]:
    site_id, session = query.rollups.site.site_id, query.rollups.session
    time = {"$gte": query.days.start, "$lt": query.days.end}
    who = {} if query.bots else {"bot": False}
    condition = {"site_id": site_id, "sentiment.label": "negative", "timestamp": time, **who}
    texts = feedback.read(database(), FeedbackOwner, condition, session=session, batch_size=BATCH)
    found = list(islice(texts, MOST_FEEDBACK + 1))
    if len(found) > MOST_FEEDBACK:
        raise Invalid([FieldProblem("from", f"more than {MOST_FEEDBACK} negative texts; ask for fewer days")])
    numbers = PersonNumbers(database(), site_id, session)
    numbers.learn(found)
    return frozenset((numbers.of(each), milliseconds(each["timestamp"])) for each in found)
