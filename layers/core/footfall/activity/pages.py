"""What each page of a shop is to its sessions: where they begin and end, how long it is seen, who buys after it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import among

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
PAGE_BITS = 32


@dataclass(frozen=True)
class Views:
    """Page views in the order of time: of which session and person, when in Unix milliseconds, of which page.

    `starts` are when their sessions began, `counted` which of them figures are about: the others only tell what is
    before and after.
    """

    sessions: Numbers
    people: Numbers
    times: Numbers
    starts: Numbers
    pages: Numbers
    counted: Flags


class Buying(NamedTuple):
    """The sessions that orders came of, and when each order was placed, in Unix milliseconds."""

    sessions: Numbers
    times: Numbers


class Seen(NamedTuple):
    """Pages, and somebody who viewed each; the same may be there again."""

    pages: Numbers
    people: Numbers


@dataclass(frozen=True)
class PageFigures:
    """Of each page, by its number: counts, and how long it was looked at, in milliseconds, by so many `measured`.

    `people` are who viewed it, and `buyers` who did so in a session that converted.
    """

    views: Numbers
    sessions: Numbers
    entrances: Numbers
    exits: Numbers
    bounces: Numbers
    measured: Numbers
    milliseconds: Numbers
    conversions: Numbers
    people: Seen
    buyers: Seen


def page_figures(views: Views, pages: int, begun: int, busy: Numbers, buying: Buying) -> PageFigures:
    """Returns the figures of so many pages.

    Sessions that began before the moment `begun` have no entrance here. `busy` are those in which somebody did
    something besides looking at pages. The time on a page ends with the session's next page view: a last one has none.
    """
    order = np.argsort(views.sessions, kind="stable")
    sessions, times, page = views.sessions[order], views.times[order], views.pages[order]
    first, last = np.diff(sessions, prepend=-1) != 0, np.diff(sessions, append=-1) != 0
    counted = views.counted[order]
    entered = counted & first & (views.starts[order] >= begun)
    alone = entered & last & ~among(sessions, busy) & ~among(sessions, buying.sessions)
    spent = np.append(times[1:], 0) - times

    def of(which: Flags, weights: Numbers | None = None) -> Numbers:
        added = np.zeros(pages, np.int64)
        np.add.at(added, page[which], 1 if weights is None else weights[which])
        return added

    seen = _first_of_each(sessions, page, counted)
    buys = np.zeros(len(page), bool)
    buys[seen] = _last_order(sessions[seen], buying) >= times[seen]
    people = views.people[order]
    return PageFigures(
        views=of(counted),
        people=Seen(page[counted], people[counted]),
        sessions=np.bincount(page[seen], minlength=pages),
        entrances=of(entered),
        exits=of(counted & last),
        bounces=of(alone),
        measured=of(counted & ~last),
        milliseconds=of(counted & ~last, spent),
        conversions=of(buys),
        buyers=Seen(page[buys], people[buys]),
    )


def _first_of_each(sessions: Numbers, page: Numbers, counted: Flags) -> Numbers:
    # the place of the first counted view of every page in every session
    there = np.flatnonzero(counted)
    numbered = (np.diff(sessions, prepend=-1) != 0).cumsum()  # they are in order
    pairs = numbered[there] << PAGE_BITS | page[there]
    order = np.argsort(pairs, kind="stable")
    found: Numbers = there[order[np.diff(pairs[order], prepend=-1) != 0]]
    return found


def _last_order(sessions: Numbers, buying: Buying) -> Numbers:
    # when the last order was placed that came of each session, -1 for none
    known, whose = np.unique(buying.sessions, return_inverse=True)
    last = np.full(len(known) + 1, -1, np.int64)
    np.maximum.at(last, whose, buying.times)
    at = np.searchsorted(known, sessions)
    found = np.isin(sessions, known)
    return np.where(found, last[np.where(found, at, -1)], -1)
