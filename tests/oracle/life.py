"""A shop's life as plain data: what it was told, how that arrived, and what is asked of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

Json = dict[str, object]
Then = Literal["nothing", "roll up", "look", "ask of steps"]
PAGE, SERVER = "collect", "collect:secret"
"""The sources of messages: a page with the public write key, a server with an API key; a file's is `import:ID`."""


@dataclass(frozen=True)
class Told:
    """One event as it was sent, and how it came: its source, when it was received and at which place of the body."""

    event: Json
    source: str
    received_at: datetime
    place: int
    agent: str | None = None

    @property
    def event_id(self) -> str:
        """The client's id of the event."""
        return str(self.event.get("eventId") or self.event["messageId"])


@dataclass(frozen=True)
class Shop:
    """A site's settings: its time zone, its currency and its funnels, the first being the default."""

    zone: str
    currency: str
    funnels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Question:
    """A route and its parameters."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Returns a parameter; None where it is not given."""
        return dict(self.parameters).get(name)

    def __str__(self) -> str:
        return "?".join([self.path, *(["&".join(map("=".join, self.parameters))] if self.parameters else [])])


@dataclass(frozen=True)
class Delivery:
    """The events, by their ids, of one call of etl/events, and what is done after it.

    `look` rolls up and asks every question; `ask of steps` asks, without, those whose answers need no rollup.
    """

    event_ids: tuple[str, ...]
    then: Then


@dataclass(frozen=True)
class Life:
    """Everything a shop was told, how it was delivered (every event at least once), and what is asked."""

    shop: Shop
    told: tuple[Told, ...]
    deliveries: tuple[Delivery, ...]
    questions: tuple[Question, ...]

    def with_events(self, event_ids: Iterable[str]) -> "Life":
        """Returns the same life in which only these events happened."""
        kept = set(event_ids)
        deliveries = [
            replace(one, event_ids=tuple(name for name in one.event_ids if name in kept)) for one in self.deliveries
        ]
        return replace(
            self,
            told=tuple(one for one in self.told if one.event_id in kept),
            deliveries=tuple(one for one in deliveries if one.event_ids or one.then != "nothing"),
        )
