"""What happened to those who made an attempt: what ends their stays at a step, and what may have made them leave."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from footfall.errors import FieldProblem, Invalid
from footfall.events.vitals import VITALS, Vital
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded, Entries, Flags, Integers
from footfall.funnels.stays import Leaving, Moments
from footfall.funnels.steps import Reading
from footfall.lake.findings import PAGE_SPEED, STOCK, Finding
from footfall.people.numbers import PersonNumbers
from footfall.questions.event_rows import EventsQuery, Rows
from footfall.questions.funnel_attempts import Attempted
from footfall.questions.funnel_query import FunnelQuery
from footfall.questions.read_rows import read_rows
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
    """The exits of pages that tell a web vital, and those that tell a poor one."""

    known: Moments
    poor: Moments


@dataclass(frozen=True)
class Signals:
    """What happened to those who made an attempt: `done` by its name, and how quick their pages were by vital."""

    leaving: Leaving
    done: Mapping[str, Moments]
    speeds: Mapping[Vital, Speed]


def signals(query: FunnelQuery, found: Attempted) -> Signals:
    """Returns what happened to those who made an attempt; raises Invalid for too many events, Unavailable.

    Filters narrow which events are steps, not what happened besides.
    """
    happened = _read(query, HAPPENED)
    exits, products = _read(query, EXITS, PAGE_SPEED), _read(query, PRODUCTS, STOCK)
    theirs = _Theirs.of(query, found)
    negative = _Negative.of(query, [rows for rows in happened if _group(FEEDBACK) in rows.steps])
    done = {name: theirs.moments(_in_group(happened, name)) for name in DONE}
    done["negative_feedback"] = theirs.moments((rows, negative.among(rows)) for rows in negative.given)
    done["out_of_stock"] = theirs.moments((rows, _saying(rows.told[STOCK.name], "out")) for rows in products)
    return Signals(
        Leaving(
            theirs.moments(_in_group(happened, "pageview")),
            theirs.moments((rows, _all(rows)) for rows in exits),
            theirs.entries(found.entered.excluded) if found.entered.excluded else None,
        ),
        done,
        {vital: Speed(*(theirs.moments(_rated(exits, vital, rating)) for rating in ("", "poor"))) for vital in VITALS},
    )


def _read(query: FunnelQuery, reading: Reading, told: Finding | None = None) -> Sequence[Rows]:
    wanted = {told.name: told} if told else {}
    return read_rows(_events(query, reading, wanted)).rows


def _events(query: FunnelQuery, reading: Reading, told: Mapping[str, Finding]) -> EventsQuery:
    return EventsQuery(query.rollups, query.days, None, {}, told, query.by_session, query.bots, reading)


def _group(name: str) -> int:
    return HAPPENED.steps.index(name)


def _all(rows: Rows) -> Flags:
    return np.ones(len(rows.times), bool)


def _in_group(happened: Iterable[Rows], name: str) -> Iterable[tuple[Rows, Flags]]:
    return ((rows, _all(rows)) for rows in happened if _group(name) in rows.steps)


def _saying(told: Coded, words: str) -> Flags:
    says: Flags = np.array([words in text for text in told.texts], bool)
    return says[told.codes] if len(told.codes) else np.zeros(0, bool)


def _rated(exits: Iterable[Rows], vital: Vital, rating: str) -> Iterable[tuple[Rows, Flags]]:
    return ((rows, _saying(rows.told[PAGE_SPEED.name], f"{vital} {rating}")) for rows in exits)


@dataclass(frozen=True)
class _Theirs:
    # `owners` are whose the attempts are, in ascending order, by the numbers that events have
    owners: Integers
    found: Attempted
    origin: int

    @classmethod
    def of(cls, query: FunnelQuery, found: Attempted) -> "_Theirs":
        people = found.attempts.people.astype(np.int64)
        owners = people if found.entered.owners is None else found.entered.owners[people]
        return cls(owners, found, milliseconds(query.days.start))

    def moments(self, parts: Iterable[tuple[Rows, Flags]]) -> Moments:
        # of the events that are flagged, those of somebody who made an attempt
        whose, times = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for rows, those in parts:
            whose.append(rows.narrow.who[those].astype(np.int64))
            times.append(rows.times[those])
        return self._moments(self.owners, np.concatenate(whose), np.concatenate(times))

    def entries(self, entries: Entries) -> Moments:
        people = self.found.attempts.people.astype(np.int64)
        timeline, keys = self.found.entered.timeline, entries.keys()
        return self._moments(people, timeline.people(keys).astype(np.int64), timeline.times(timeline.places(keys)))

    def _moments(self, owners: Integers, whose: Integers, times: Integers) -> Moments:
        at = np.searchsorted(owners, whose)
        known = np.append(owners, -1)[at] == whose
        return Moments.of(at[known], times[known], self.origin)


@dataclass(frozen=True)
class _Negative:
    # feedback that was given, and whose texts were read as negative: by person and time, which two texts hardly share
    given: Sequence[Rows]
    read: frozenset[tuple[int | None, int]]

    @classmethod
    def of(cls, query: FunnelQuery, given: Sequence[Rows]) -> "_Negative":
        return cls(given, _negative(query) if sum(len(rows.times) for rows in given) else frozenset())

    def among(self, rows: Rows) -> Flags:
        pairs = zip(rows.people.tolist(), rows.times.tolist(), strict=True)
        return np.array([pair in self.read for pair in pairs], bool)


def _negative(query: FunnelQuery) -> frozenset[tuple[int | None, int]]:
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
