"""Visits: the events of one visitor without a long silence, among which something was viewed; and what came of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from tests.oracle.reckoning.events import Event
from tests.oracle.reckoning.numbers import milliseconds
from tests.oracle.reckoning.orders import Order
from tests.oracle.reckoning.people import Links

ABSENT = frozenset(["identify", "alias", "order_updated", "order_refunded", "order_cancelled"])
"""What happens to people without their being there."""
VIEWS = frozenset(["pageview", "product_viewed", "product_list_viewed", "cart_viewed"])
"""What shows somebody a page or a screen, which some shops tell of by what is on it alone."""
NO_DOING = ABSENT | {"pageview", "page_exit", "custom"}
GAP, SILENCE, WINDOW = timedelta(minutes=30), timedelta(hours=24), timedelta(days=30)


@dataclass(frozen=True, eq=False)
class Session:
    """One visit: its events in order, and what it is attributed to."""

    events: tuple[Event, ...]
    source: str

    @property
    def session_id(self) -> str:
        """Its id: of the visitor, what the client calls it, and when it began."""
        first = self.events[0]
        named = f"{first.visitor}~{first.client_session}" if first.client_session else first.visitor
        return f"{named}@{milliseconds(self.began)}"

    @property
    def number(self) -> int:
        """The number that the lake has for its id: sessions of one moment come in the order of theirs."""
        return int.from_bytes(blake2b(self.session_id.encode(), digest_size=8).digest()) % 2**63

    @property
    def own_source(self) -> str | None:
        """What brought its visitor this time; None for nothing."""
        return first_view(self.events).brought_by

    @property
    def began(self) -> datetime:
        """When the first event happened."""
        return self.events[0].at

    @property
    def ended(self) -> datetime:
        """When the last event happened."""
        return self.events[-1].at

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.ended - self.began).total_seconds()

    @property
    def views(self) -> list[Event]:
        """Its page views."""
        return [event for event in self.events if event.kind == "pageview"]

    @property
    def device(self) -> str:
        """What the first view was seen on."""
        return first_view(self.events).device

    @property
    def bot(self) -> bool:
        """Whether any of it was done by a program."""
        return any(event.bot for event in self.events)

    @property
    def bounced(self) -> bool:
        """Whether one page was viewed and nothing else was done; orders that came of it apart."""
        return len(self.views) == 1 and all(event.kind in NO_DOING for event in self.events)

    def person(self, known: Links) -> str:
        """Returns whose visit it is; of two who signed in, the last."""
        told = next((event.user for event in reversed(self.events) if event.user), None)
        return told or known.get(self.events[0].visitor, self.events[0].visitor)


def reckon_sessions(events: Iterable[Event]) -> list[Session]:
    """Returns every visit, in the order in which they began."""
    groups: defaultdict[tuple[str, str | None], list[Event]] = defaultdict(list)
    for event in events:
        if event.kind not in ABSENT:
            groups[event.visitor, event.client_session].append(event)
    chains = [
        chain
        for (_, client_session), found in groups.items()
        for chain in _chains(found, SILENCE if client_session else GAP)
        if any(event.kind in VIEWS for event in chain)
    ]
    return _attributed(sorted(chains, key=_begin))


def first_view(chain: Iterable[Event]) -> Event:
    """Returns the first event of a visit that shows a page or a screen: it says what brought somebody, and where to."""
    return next(event for event in chain if event.kind in VIEWS)


def _begin(chain: Sequence[Event]) -> tuple[datetime, str, str]:
    # of two that begin at one moment, that without a client's id comes first
    return chain[0].at, chain[0].visitor, chain[0].client_session or ""


def _chains(events: Iterable[Event], gap: timedelta) -> list[list[Event]]:
    chains: list[list[Event]] = []
    for event in sorted(events, key=lambda one: one.order):
        if not chains or event.at - chains[-1][-1].at > gap:
            chains.append([])
        chains[-1].append(event)
    return chains


def _attributed(chains: Sequence[Sequence[Event]]) -> list[Session]:
    # nothing brought a direct visit: what brought its visitor last counts, for so long
    sessions = []
    brought: dict[str, tuple[datetime, str]] = {}
    for chain in chains:
        began, visitor = chain[0].at, chain[0].visitor
        own = first_view(chain).brought_by
        if own:
            brought[visitor] = began, own
        at, source = brought.get(visitor, (began, "direct"))
        sessions.append(Session(tuple(chain), source if began - at <= WINDOW else "direct"))
    return sessions


def conversions(sessions: Sequence[Session], orders: Iterable[Order], known: Links) -> dict[Session, list[Order]]:
    """Returns the purchases that came of each session.

    A purchase came of the session that it was first told in; else of its person's last one begun before it was placed.
    """
    found: defaultdict[Session, list[Order]] = defaultdict(list)
    for order in orders:
        if order.placed_at and order.total and (session := _session_of(order, sessions, known)):
            found[session].append(order)
    return found


def _session_of(order: Order, sessions: Sequence[Session], known: Links) -> Session | None:
    for completion in order.completions:
        if told_in := next((session for session in sessions if completion in session.events), None):
            return told_in
    assert order.placed_at
    before = [
        session
        for session in sessions
        if session.person(known) == order.person
        and not session.bot
        and order.placed_at - WINDOW <= session.began <= order.placed_at
    ]
    return before[-1] if before else None
