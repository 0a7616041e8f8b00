"""Remnants: of an event that has been removed, what orders and people's traits are folded from.

An order and a person stay when their events go, and more may be told of them later: a refund, another trait. With the
remnants they are folded from everything that was ever told, as if nothing had been removed.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import cast, get_type_hints

from footfall.schemas.event import ToldEvent
from footfall.schemas.message import IMPORT_SOURCE
from footfall.schemas.remnant import RemnantDocument

NAMES = frozenset(get_type_hints(ToldEvent))
AS_SENT = {"value", "properties"}


def remnant_of(event: ToldEvent, removed_at: datetime) -> RemnantDocument:
    """Returns what is kept of an event: no page, no address, no device.

    What a client sent stays only where it says no currency, as its amounts are read again once another event does.
    """
    assumed = event.get("commerce", {}).get("assumed", ())
    names = NAMES if "currency" in assumed else NAMES - AS_SENT
    kept = {name: value for name, value in event.items() if name in names}
    return cast(RemnantDocument, {**kept, "removed_at": removed_at})


def told_at_last(event: ToldEvent) -> datetime | None:
    """Returns when an import last told an event; None where no import did."""
    imported = event["source"].startswith(IMPORT_SOURCE)
    return event.get("retold_at", event["received_at"]) if imported else None


def with_remnants(events: Iterable[ToldEvent], remnants: Iterable[ToldEvent]) -> list[ToldEvent]:
    """Returns events and what is left of those that were removed, each once.

    One that came again after it was removed counts as it was first, and of an import as told by the later.
    """
    found = {event["_id"]: event for event in events}
    for remnant in remnants:
        again = found.get(remnant["_id"])
        found[remnant["_id"]] = _told_again(remnant, again) if again else remnant
    return list(found.values())


def _told_again(remnant: ToldEvent, again: ToldEvent) -> ToldEvent:
    moments = [moment for one in (remnant, again) if (moment := told_at_last(one))]
    return {**remnant, "retold_at": max(moments)} if moments else remnant
