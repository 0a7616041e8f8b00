"""Attempts at a site's own funnels from the lake, whose entries are linked once and kept for the next question.

What is kept is of whole files, so that it answers any days, any window and a breakdown by any dimension: only what the
telling step says of each attempt is looked up. Days that changed since are read as before, by `funnel_columns`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any, TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from footfall.funnels.chains import BYTES_OF_AN_ENTRY, Chains, StepColumns
from footfall.funnels.engine import Attempts, Coded, Indices, Integers, Timeline, distinct
from footfall.funnels.steps import kept_by_day
from footfall.lake.columns import EPOCH
from footfall.questions.funnel_query import FunnelModes, FunnelQuery
from footfall.questions.lake_rows import Numbered, files_of, numbered, told_of
from footfall.questions.lake_state import Links, links_of, periods_of
from footfall.questions.recent_rows import changed_events
from footfall.schemas.funnel import DEVICES
from footfall.schemas.lake import LakeFile, LakePeriod

MOST_ENTRIES = 4_000_000
"""Entries of more rows than these are not linked."""
MOST_KEPT_BYTES = MOST_ENTRIES * BYTES_OF_AN_ENTRY
FEWEST = {False: 0, True: 2_000_000}
"""Where rollups have the answer, entries to fewer rows are linked once another question needs them."""
Key = tuple[str, tuple[str, ...], tuple[str, ...]]
Number = TypeVar("Number", np.int32, np.int64, np.uint8, np.uint16, np.uint32)


class Gone(Exception):
    """Raised where a file of the lake is missing that was there before."""


@dataclass(frozen=True)
class Kept:
    """The chains of a funnel's entries in some files, whose rows are numbered one file's after the other's.

    `begins` are the numbers of each file's first row. `visitors` are those of whom it matters who they turned out to
    be: when this was made, `owners`.
    """

    chains: Chains
    files: Sequence[LakeFile]
    begins: Integers
    visitors: Integers
    owners: Integers

    def holds_for(self, links: Links) -> bool:
        """Returns whether all visitors still are who they were."""
        return np.array_equal(_owners(self.visitors, links), self.owners)


_kept: LRUCache[Key, Kept] = LRUCache(MOST_KEPT_BYTES, getsizeof=lambda kept: kept.chains.size)


@dataclass(frozen=True)
class Chained:
    """Everybody's attempt, made of linked entries, and what is known of these, read when it is asked for."""

    query: FunnelQuery
    kept: Kept
    links: Links
    attempts: Attempts

    @property
    def timeline(self) -> Timeline:
        """When the entries were, whose places are those in the chains."""
        return Timeline(listed=self.kept.chains.times)

    def persons(self, those: Indices) -> Integers:
        """Returns the numbers of those whose attempts some are."""
        return self.attempts.people[those].astype(np.int64)

    def told(self, dimension: str, step: int) -> Coded:
        """Returns what is told of each attempt at a step, from 0, or at the last that it reached, -1.

        Of an attempt that did not reach the step it is an empty text. Raises Gone, TooBig for too many people,
        Unavailable.
        """
        attempts = self.attempts
        at = attempts.reached - 1 if step < 0 else np.full(len(attempts.reached), step)
        those = np.flatnonzero(at < attempts.reached)
        told = self._told_at(dimension, attempts.places[at[those], those].astype(np.int64))
        codes = np.full(len(at), len(told.texts))
        codes[those] = told.codes
        return Coded([*told.texts, ""], codes)

    def _told_at(self, dimension: str, places: Integers) -> Coded:
        if dimension == "device":
            return Coded(DEVICES, self.kept.chains.devices[places])
        rows = self.kept.chains.rows[places].astype(np.int64)
        kind = np.min_scalar_type(len(self.kept.files))  # narrow numbers are sorted without comparing them
        numbers = np.searchsorted(self.kept.begins[1:], rows, "right").astype(kind)
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(len(self.kept.files) + 1))
        stretches = zip(self.kept.files, self.kept.begins, ends, ends[1:], strict=False)
        picked = [(file, rows[order[at:end]] - begin) for file, begin, at, end in stretches if at < end]
        found = told_of(self.query, dimension, picked, self.links)
        if found is None:
            raise Gone
        codes = np.zeros(len(rows), np.int64)
        codes[order] = found.codes
        return Coded(found.texts, codes)


