"""The tables of a shop's funnel: who came when, and which pages each of them saw.

The only time is the user's day, so a user's pages follow one another by a second each, in the funnel's order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from footfall.errors import Unstorable
from footfall.imports.ids import event_id
from footfall.imports.kind import Destination, GroupEvents, Kind, Refused, RowKey, Table, TableRow
from footfall.imports.moments import read_day
from footfall.schemas.event import Json

USERS = Table(("user_id", "date", "device", "sex"), "user_table")
PAGES = {
    Table(("user_id", "page"), "home_page_table"): ("home_page", "home"),
    Table(("user_id", "page"), "search_page_table"): ("search_page", "search"),
    Table(("user_id", "page"), "payment_page_table"): ("payment_page", "payment"),
    Table(("user_id", "page"), "payment_confirmation_table"): ("payment_confirmation_page", "confirmation"),
}
RANKS = {table: rank for rank, table in enumerate(PAGES, start=1)}
MAX_ID = 256
MAX_DEVICE = 64


def row_key(row: TableRow, destination: Destination) -> RowKey:
    """Returns a row belongs to its user: the user's own row first, then the pages in the funnel's order."""
    user_id, second, *others = row.values
    if not user_id.strip() or len(user_id) > MAX_ID:
        raise Unstorable("bad_user_id", f"user_id is empty or longer than {MAX_ID} characters")
    if row.table is not USERS:
        if second != PAGES[row.table][0]:
            raise Unstorable("wrong_page", "page is not the one that this table is of")
        return RowKey(user_id, RANKS[row.table])
    if len(others[0]) > MAX_DEVICE:
        raise Unstorable("bad_device", f"device is longer than {MAX_DEVICE} characters")
    read_day(second, destination.zone, destination.latest)
    return RowKey(user_id, 0, second)


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns one identify event of the user and one page view for each page; what a row repeats counts once."""
    user = rows[0]
    if user.table is not USERS:
        return GroupEvents(
            [], refused=[Refused(row.row, "unknown_user", "user_id is not in user_table") for row in rows]
        )
    user_id, day, device, _ = user.values
    midnight = read_day(day, destination.zone, destination.latest)
    events: dict[Table, Json] = {USERS: _identify(user.values, midnight, destination)}
    refused = []
    for row in rows[1:]:
        if row.table is USERS and row.values != user.values:
            refused.append(Refused(row.row, "conflicting_user", "an earlier row of this user says otherwise"))
        elif row.table not in events:
            events[row.table] = _page_view(user_id, row.table, device, midnight, destination)
    return GroupEvents(list(events.values()), len(rows) - len(events) - len(refused), refused)


def _identify(values: Sequence[str], midnight: datetime, destination: Destination) -> Json:
    user_id, _, device, sex = values
    return {
        "eventType": "identify",
        "eventId": event_id(destination.site_id, "shop-funnel", "user", *values),
        "visitorId": user_id,
        "timestamp": _seconds_after(midnight, 0),
        "device": device,
        "traits": {"sex": sex} if sex else {},
        "sequence": 0,
    }


def _page_view(user_id: str, table: Table, device: str, midnight: datetime, destination: Destination) -> Json:
    page_type = PAGES[table][1]
    return {
        "eventType": "pageview",
        "eventId": event_id(destination.site_id, "shop-funnel", "page", user_id, page_type),
        "visitorId": user_id,
        "pageType": page_type,
        "timestamp": _seconds_after(midnight, RANKS[table] - 1),
        "device": device,
        "sequence": RANKS[table],
    }


@lru_cache(maxsize=50_000)
def _seconds_after(midnight: datetime, seconds: int) -> str:
    return (midnight + timedelta(seconds=seconds)).isoformat()


SHOP_FUNNEL = Kind((USERS, *PAGES), row_key, group_events)
