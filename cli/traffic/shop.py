"""A shop's traffic over some days: who comes when, what they do, and which orders are refunded later.

The same seed gives the same traffic, to the byte. It is generated while it is read, in the order in which visits begin;
at most one day's arrivals, some thousands of people who may return, and the refunds to come are in memory.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from cli.traffic.bots import SHARE as BOTS
from cli.traffic.bots import crawl, new_bot
from cli.traffic.catalogue import CURRENCY, catalogue
from cli.traffic.journey import walk
from cli.traffic.people import SECOND_DEVICE, Visitor, new_id, new_visitor, second_device
from cli.traffic.rhythm import moment_on, visits_on
from cli.traffic.sources import DIRECT, draw_source
from cli.traffic.visit import Event, Visit, iso

RETURNING = 0.36
"""The share of visits by people who were here before."""
CUSTOMERS_AMONG_RETURNING = 1 / 3
"""The share of those by customers, once there are many."""
REMEMBERED = 20_000
"""The most visitors, and the most customers, that may return: it bounds the memory."""
REFUNDED = 0.06
REFUND_DAYS = (2, 14)
DAY_MS = 86_400_000
SERVER_AGENT = "ExampleShop-Server/3.2"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which days to simulate, both included, and about how many visitors a day has."""

    seed: int
    first: date
    last: date
    visitors_per_day: int

    @property
    def days(self) -> list[date]:
        """The days, in order."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one sender sends at once: the events of one visit, or one event from the shop's own server."""

    user_agent: str
    events: list[Event]


def traffic(plan: Plan) -> Iterator[Batch]:
    """Yields the whole traffic of a plan, as it would be sent."""
    shop = _Shop(plan)
    for day in plan.days:
        yield from shop.day(day)


class _Shop:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rng = Random(f"{plan.seed}/shop")
        self._catalogue = catalogue(plan.seed)
        self._new_visitors = 0
        self._visitors: list[Visitor] = []
        self._customers: list[Visitor] = []
        self._refunds: list[tuple[int, str, Event]] = []

    def day(self, day: date) -> Iterator[Batch]:
        """Yields one day's visits in the order they begin, with the refunds made between them."""
        for started_ms, _, visitor in sorted(self._arrivals(day), key=lambda arrival: arrival[:2]):
            while self._refunds and self._refunds[0][0] < started_ms:
                yield Batch(SERVER_AGENT, [heapq.heappop(self._refunds)[2]])
            yield Batch(visitor.user_agent, self._visit(visitor, started_ms, day.weekday()))

    def _arrivals(self, day: date) -> Iterator[tuple[int, int, Visitor]]:
        seen: set[int] = set()  # nobody comes twice a day, so that no visits of one person overlap
        for number in range(visits_on(day, self._plan.first, self._plan.visitors_per_day, self._rng)):
            visitor = self._draw_visitor(seen)
            seen.add(visitor.number)
            yield moment_on(day, visitor.device, self._rng), number, visitor

    def _draw_visitor(self, seen: set[int]) -> Visitor:
        if self._visitors and self._rng.random() < RETURNING:
            customers = min(CUSTOMERS_AMONG_RETURNING, len(self._customers) / self._plan.visitors_per_day)
            known = self._rng.choice(self._customers if self._rng.random() < customers else self._visitors)
            if known.number not in seen:
                return known
        return self._new_visitor()

    def _new_visitor(self) -> Visitor:
        self._new_visitors += 1
        if self._customers and self._rng.random() < SECOND_DEVICE:
            return second_device(self._plan.seed, self._new_visitors, self._rng.choice(self._customers))
        if self._rng.random() < BOTS:
            return new_bot(self._plan.seed, self._new_visitors)
        return new_visitor(self._plan.seed, self._new_visitors)

    def _visit(self, visitor: Visitor, started_ms: int, weekday: int) -> list[Event]:
        rng = Random(f"{self._plan.seed}/visit/{visitor.number}/{visitor.visits}")
        if visitor.bot:
            visit = Visit(visitor, DIRECT, self._catalogue, started_ms, rng)
            crawl(visit)
            return visit.events
        visit = Visit(visitor, draw_source(visitor, weekday, rng), self._catalogue, started_ms, rng)
        walk(visit)
        self._count_visit(visitor)
        if visit.order and rng.random() < REFUNDED:
            self._plan_refund(visit, visit.order)
        return visit.events

    def _count_visit(self, visitor: Visitor) -> None:
        visitor.visits += 1
        if visitor.visits == 1:
            _remember(self._visitors, visitor, self._rng)
        if visitor.orders and visitor.signed_in and not visitor.regular:
            visitor.regular = True
            _remember(self._customers, visitor, self._rng)

    def _plan_refund(self, visit: Visit, order: Event) -> None:
        # some days later: the whole order or one line of it
        rng, line = visit.rng, visit.rng.choice(order["products"])
        total = order["total"] if rng.random() < 0.6 else round(line["price"] * line["quantity"], 2)
        moment_ms = visit.now_ms + rng.randint(REFUND_DAYS[0] * DAY_MS, REFUND_DAYS[1] * DAY_MS)
        known: Event = {name: visit.events[-1][name] for name in ("visitorId", "userId") if name in visit.events[-1]}
        refund: Event = {
            "eventType": "order_refunded",
            "eventId": new_id(rng),
            **known,
            "timestamp": iso(moment_ms),
            "properties": {"order_id": order["order_id"], "total": total, "currency": CURRENCY},
            "context": {"userAgent": SERVER_AGENT},
        }
        heapq.heappush(self._refunds, (moment_ms, refund["eventId"], refund))


def _remember(people: list[Visitor], visitor: Visitor, rng: Random) -> None:
    if len(people) < REMEMBERED:
        people.append(visitor)
    else:
        people[rng.randrange(REMEMBERED)] = visitor
