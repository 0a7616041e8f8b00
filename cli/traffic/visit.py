"""What a browser's tracker records during one visit: the events, as they are sent."""

from datetime import UTC, datetime
from random import Random
from typing import Any
from urllib.parse import urlencode

from cli.traffic.catalogue import Catalogue
from cli.traffic.people import Visitor, new_id
from cli.traffic.sources import Source

SHOP = "https://shop.example.com"
Event = dict[str, Any]
"""An event as JSON, as collect takes it."""


class Visit:
    """One visit of one visitor to a shop: a clock that moves forward and the events recorded so far, in order."""

    def __init__(self, visitor: Visitor, source: Source, shop: Catalogue, started_ms: int, rng: Random) -> None:
        self.visitor = visitor
        self.source = source
        self.shop = shop
        self.rng = rng
        self.now_ms = started_ms
        self.session_id = new_id(rng)
        self.events: list[Event] = []
        self.order: Event | None = None
        self.pages = 0
        self._page: Event = {}
        self._opened_ms = started_ms
        self._context = {"userAgent": visitor.user_agent, "country": visitor.country}

    def wait(self, shortest: float, longest: float) -> None:
        """Let some seconds pass; short waits are likelier than long ones."""
        self.now_ms += round(1000 * (shortest + (longest - shortest) * self.rng.random() ** 2))

    def open(self, page_type: str, path: str, title: str) -> None:
        """Leave the page before and view this one; the first page view carries the source of the visit."""
        referrer = self.source.referrer if not self.pages else self._page["url"]
        self.leave_page()
        query = self._landing_query() if not self.pages else ""
        self._page = {"url": f"{SHOP}{path}{query}", "title": title, "pageType": page_type}
        self._opened_ms = self.now_ms
        fields: Event = {"referrer": referrer} if referrer else {}
        if not self.pages and self.source.utm:
            fields["attribution"] = {"utmParams": self.source.utm}
        self.pages += 1
        self.record("pageview", **fields)

    def leave_page(self) -> None:
        """Record how long the page in view was looked at, in seconds."""
        if self.pages:
            self.record("page_exit", duration=round((self.now_ms - self._opened_ms) / 1000, 3))

    def point(self, event_type: str, element: str, at: tuple[int, int] | None = None, **fields: object) -> None:
        """Click on or hover over an element, at a point of the viewport or anywhere in it."""
        width, height = self.visitor.viewport
        x, y = at or (self.rng.randrange(width), self.rng.randrange(height))
        coordinates = {"x": x, "y": y, "viewport": {"width": width, "height": height}}
        self.record(event_type, element=element, coordinates=coordinates, **fields)

    def record(self, event_type: str, **fields: object) -> Event:
        """Record and return one event of this moment; no two of a visit share a millisecond."""
        self.now_ms += 1
        visitor = self.visitor
        event: Event = {
            "eventType": event_type,
            "eventId": new_id(self.rng),
            "visitorId": visitor.visitor_id,
            "sessionId": self.session_id,
            "timestamp": iso(self.now_ms),
            "device": visitor.device,
            **self._page,
            **fields,
            "context": self._context,
        }
        if visitor.account and visitor.signed_in:
            event["userId"] = visitor.account.user_id
        self.events.append(event)
        return event

    def _landing_query(self) -> str:
        utm = {f"utm_{name}": value for name, value in (self.source.utm or {}).items()}
        return f"?{urlencode(utm)}" if utm else ""


def iso(moment_ms: int) -> str:
    """Returns milliseconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
