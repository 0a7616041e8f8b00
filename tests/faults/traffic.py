"""Seeded traffic of some shops, in which every event carries a number of its own: what the ledger counts by."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
OPEN_VISITS = 30
DAY_MINUTES = 1_440
PAGES = ("home", "search", "product", "cart", "payment", "confirmation")
DEVICES = ("Desktop", "Mobile", "Tablet")


@dataclass(frozen=True)
class Body:
    """What one request brings: events of one site."""

    site_id: str
    events: Sequence[Json]
    path: str = "/collect"

    @property
    def text(self) -> str:
        """The request's body."""
        return json.dumps({"batch": self.events})


def serial_of(event: Json) -> int:
    """Returns the event's own number, the same wherever the event went."""
    return int(event["properties"]["serial"])


class Traffic:
    """Visits of some sites, interleaved: the events of one come in several bodies, and some visitors come again.

    Most visits have a session id, some are cut by gaps alone; some visitors log in; one order in four is given back.
    Some events have no id, so that collect derives one. `padding` makes each event so many bytes longer.
    """

    def __init__(self, seed: object, sites: Sequence[str] = ("shop",), padding: int = 0, after: int = 0) -> None:
        """Serial numbers begin `after` a number."""
        self.random = random.Random(f"traffic {seed}")
        self.sites = sites
        self._padding = {"note": "·" * padding} if padding else {}
        self._serial = after
        self._visits: dict[str, list[Iterator[Json]]] = {site_id: [] for site_id in sites}
        self._visitors = 0
        self._now = datetime.now(UTC)

    def bodies(self, events: int, largest: int = 40) -> Iterator[Body]:
        """Yields so many events, in bodies of different lengths."""
        while events > 0:
            length = min(events, self.random.randint(1, largest))
            yield self.body(length, self.random.choice(self.sites))
            events -= length

    def body(self, length: int, site_id: str | None = None) -> Body:
        """Returns the next events of a site, each of some visit that goes on."""
        site_id = site_id or self.sites[0]
        return Body(site_id, [self._next_event(site_id) for _ in range(length)])

    def event(self, visitor: str, moment: datetime, **but: Any) -> Json:
        """Returns one event with the next number."""
        self._serial += 1
        properties = {"serial": self._serial, **self._padding, **but.pop("properties", {})}
        event = {
            "eventType": "pageview",
            "eventId": f"e-{self._serial}",
            "visitorId": visitor,
            "timestamp": moment.isoformat(timespec="milliseconds"),
            **but,
            "properties": properties,
        }
        return {name: value for name, value in event.items() if value is not None}

    def moment(self) -> datetime:
        """Returns some time in the last day, one in five in the last minutes: those visits are live."""
        minutes = self.random.choice((10, DAY_MINUTES, DAY_MINUTES, DAY_MINUTES, DAY_MINUTES))
        return self._now - timedelta(seconds=self.random.randrange(minutes * 60))

    def whole_visit(self) -> list[Json]:
        """Returns a visit of somebody who logs in and orders."""
        while True:
            visit = list(self._visit())
            if {"identify", "order_completed"} <= {event["eventType"] for event in visit}:
                return visit

    def _next_event(self, site_id: str) -> Json:
        visits = self._visits[site_id]
        while len(visits) < OPEN_VISITS:
            visits.append(self._visit())
        visit = self.random.choice(visits)
        try:
            return next(visit)
        except StopIteration:
            visits.remove(visit)
            return self._next_event(site_id)

    def _visit(self) -> Iterator[Json]:
        # pages with a click here and there, at times a login and an order, and at times its refund
        again = self._visitors and self.random.random() < 0.2
        self._visitors += 0 if again else 1
        visitor = f"v-{self.random.randint(1, self._visitors) if again else self._visitors}"
        moment, known = self.moment(), self.random.random() < 0.2
        same: Json = {"device": self.random.choice(DEVICES)}
        if self.random.random() < 0.7:
            same["sessionId"] = f"s-{visitor}-{self._serial}"
        for page in PAGES[: self.random.randint(1, len(PAGES))]:
            moment += timedelta(milliseconds=self.random.randrange(500, 120_000))
            yield self.event(
                visitor, moment, pageType=page, url=f"https://shop.example/{page}", **same, **self._unnamed()
            )
            if page == "search" and known:
                same["userId"] = f"u-{visitor}"
                yield self.event(visitor, moment, eventType="identify", traits={"sex": "F", "plan": "free"}, **same)
            if page == "product":
                yield self.event(visitor, moment + timedelta(milliseconds=9), eventType="click", element="#add", **same)
            if page == "confirmation":
                yield from self._order(visitor, moment, same)

    def _unnamed(self) -> Json:
        return {"eventId": None} if self.random.random() < 0.1 else {}

    def _order(self, visitor: str, moment: datetime, same: Json) -> Iterator[Json]:
        order_id, total = f"o-{self._serial}", self.random.randint(1, 200)
        bought = {"order_id": order_id, "total": total, "currency": "EUR"}
        yield self.event(visitor, moment, eventType="order_completed", properties=bought, **same)
        if self.random.random() < 0.25:
            back = {"order_id": order_id, "total": self.random.randint(1, total), "currency": "EUR"}
            later = moment + timedelta(minutes=self.random.randint(1, 300))
            yield self.event(visitor, later, eventType="order_refunded", properties=back, **same)
