"""Searches of a shop, and what came of each before the session's next one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
SEARCHED, CLICKED, ADDED = range(3)
NOT_SAID = -1


@dataclass(frozen=True)
class Steps:
    """Events of sessions in the order of time: searches, clicks on and views of products, products put into carts.

    `terms` and `found` are of searches: what for, by number, and how many results there were, NOT_SAID where the event
    has no number. `counted` says which searches a question is about.
    """

    sessions: Numbers
    people: Numbers
    times: Numbers
    kinds: Numbers
    terms: Numbers
    found: Numbers
    counted: Flags


@dataclass(frozen=True)
class Placed:
    """Orders that came of sessions: of which, and when in Unix milliseconds."""

    sessions: Numbers
    times: Numbers


@dataclass(frozen=True)
class Searches:
    """Searches: of which session and person, what for, how many results, and whether anything came of them.

    The same term again in a session, with no other between, is the same search: a page of results may be told twice,
    and turned over. Its results are the most that was told.
    """

    sessions: Numbers
    people: Numbers
    terms: Numbers
    found: Numbers
    clicked: Flags
    added: Flags
    ordered: Flags


def searches_of(steps: Steps, placed: Placed) -> Searches:
    """Returns the searches that count. A click, product or order is the last search's before it in the session."""
    order = np.argsort(steps.sessions, kind="stable")
    sessions, kinds, terms = steps.sessions[order], steps.kinds[order], steps.terms[order]
    searched = np.flatnonzero(kinds == SEARCHED)
    again = np.zeros(len(searched), bool)
    again[1:] = (np.diff(sessions[searched]) == 0) & (np.diff(terms[searched]) == 0)
    first = searched[~again]
    # to which search every event belongs: the last that began no later, if it is of its session
    whose = np.searchsorted(first, np.arange(len(kinds)), "right") - 1
    whose[(whose >= 0) & (sessions != sessions[first[whose]] if len(first) else True)] = -1
    found = np.full(len(first), NOT_SAID)
    np.maximum.at(found, whose[searched], steps.found[order][searched])
    counted = np.zeros(len(first), bool)
    counted[whose[searched[steps.counted[order][searched]]]] = True
    return Searches(
        sessions[first][counted],
        steps.people[order][first][counted],
        terms[first][counted],
        found[counted],
        _any(whose[kinds == CLICKED], len(first))[counted],
        _any(whose[kinds == ADDED], len(first))[counted],
        _any(_before(sessions[first], steps.times[order][first], placed), len(first))[counted],
    )


def _any(whose: Numbers, searches: int) -> Flags:
    found = np.zeros(searches, bool)
    found[whose[whose >= 0]] = True
    return found


def _before(sessions: Numbers, times: Numbers, placed: Placed) -> Numbers:
    # the last search of each order's session that began no later than the order; -1 for none
    known, numbered = np.unique(sessions, return_inverse=True)
    at = np.searchsorted(known, placed.sessions)
    there = np.isin(placed.sessions, known)
    moments = np.unique(np.concatenate([times, placed.times]))
    length = len(moments) + 1
    keys = numbered * length + np.searchsorted(moments, times)
    wanted = at * length + np.searchsorted(moments, placed.times)
    last = np.searchsorted(keys, wanted, "right") - 1
    theirs = there & (last >= 0)
    theirs[theirs] = numbered[last[theirs]] == at[theirs]
    return np.where(theirs, last, -1)
