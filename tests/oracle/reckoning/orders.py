"""Orders, each from everything told under its id: see docs/orders.md."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.people import Links
from tests.oracle.reckoning.refunds import Refund, given_back
from tests.oracle.reckoning.tellings import Line, is_change, rank, read_lines, told_total


@dataclass(frozen=True)
class Order:
    """One order as it stands; amounts in minor units of `currency`."""

    order_id: str
    user: str | None
    person: str
    placed_at: datetime | None
    completions: tuple[Event, ...]
    """What says that it was completed, in the order of time."""
    currency: str
    total: int | None
    lines: tuple[Line, ...]
    refunds: tuple[Refund, ...]
    cancelled: bool
    flags: frozenset[str]
    told_by: str
    contradictions: tuple[Event, ...]
    """What less trusted sources said otherwise."""

    @property
    def refunded(self) -> int:
        """What was given back in all."""
        return sum(refund.amount for refund in self.refunds)


def reckon_orders(events: Iterable[Event], known: Links, home: str, zone: ZoneInfo) -> list[Order]:
    """Returns every order that was told of; `home` is the site's currency."""
    told: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in ("order_completed", "order_updated", "order_refunded", "order_cancelled"):
            named = event.fields.get("order_id")
            if named or event.kind == "order_completed":
                told[str(named or f"event:{event.event_id}")].append(event)
    return [
        _order(name, part, known, home, zone, two=len(parts) > 1)
        for order_id, found in told.items()
        for parts in [_by_customer(order_id, found)]
        for name, part in parts.items()
    ]


def _by_customer(order_id: str, told: list[Event]) -> dict[str, list[Event]]:
    # two customers who complete an order of one id, told by sources of which neither counts more, have two orders
    completed = [event for event in told if event.kind == "order_completed" and event.user]
    if not completed:
        return {order_id: told}
    foremost = _edition(max(completed, key=rank))
    buyers = list(dict.fromkeys(event.user for event in completed if _edition(event) == foremost))
    others = {f"{order_id}@{buyer}": [event for event in told if event.user == buyer] for buyer in buyers[1:]}
    first = [event for event in told if event.user not in buyers[1:]]
    return {order_id: first, **others}


def _edition(event: Event) -> tuple[object, ...]:
    file = event.source if event.trust == 1 else None
    return event.trust, file, event.fields.get("version"), event.fields.get("updated_at")


SOURCES = ("public_key", "import", "secret_key")


def _telling_money(tellings: Iterable[Event], currency: str) -> list[Event]:
    return [one for one in tellings if told_total(one, currency) is not None or _sum(one, currency)]


def _otherwise(tellings: Sequence[Event], total: int | None, currency: str) -> list[Event]:
    # of what sources less trusted than the one whose word counts say of the money
    best = max((one.trust for one in _telling_money(tellings, currency)), default=0)
    lower = [one for one in tellings if one.trust < best]
    return [
        one
        for one in lower
        if one.fields.get("currency", currency) != currency or told_total(one, currency) not in (None, total)
    ]


def _heard(told: list[Event]) -> list[Event]:
    # of an order that the shop itself told, the public key gives nothing back
    own = any(one.trust > 0 and one.kind in ("order_completed", "order_updated") for one in told)
    back = ("order_refunded", "order_cancelled")
    return [one for one in told if not (own and one.trust == 0 and one.kind in back)]


def _own(foremost_first: Sequence[Event], currency: str) -> Sequence[Event]:
    # where the shop itself tells what an order comes to, nobody else does
    own = [event for event in foremost_first if event.trust > 0]
    tells = any(told_total(event, currency) is not None or _sum(event, currency) for event in own)
    return own if tells else foremost_first


def _order(name: str, told: list[Event], known: Links, home: str, zone: ZoneInfo, *, two: bool) -> Order:
    otherwise = [one for one in told if one not in _heard(told)]
    told = _heard(told)
    tellings = sorted((one for one in told if one.kind in ("order_completed", "order_updated")), key=rank, reverse=True)
    others = sorted((one for one in told if one not in tellings), key=rank, reverse=True)
    completions = tuple(one for one in told if one.kind == "order_completed")
    currency = _currency(tellings or others, home)
    counting = [one for one in tellings if one.fields.get("currency", currency) == currency]
    total, lines = _total(counting, currency), _lines(counting, currency)
    refunds, readable = given_back(
        told, total, _lines(_own(counting, currency), currency), currency, zone, placed=bool(completions)
    )
    who = _customer(tellings, others, known)
    first = (completions or tuple(told))[0]
    unknown = bool(completions) and total is None
    said_otherwise = (*otherwise, *_otherwise(tellings, total, currency))
    flags = {
        "contradicted": bool(said_otherwise),
        "two_customers": two,
        "amount_missing": unknown and not _unreadable(tellings, currency),
        "amount_unreadable": unknown and _unreadable(tellings, currency),
        "refund_unreadable": not readable,
    }
    return Order(
        order_id=name,
        user=who,
        person=who or first.visitor,
        placed_at=_placed_at(completions),
        completions=completions,
        currency=currency,
        total=total,
        lines=lines,
        refunds=refunds,
        cancelled=any(one.kind == "order_cancelled" for one in told),
        flags=frozenset(flag for flag, holds in flags.items() if holds),
        told_by=SOURCES[max(one.trust for one in _telling_money(tellings, currency) or tellings or others)],
        contradictions=tuple(sorted(said_otherwise, key=lambda one: one.order))[:20],
    )


def _customer(tellings: Sequence[Event], others: Sequence[Event], known: Links) -> str | None:
    # whom any of it names, the foremost first; else who the visitor of the foremost turned out to be
    named = (event.user for event in [*tellings, *others])
    turned_out = (known.get(event.visitor) for event in tellings or others)
    return next(filter(None, [*named, *turned_out]), None)


def _placed_at(completions: Sequence[Event]) -> datetime | None:
    # when the shop itself said so first, else a page; a newer file knows better than an older one
    completions = [event for event in completions if event.trust > 0] or completions
    files = [event for event in completions if event.trust == 1]
    moments = [event.at for event in completions if event.trust != 1]
    return min([*moments, *([max(files, key=rank).at] if files else [])], default=None)


def _currency(foremost_first: Sequence[Event], home: str) -> str:
    # of the foremost that tells an amount, else of the foremost that says one, else the site's
    said = [(event, str(event.fields.get("currency", ""))) for event in _own(foremost_first, home)]
    of_total = [currency for event, currency in said if told_total(event, currency or home) is not None][:1]
    return next(filter(None, [*of_total, *(currency for _, currency in said)]), home)


def _total(foremost_first: Sequence[Event], currency: str) -> int | None:
    # what a telling says, or what the lines come to of one that changes them; else what the lines of any come to
    foremost_first = _own(foremost_first, currency)
    for event in foremost_first:
        if (found := told_total(event, currency)) is not None:
            return found
        if is_change(event) and (summed := _sum(event, currency)):
            return summed
    return next((summed for event in foremost_first if (summed := _sum(event, currency))), None)


def _sum(event: Event, currency: str) -> int:
    # only of one that tells no total, be it unreadable
    return 0 if "total" in event.fields else sum(line.total for line in read_lines(event, currency))


def _lines(foremost_first: Iterable[Event], currency: str) -> tuple[Line, ...]:
    return next((tuple(found) for event in foremost_first if (found := list(read_lines(event, currency)))), ())


def _unreadable(tellings: Iterable[Event], currency: str) -> bool:
    totals = [(event, str(event.fields.get("currency", currency))) for event in tellings if "total" in event.fields]
    return any(told_total(event, told) is None for event, told in totals)
