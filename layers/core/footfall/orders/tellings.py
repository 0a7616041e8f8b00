"""Which telling of an order counts: a page, a webhook and a file may all speak of it, each with gaps of its own."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from footfall.currencies import UNKNOWN
from footfall.schemas.event import Commerce, ToldEvent, order_in_time
from footfall.schemas.message import API_KEY_SOURCE, IMPORT_SOURCE

PUBLIC, IMPORT, SECRET = 0, 1, 2
"""How far a source is trusted: anybody may send with the public key that stands in the shop's pages."""
Rank = tuple[int, int, bool, datetime, datetime, tuple[datetime, datetime, int, str]]


def commerce_of(event: ToldEvent) -> Commerce:
    """Returns what an event says of its order, empty where it says nothing."""
    return event.get("commerce") or Commerce()


def trust(event: ToldEvent) -> int:
    """Returns how far an event's source is trusted, more being better."""
    if event["source"] == API_KEY_SOURCE:
        return SECRET
    return IMPORT if event["source"].startswith(IMPORT_SOURCE) else PUBLIC


def rank(event: ToldEvent) -> Rank:
    """Returns the key by which one telling replaces another: the more trusted source, else the newer version.

    Newer is the higher `version` told, else the later time of the change: `updated_at`, or that of the last import
    which brought it, or of an event. What says that it is a change is newer than an order completed, which a page may
    show once more; an order updated is as new as the time it tells, however late and by whichever way it came.
    """
    told = commerce_of(event)
    imported = trust(event) == IMPORT
    updated = event["type"] == "order_updated"
    heard = event.get("retold_at", event["received_at"]) if imported and not updated else event["timestamp"]
    changed = updated or imported or "updated_at" in told
    return trust(event), told.get("version", -1), changed, told.get("updated_at") or heard, heard, order_in_time(event)


def own_word(tellings: Iterable[ToldEvent]) -> list[ToldEvent]:
    """Returns those tellings that may say what an order comes to.

    It is those of the shop itself where any of them does, else all.
    """
    found = list(tellings)
    own = [event for event in found if trust(event) > PUBLIC]
    return own if any("total" in commerce_of(event) for event in own) else found


def ranked(events: Iterable[ToldEvent]) -> list[ToldEvent]:
    """Returns tellings, the one that counts most first."""
    return sorted(events, key=rank, reverse=True)


def is_told(event: ToldEvent, field: str) -> bool:
    """Returns whether an event itself says a field of its order, which was not filled in for it."""
    told = commerce_of(event)
    return field in told and field not in told.get("assumed", ())


def currency_of(tellings: Iterable[ToldEvent]) -> str | None:
    """Returns the currency of an order from its tellings, the foremost first; None where nobody says or assumes one.

    It is that of the foremost with a total, if it says any; else the foremost that is known; else the site's. The
    public key does not say in which currency the shop's own word is.
    """
    events = own_word(tellings)
    of_total = [event for event in events if is_told(event, "total")][:1]
    told = [commerce_of(event)["currency"] for event in [*of_total, *events] if is_told(event, "currency")]
    known = [currency for currency in told if currency != UNKNOWN]
    assumed = [commerce_of(event)["currency"] for event in events if "currency" in commerce_of(event)]
    return next(iter([*known, *told, *assumed]), None)


def customers(tellings: Iterable[ToldEvent]) -> Iterator[str]:
    """Yields the customers whose order this is, the first to order first: one, or those who contradict each other.

    The more trusted source knows better, and so does the newer version and the later import. Two customers who
    complete an order of the same id, told by sources of which neither knows better, have ordered twice.
    """
    completed = [event for event in tellings if event["type"] == "order_completed" and event.get("user_id")]
    if not completed:
        return
    newest = _edition(max(completed, key=rank))
    of_newest = [event for event in completed if _edition(event) == newest]
    users = (event.get("user_id") for event in sorted(of_newest, key=order_in_time))
    yield from dict.fromkeys(user for user in users if user)


def _edition(event: ToldEvent) -> tuple[object, ...]:
    told = commerce_of(event)
    file = event["source"] if trust(event) == IMPORT else None
    return trust(event), file, told.get("version"), told.get("updated_at")
