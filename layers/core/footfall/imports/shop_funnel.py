"""The tables of a shop's funnel: who came when, and which pages each of them saw.

The only time is the user's day, so a user's pages follow one another by a second each, in the funnel's order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from footfall.errors import Unstorable
from footfall.imports.ids import event_id
from footfall.imports.kind import Destination, GroupEvents, Kind, Refused, RowKey
from footfall.imports.layouts import FieldType, Layout, squashed
from footfall.imports.reader import TableRow
from footfall.schemas.event import Json

FIELDS: dict[str, FieldType] = {**dict.fromkeys(("user_id", "device", "sex", "page"), "text"), "date": "date"}


def _columns(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


def _page_table(stem: str) -> Layout:
    # the second column has another name in each copy
    return Layout(stem, stem, _columns("user_id", "page"), ("user_id", "page"), stem=stem, rest="page")


USERS = Layout(
    "user_table",
    "user_table",
    _columns("user_id", "date", "device", "sex"),
    ("user_id", "date", "device", "sex"),
    stem="user_table",
)
PAGES = {
    _page_table("home_page_table"): ("homepage", "home"),
    _page_table("search_page_table"): ("searchpage", "search"),
    _page_table("payment_page_table"): ("paymentpage", "payment"),
    _page_table("payment_confirmation_table"): ("paymentconfirmationpage", "confirmation"),
}
RANKS = {table: rank for rank, table in enumerate(PAGES, start=1)}
MAX_ID = 256
MAX_DEVICE = 64


def row_key(row: TableRow, destination: Destination) -> RowKey:
    """Returns a row belongs to its user: the user's own row first, then the pages in the funnel's order."""
    user_id, table = row.text("user_id"), row.reader.layout
    if not user_id or len(user_id) > MAX_ID:
        raise Unstorable("bad_user_id", f"user_id is empty or longer than {MAX_ID} characters")
    if table is not USERS:
        if _page_of(row.text("page")) != PAGES[table][0]:
            raise Unstorable("wrong_page", f"{row.reader.column('page')} is not the page that this table is of")
        return RowKey(user_id, RANKS[table])
    if len(row.text("device")) > MAX_DEVICE:
        raise Unstorable("bad_device", f"device is longer than {MAX_DEVICE} characters")
    return RowKey(user_id, 0, _midnight(row, destination).date().isoformat())


@lru_cache(maxsize=1024)
def _page_of(text: str) -> str:
    return f"{squashed(text).removesuffix('page')}page"


def _midnight(row: TableRow, destination: Destination) -> datetime:
    day = row.told_moment("date", destination.zone, destination.latest)
    return day.replace(hour=0, minute=0, second=0, microsecond=0)


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns one identify event of the user and one page view for each page; what a row repeats counts once."""
    user = rows[0]
    if user.reader.layout is not USERS:
        return GroupEvents(
            [], refused=[Refused(row.row, "unknown_user", "user_id is not in user_table") for row in rows]
        )
    midnight = _midnight(user, destination)
    events: dict[Layout, Json] = {USERS: _identify(user, midnight, destination)}
    refused = []
    for row in rows[1:]:
        table = row.reader.layout
        if table is USERS and row.values != user.values:
            refused.append(Refused(row.row, "conflicting_user", "an earlier row of this user says otherwise"))
        elif table not in events:
            events[table] = _page_view(user, table, midnight, destination)
    return GroupEvents(list(events.values()), len(rows) - len(events) - len(refused), refused)


def _identify(user: TableRow, midnight: datetime, destination: Destination) -> Json:
    user_id, day, device, sex = (user.text(name) for name in ("user_id", "date", "device", "sex"))
    return {
        "eventType": "identify",
        "eventId": event_id(destination.site_id, "shop-funnel", "user", user_id, day, device, sex),
        "visitorId": user_id,
        "timestamp": _seconds_after(midnight, 0),
        "device": device,
        "traits": {"sex": sex} if sex else {},
        "sequence": 0,
    }


def _page_view(user: TableRow, table: Layout, midnight: datetime, destination: Destination) -> Json:
    page_type = PAGES[table][1]
    return {
        "eventType": "pageview",
        "eventId": event_id(destination.site_id, "shop-funnel", "page", user.text("user_id"), page_type),
        "visitorId": user.text("user_id"),
        "pageType": page_type,
        "timestamp": _seconds_after(midnight, RANKS[table] - 1),
        "device": user.text("device"),
        "sequence": RANKS[table],
    }


@lru_cache(maxsize=50_000)
def _seconds_after(midnight: datetime, seconds: int) -> str:
    return (midnight + timedelta(seconds=seconds)).isoformat()


SHOP_FUNNEL = Kind(FIELDS, (*PAGES, USERS), row_key, group_events)