def chained(query: FunnelQuery, question: FunnelModes) -> Chained | None:
    """Returns everybody's attempt, and what is known of the entries that they are made of.

    None for what chains do not answer: other modes, filters, days that changed, and more entries than are kept.
    Raises Unavailable.
    """
    if not _is_plain(query, question):
        return None
    periods, marked = periods_of(query.rollups, query.days)
    key = (query.rollups.site.site_id, tuple(query.funnel.steps), tuple(sorted(each["token"] for each in periods)))
    if marked or not (key in _kept or _is_worth_it(query, periods)):
        return None
    if changed_events(query, _not_held(query, periods), 0):
        return None
    links = links_of(query.rollups)
    kept = _known(key, query, periods, links)
    if kept is None:
        return None
    first, last = ((day - EPOCH).days for day in (query.days.first, query.days.last))
    return Chained(query, kept, links, kept.chains.attempts(first, last, question.window))


def _is_plain(query: FunnelQuery, question: FunnelModes) -> bool:
    one_window = question.window is None or question.window_mode == "first"
    all_events = not (query.filters or query.device or query.bots or query.rollups.part or query.reading.exclude)
    return query.unit == "user" and question.order == "ordered" and one_window and all_events and _is_own(query)


def _is_own(query: FunnelQuery) -> bool:
    return query.funnel in kept_by_day(query.rollups.site)


def _is_worth_it(query: FunnelQuery, periods: Iterable[LakePeriod]) -> bool:
    return FEWEST[query.from_rollups] <= sum(file["rows"] for file in files_of(periods, query.reading)) <= MOST_ENTRIES


def _known(key: Key, query: FunnelQuery, periods: Sequence[LakePeriod], links: Links) -> Kept | None:
    kept = _kept.get(key)
    if kept is not None and kept.holds_for(links):
        return kept
    made = _made(query, periods, links)
    if made is not None and made.chains.size <= MOST_KEPT_BYTES:  # an event that satisfies two steps is two entries
        _kept[key] = made
    return made


def _made(query: FunnelQuery, periods: Sequence[LakePeriod], links: Links) -> Kept | None:
    found = numbered(query, periods, links)
    if not found:
        return None
    files = list({each.file["key"]: each.file for each in found}.values())
    begins = list(accumulate((file["rows"] for file in files), initial=0))
    first_rows = dict(zip((file["key"] for file in files), begins, strict=False))
    steps = [
        _step([each for each in found if number in each.steps], first_rows) for number in range(len(query.funnel.steps))
    ]
    visitors = distinct([each.columns.who[~each.columns.signed_in].astype(np.int64) for each in found])
    return Kept(Chains.of(steps), files, np.array(begins), visitors, _owners(visitors, links))


def _step(found: Sequence[Numbered], first_rows: Mapping[str, int]) -> StepColumns:
    def joined(kind: type[Number], columns: Iterable[NDArray[Any]]) -> NDArray[Number]:
        return np.concatenate([np.zeros(0, kind), *columns], dtype=kind, casting="unsafe")

    return StepColumns(
        joined(np.int32, (each.people for each in found)),
        joined(np.int64, (each.columns.time for each in found)),
        joined(np.int32, (each.columns.tie for each in found)),
        joined(np.uint16, (each.columns.day for each in found)),
        joined(np.uint8, (each.columns.device for each in found)),
        joined(np.uint32, (first_rows[each.file["key"]] + each.rows for each in found)),
    )


def _owners(visitors: Integers, links: Links) -> Integers:
    return visitors if links is None else links[visitors].astype(np.int64)


def _not_held(query: FunnelQuery, periods: Iterable[LakePeriod]) -> list[date]:
    held = {day["date"] for period in periods for day in period["days"]}
    return [day for day in query.days if day.isoformat() not in held]
