"""Everything that follows from what a shop was told, reckoned once for all questions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from tests.oracle.life import Json, Question, Shop, Told
from tests.oracle.reckoning.events import Event, read_all
from tests.oracle.reckoning.numbers import by_number, local_day, money
from tests.oracle.reckoning.orders import Order, reckon_orders
from tests.oracle.reckoning.people import Links, links, person
from tests.oracle.reckoning.sessions import NO_DOING, Session, conversions, reckon_sessions


@dataclass(frozen=True)
class Days:
    """Local days, both ends counted."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def all(self) -> list[date]:
        """Returns every one."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


class Reckoning:
    """What a shop was told, and what follows from it."""

    def __init__(self, shop: Shop, told: Iterable[Told], today: date) -> None:
        self.shop = shop
        self.zone = ZoneInfo(shop.zone)
        self.today = today
        self.events = read_all(told)

    @cached_property
    def links(self) -> Links:
        """Who visitors turned out to be."""
        return links(self.events)

    @cached_property
    def orders(self) -> list[Order]:
        """Every order that was told of."""
        return reckon_orders(self.events, self.links, self.shop.currency, self.zone)

    @cached_property
    def sessions(self) -> list[Session]:
        """Every visit, crawlers' too."""
        return reckon_sessions(self.events)

    @cached_property
    def came_of(self) -> dict[Session, list[Order]]:
        """The purchases that came of each visit."""
        return conversions(self.sessions, self.orders, self.links)

    @cached_property
    def visit_of(self) -> dict[Event, Session]:
        """The visit that each event is of; one that is of none is not here."""
        return {event: session for session in self.sessions for event in session.events}

    @cached_property
    def human(self) -> list[Event]:
        """Events of people, crawlers left out."""
        return [event for event in self.events if not event.bot]

    def person(self, event: Event) -> str:
        """Returns whose an event is."""
        return person(event, self.links)

    def day(self, event: Event) -> date:
        """Returns the local day of an event."""
        return local_day(event.at, self.zone)

    def begin(self, days: Days) -> datetime:
        """Returns when the first of these days begins."""
        return datetime.combine(days.first, time(), self.zone).astimezone(UTC)

    def end(self, days: Days) -> datetime:
        """Returns when the day after the last of these begins."""
        return self.begin(Days(days.last + timedelta(days=1), days.last))

    def is_present(self, event: Event) -> bool:
        """Returns whether an event says that somebody was there."""
        return event.kind == "pageview" or event.kind not in NO_DOING

    def bounced(self, session: Session) -> bool:
        """Returns whether a visit bounced: one page, nothing else done, and nothing bought."""
        return session.bounced and session not in self.came_of

    def converted(self, session: Session) -> bool:
        """Returns whether figures count a visit as a conversion: an order came of it that they count."""
        return any(map(self.counted, self.came_of.get(session, ())))

    def counted(self, order: Order) -> bool:
        """Returns whether figures count an order: it was placed, cost something, and is in the site's currency."""
        return order.placed_at is not None and (order.total or 0) > 0 and order.currency == self.shop.currency

    def placed(self, orders: Iterable[Order], days: Days | None = None) -> list[Order]:
        """Returns those of these orders that were placed, on these days."""
        return [
            order
            for order in orders
            if order.placed_at and (days is None or local_day(order.placed_at, self.zone) in days)
        ]

    def refunds(self, orders: Iterable[Order], days: Days | None = None) -> int:
        """Returns what was given back of these orders in the site's currency, on these days."""
        ours = [refund for order in orders if order.currency == self.shop.currency for refund in order.refunds]
        return sum(refund.amount for refund in ours if days is None or local_day(refund.at, self.zone) in days)

    def money_figures(self, orders: Iterable[Order], days: Days | None = None) -> Json:
        """Returns orders, revenue, refunds and net revenue."""
        found = list(orders)
        counted = [order for order in self.placed(found, days) if self.counted(order)]
        revenue, refunds = sum(order.total or 0 for order in counted), self.refunds(found, days)
        return {
            "orders": len(counted),
            "revenue": self.major(revenue),
            "refunds": self.major(refunds),
            "net_revenue": self.major(revenue - refunds),
        }

    def average_value(self, orders: Iterable[Order]) -> float:
        """Returns what these orders came to on average, of those that figures count."""
        totals = [order.total or 0 for order in orders if self.counted(order)]
        return self.major(sum(totals) / len(totals)) if totals else 0.0

    def left_out(self, orders: Iterable[Order], days: Days | None = None) -> Json:
        """Returns how many of the orders that were placed no figure counts, by why."""
        placed = self.placed(orders, days)
        abroad = [order.currency for order in placed if order.total and order.currency != self.shop.currency]
        return {
            "other_currencies": by_number(abroad, what="currency", count="orders"),
            "unknown_amounts": sum(order.total is None for order in placed),
            "free_orders": sum(order.total == 0 for order in placed),
        }

    def major(self, minor: float) -> float:
        """Returns minor units of the site's currency in major ones."""
        return money(minor, self.shop.currency)

    def days_with_data(self) -> set[date]:
        """Returns every day that has figures."""
        moments = [
            *(event.at for event in self.human if self.is_present(event)),
            *(session.began for session in self.sessions if not session.bot),
            *(order.placed_at for order in self.orders if order.placed_at),
            *(
                one.at
                for order in self.orders
                if order.currency == self.shop.currency
                for one in order.refunds
                if one.amount
            ),
        ]
        return {local_day(moment, self.zone) for moment in moments}

    def last_day(self) -> date:
        """Returns the last day that has data."""
        return max(self.days_with_data(), default=self.today)

    def days_of(self, question: Question) -> Days:
        """Returns the days that a question is about: without any, the last thirty that have data."""
        first, last = question.get("from"), question.get("to")
        end = date.fromisoformat(last) if last else self.last_day()
        return Days(date.fromisoformat(first) if first else end - timedelta(days=29), end)

    def range(self, days: Days) -> Json:
        """Returns what an answer says of its days."""
        return {"from": str(days.first), "to": str(days.last), "time_zone": self.shop.zone}
