"""Sessions made of columns of events: each one's events in order, and the place at which it ordered."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.funnels.engine import Coded
from footfall.propensity.columns import NEVER, Integers, Sessions
from footfall.sessions.fold import kind_of

MOST_EVENTS = 200
"""So many events of a session are followed, the first ones."""
ORDERED = frozenset({"order_completed", kind_of("pageview", "confirmation")})
"""What a shop shows or tells once there is an order: of a session with one, what is left to tell ends here."""
LATE = 2**62


class Events(NamedTuple):
    """Events in any order: of which session by number, when that began, their places in the order of time, when each
    was (both in Unix milliseconds), device as a place in DEVICES, kind, whether it is a view, and source.
    """

    sessions: Integers
    starts: Integers
    places: Integers
    times: Integers
    devices: Integers
    kinds: Coded
    views: NDArray[np.bool_]
    sources: Coded


def follow(events: Events, orders: Mapping[int, int], over_by: int, most: int) -> Sessions:
    """Returns the sessions whose last event was not after `over_by` in Unix milliseconds; of many, the `most` latest.

    `orders` says when each session that led to an order did, by its number, in Unix milliseconds.
    """
    order = np.lexsort((events.places, events.sessions, events.starts))
    sessions, times, kinds = events.sessions[order], events.times[order], np.asarray(events.kinds.codes)[order]
    begins = np.flatnonzero(np.diff(sessions, prepend=-1))
    lengths = np.diff(np.append(begins, len(sessions)))
    owners = np.repeat(np.arange(len(begins)), lengths)
    within = np.arange(len(sessions)) - begins[owners]

    def first(those: NDArray[np.bool_]) -> Integers:
        # the place of each session's first event of those; of none, as many as it has
        return np.minimum.reduceat(np.where(those, within, lengths[owners]), begins) if len(begins) else begins

    moments = np.array([orders.get(number, LATE) for number in sessions[begins].tolist()], np.int64)
    shown = np.array([kind in ORDERED for kind in events.kinds.texts], bool)[kinds]
    ordered = first((times >= moments[owners]) | (shown & (moments < LATE)[owners]))
    viewed = first(events.views[order])
    at_view = order[begins + np.minimum(viewed, lengths - 1)]
    kept = np.flatnonzero(times[begins + lengths - 1] <= over_by)[-most:]
    followed = np.isin(owners, kept) & (within < MOST_EVENTS)
    return Sessions(
        kinds=events.kinds.texts,
        sources=events.sources.texts,
        begins=np.append(0, np.minimum(lengths[kept], MOST_EVENTS).cumsum()),
        codes=kinds[followed].astype(np.int64),
        times=times[followed],
        ordered=np.where(moments < LATE, ordered, NEVER)[kept],
        viewed=viewed[kept],
        devices=events.devices[at_view][kept].astype(np.int64),
        sources_of=np.asarray(events.sources.codes)[at_view][kept].astype(np.int64),
    )
