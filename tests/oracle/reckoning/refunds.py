"""What was given back of an order: each refund once, on its own day, and never more than the order's total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.tellings import Line, rank, read_lines, told_total


@dataclass(frozen=True)
class Refund:
    """What was given back at one moment, in minor units."""

    at: datetime
    amount: int


@dataclass(frozen=True)
class _Claim:
    # one refund as it is told; no amount where it cannot be read
    refund_id: str | None
    at: datetime
    amount: int | None
    trust: int
    items: tuple[object, ...]


def given_back(
    told: Sequence[Event],
    total: int | None,
    lines: Sequence[Line],
    currency: str,
    zone: ZoneInfo,
    *,
    placed: bool,
) -> tuple[tuple[Refund, ...], bool]:
    """Returns the refunds of an order in the order of time, and whether all that was told of them could be read."""
    claims = [_claim(event, total, lines, currency, placed=placed) for event in told if event.kind == "order_refunded"]
    counted = _across_sources(_once(claims, told, zone))
    readable = all(claim.amount is not None for claim in counted)
    cancelled = next((event.at for event in told if event.kind == "order_cancelled" and placed), None)
    steps = sorted((claim.at, 0, claim.amount) for claim in counted if claim.amount is not None)
    if cancelled and total is not None:
        steps = sorted([*steps, (cancelled, 1, total)])
    left = total if placed else None
    found = []
    for at, _, wanted in steps:
        given = wanted if left is None else min(wanted, left)
        left = None if left is None else left - given
        found.append(Refund(at, given))
    return tuple(found), readable


def _claim(event: Event, total: int | None, lines: Sequence[Line], currency: str, *, placed: bool) -> _Claim:
    items = tuple(sorted((line.product, line.quantity) for line in read_lines(event, currency)))
    refund_id = event.fields.get("refund_id")
    wanted = _wanted(event, total, lines, currency, placed=placed)
    return _Claim(str(refund_id) if refund_id else None, event.at, wanted, event.trust, items)


def _wanted(event: Event, total: int | None, lines: Sequence[Line], currency: str, *, placed: bool) -> int | None:
    # by amount, by items, or else whole
    if event.fields.get("currency", currency) != currency:
        return None
    if (told := told_total(event, currency)) is not None:
        return told
    items = list(read_lines(event, currency))
    if not items:
        return total if placed else 0
    parts = [_of_line(line, lines) for line in items]
    known = [part for part in parts if part is not None]
    return int(sum(known, Decimal()).to_integral_value()) if len(known) == len(parts) else None


def _of_line(line: Line, ordered: Sequence[Line]) -> Decimal | None:
    # at the price that the refund tells, else at the order's
    if line.total:
        return Decimal(line.total)
    same = next((one for one in ordered if one.product == line.product), None)
    return None if same is None else Decimal(same.total) / same.quantity * line.quantity


def _once(claims: Iterable[_Claim], told: Sequence[Event], zone: ZoneInfo) -> list[_Claim]:
    # a refund is one by its id; without one, by what a source says on one day
    ranks = [rank(event) for event in told if event.kind == "order_refunded"]
    named: dict[str, list[tuple[tuple[object, ...], _Claim]]] = {}
    unnamed: dict[tuple[object, ...], _Claim] = {}
    for place, claim in zip(ranks, claims, strict=True):
        if claim.refund_id:
            named.setdefault(claim.refund_id, []).append((place, claim))
        else:
            content = claim.trust, claim.at.astimezone(zone).date(), claim.amount, claim.items
            unnamed.setdefault(content, claim)
    return [*map(_foremost, named.values()), *unnamed.values()]


def _foremost(tellings: list[tuple[tuple[object, ...], _Claim]]) -> _Claim:
    # it says how much it was; when it was is when it was first heard of
    _, best = max(tellings, key=lambda each: each[0])
    return _Claim(best.refund_id, min(claim.at for _, claim in tellings), best.amount, best.trust, best.items)


def _across_sources(claims: Iterable[_Claim]) -> list[_Claim]:
    # sources of different trust that tell of equal amounts tell of the same refund, each of theirs once
    kept: list[_Claim] = []
    for trust in (2, 1, 0):
        better = list(kept)
        for claim in sorted((one for one in claims if one.trust == trust), key=lambda one: one.at):
            same = next((one for one in better if _is_same(claim, one)), None)
            if same:
                better.remove(same)
            else:
                kept.append(claim)
    return kept


def _is_same(claim: _Claim, better: _Claim) -> bool:
    return claim.amount == better.amount and not (claim.refund_id and better.refund_id)
