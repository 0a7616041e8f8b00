"""Sessions with their events in order, from the lake's columns: what the chance of an order is learnt from."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

import numpy as np
from footfall.days import DayRange, zone_named
from footfall.dimensions import UNKNOWN, dimensions_of
from footfall.funnels.columns import milliseconds
from footfall.funnels.engine import Coded
from footfall.lake.session_numbers import session_number
from footfall.propensity.columns import Sessions
from footfall.propensity.following import Events, follow
from footfall.questions.event_rows import EventsQuery, Kinds, Numbers, columns_named, joined
from footfall.questions.how_much import TooBig
from footfall.questions.read_rows import Read, read_rows
from footfall.rollups import Rollups
from footfall.schemas.event import VIEW_TYPES
from footfall.schemas.session import OrderingSession
from footfall.sessions.fold import GAP, SILENCE, kind_of
from footfall.stores.collections import user_sessions
from footfall.stores.mongo import database

DAYS = 90
"""Of older sessions too many things were otherwise."""
MOST_SESSIONS = 200_000
"""Of more, those that began last."""


def sessions_followed(rollups: Rollups) -> Sessions:
    """Returns people's sessions that began in the last ninety days with figures and are over; raises Unavailable.

    Of more events than one call reads, those of fewer days.
    """
    last = rollups.last_day()
    days, read = _newest(rollups, DayRange(last - timedelta(days=DAYS - 1), last, zone_named(rollups.site.time_zone)))
    over_by = milliseconds(rollups.moment - SILENCE)
    return follow(_events(days, read), _orders(rollups, days), over_by, MOST_SESSIONS)


def _newest(rollups: Rollups, days: DayRange) -> tuple[DayRange, Read]:
    try:
        return days, _read(rollups, days)
    except TooBig:
        if days.first == days.last:
            return days, Read([])
        half = (days.last - days.first) // 2
        return _newest(rollups, DayRange(days.last - half + timedelta(days=1), days.last, days.zone))


def _read(rollups: Rollups, days: DayRange) -> Read:
    rows = dimensions_of(rollups.site)
    told = {**columns_named("type"), "page_type": rows["page_type"], "source": rows["source"]}
    return read_rows(EventsQuery(rollups, days, None, {}, told, by_session=True, bots=False, reading=Kinds()))


def _events(days: DayRange, read: Read) -> Events:
    ours = [each.session_starts >= milliseconds(days.start) for each in read.rows]
    rows = [each.where(those, each.steps) for each, those in zip(read.rows, ours, strict=True)]
    types = joined([each.told["type"] for each in rows])
    return Events(
        sessions=_column([each.who for each in rows]),
        starts=_column([each.session_starts for each in rows]),
        places=_column([places[those] for places, those in zip(read.places, ours, strict=True)]),
        times=_column([each.times for each in rows]),
        devices=_column([each.devices.astype(np.int64) for each in rows]),
        kinds=_kinds(types, joined([each.told["page_type"] for each in rows])),
        views=np.array([text in VIEW_TYPES for text in types.texts], bool)[types.codes],
        sources=joined([each.told["source"] for each in rows]),
    )


def _column(columns: Sequence[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, np.int64), *columns])


def _kinds(types: Coded, page_types: Coded) -> Coded:
    shape = len(types.texts) or 1, len(page_types.texts) or 1
    used, codes = np.unique(np.ravel_multi_index((types.codes, page_types.codes), shape), return_inverse=True)
    pairs = zip(*np.unravel_index(used, shape), strict=True)
    named = [(types.texts[kind], page_types.texts[page]) for kind, page in pairs]
    kinds = [kind_of(kind, None if page == UNKNOWN else page) for kind, page in named]
    texts = sorted(set(kinds))
    return Coded(texts, np.array([texts.index(kind) for kind in kinds], np.int64)[codes])


def _orders(rollups: Rollups, days: DayRange) -> dict[int, int]:
    # when the first order of each session was placed that was placed before half an hour of silence after it
    began = {"site_id": rollups.site.site_id, "started_at": {"$gte": days.start, "$lt": days.end}, "converted": True}
    parts = {"orders": ("placed_at",)}
    found = user_sessions.read(database(), OrderingSession, began, parts=parts, session=rollups.session)
    orders = {}
    for session in islice(found.sort("started_at", -1), MOST_SESSIONS):
        placed = [order["placed_at"] for order in session.get("orders", ())]
        moment = min((at for at in placed if session["started_at"] <= at <= session["ended_at"] + GAP), default=None)
        if moment:
            orders[session_number(session)] = milliseconds(moment)
    return orders
