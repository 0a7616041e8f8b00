"""Whose word counts of an order: what the public key says changes nothing that the shop told itself.

The public key stands in every page, so whoever reads a page may tell of orders with it. Files and secret keys are the
shop's own word.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from footfall.orders.tellings import IMPORT, PUBLIC, SECRET, commerce_of, is_told, own_word, trust
from footfall.schemas.event import ToldEvent, order_in_time
from footfall.schemas.order import Contradiction, OrderSource

SOURCES: dict[int, OrderSource] = {PUBLIC: "public_key", IMPORT: "import", SECRET: "secret_key"}
TELLING = frozenset({"order_completed", "order_updated"})
MOST_CONTRADICTIONS = 20


class PublicWord(NamedTuple):
    """Until when a site takes the public key's word alone: for orders, and for changes of them; None for ever.

    It goes by when an event was received.
    """

    orders_until: datetime | None = None
    changes_until: datetime | None = None


FOR_EVER = PublicWord()


class Heard(NamedTuple):
    """The events that an order is made of, and those of the public key that may not change it."""

    events: list[ToldEvent]
    unheard: list[ToldEvent]


def heard(events: Iterable[ToldEvent], word: PublicWord) -> Heard:
    """Returns which events an order is made of.

    A refund or a cancellation by the public key counts only of an order that the public key alone told. Where the site
    asks for its own word, neither do changes of any order.
    """
    found = list(events)
    is_own = any(event["type"] in TELLING and trust(event) > PUBLIC for event in found)
    told = Heard([], [])
    for event in found:
        (told.unheard if _is_unheard(event, word, is_own=is_own) else told.events).append(event)
    return told


def _is_unheard(event: ToldEvent, word: PublicWord, *, is_own: bool) -> bool:
    if trust(event) > PUBLIC or event["type"] == "order_completed":
        return False
    late = word.changes_until is not None and event["received_at"] >= word.changes_until
    return late or (is_own and event["type"] not in TELLING)


def source_of(events: Sequence[ToldEvent]) -> OrderSource:
    """Returns the most trusted source that told the money of an order; of its other events where none did."""
    tellings = [event for event in events if event["type"] in TELLING]
    priced = [event for event in tellings if "total" in commerce_of(event)]
    return SOURCES[max(trust(event) for event in priced or tellings or events)]


def is_unconfirmed(placed: Iterable[ToldEvent], source: OrderSource, word: PublicWord) -> bool:
    """Returns whether the site waits for its own word on an order: first heard too late of the public key alone."""
    if source != "public_key" or word.orders_until is None:
        return False
    first = min((event["received_at"] for event in placed), default=None)
    return first is not None and first >= word.orders_until


def contradictions(told: Heard, total: int | None, currency: str) -> list[Contradiction]:
    """Returns what less trusted sources said otherwise, in the order of time: the first twenty."""
    events = [event for event in told.events if event["type"] in TELLING and trust(event) < _trust_of_money(told)]
    otherwise = [event for event in events if _says_otherwise(event, total, currency)]
    return list(islice(_each(sorted([*told.unheard, *otherwise], key=order_in_time)), MOST_CONTRADICTIONS))


def _trust_of_money(told: Heard) -> int:
    tellings = [event for event in told.events if event["type"] in TELLING and "total" in commerce_of(event)]
    return max(map(trust, own_word(tellings)), default=PUBLIC)


def _says_otherwise(event: ToldEvent, total: int | None, currency: str) -> bool:
    said = commerce_of(event)
    other_currency = is_told(event, "currency") and said["currency"] != currency
    return other_currency or (is_told(event, "total") and said["total"] != total)


def _each(events: Iterable[ToldEvent]) -> Iterator[Contradiction]:
    for event in events:
        said = commerce_of(event)
        found = Contradiction(
            at=event["timestamp"], event_id=event["event_id"], type=event["type"], source=SOURCES[trust(event)]
        )
        if "total" in said:
            found["total"] = said["total"]
        if "currency" in said and ("total" in said or is_told(event, "currency")):
            found["currency"] = said["currency"]
        yield found
