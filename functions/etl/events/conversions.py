"""Which session each purchase came of, brought up to date after sessions and orders were written.

As with sessions, whoever writes looks afterwards, until there is nothing left to mend: of two batches, one of which
brings the purchase and the other the session, or who the visitor is, the later sees both.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from footfall.chunks import chunks
from footfall.orders.fold import name_of_another, told_id_of
from footfall.people.identities import person_of, seen_as
from footfall.schemas.order import ToldOrder
from footfall.schemas.session import SessionBuyer, SessionConversion, SessionDocument
from footfall.sessions.attribution import ATTRIBUTION_WINDOW
from footfall.sessions.conversions import came_of, conversion, entries_of
from footfall.stores.collections import orders, user_sessions
from footfall.stores.mongo import Condition, Mongo
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from .derived import REPLACED_AT_ONCE, change
from .stale import StaleDays


@dataclass(frozen=True)
class Asked:
    """Which purchases may have come of another session: those told under `told_ids`, and those of `people` since then.

    Of a visitor who turned out to be somebody by one of the events `event_ids`, it is all of that person's.
    """

    told_ids: AbstractSet[str]
    people: AbstractSet[str]
    since: datetime
    event_ids: AbstractSet[str]


def settle(database: Mongo, days: StaleDays, asked: Asked, computed_at: datetime) -> list[SessionDocument]:
    """Bring sessions in line with the purchases that came of them; returns those that changed."""
    changed: set[str] = set()
    while asked.told_ids or asked.people:
        stored = _Stored(database, days.site_id, asked)
        if unread := stored.unread():
            asked = replace(asked, told_ids=asked.told_ids | unread)
            continue
        changes = stored.changes()
        if not changes:
            break
        for some in chunks(changes, REPLACED_AT_ONCE):
            _write(database, days, some, computed_at)
        changed |= {f"{days.site_id}:{session['session_id']}" for session, _ in changes}
    return user_sessions.of(database).find({"_id": {"$in": sorted(changed)}}).to_list() if changed else []


def told_by(site_id: str, people: Collection[str]) -> Condition:
    """Returns the condition for orders that any of these visitors and customers told, or that are theirs."""
    among = {"$in": sorted(people)}
    return {"$or": [{"site_id": site_id, "told_in.visitor_id": among}, {"site_id": site_id, "person_id": among}]}


class _Change(NamedTuple):
    session: SessionBuyer
    conversion: SessionConversion


def _write(database: Mongo, days: StaleDays, changes: Sequence[_Change], computed_at: datetime) -> None:
    updates = [_update(days.site_id, found, computed_at) for found in changes]

    def write(transaction: ClientSession | None) -> None:
        user_sessions.of(database).bulk_write(updates, ordered=False, session=transaction)

    change(database, days, [found.session["started_at"] for found in changes], write)


def _update(site_id: str, found: _Change, computed_at: datetime) -> UpdateOne:
    # unless somebody else wrote it meanwhile
    session, came = found
    as_read = {"events": session["events"], "orders": session.get("orders", {"$exists": False})}
    gone = {} if "orders" in came else {"$unset": {"orders": ""}}
    update = {"$set": {**came, "computed_at": computed_at}, **gone}
    return UpdateOne({"_id": f"{site_id}:{session['session_id']}", **as_read}, update)


class _Stored:
    # what is stored now of all that is asked about: the people, their orders, and the sessions these may have come of

    def __init__(self, database: Mongo, site_id: str, asked: Asked) -> None:
        self._database = database
        self._site_id = site_id
        self._asked = asked
        self._people = seen_as(database, site_id, asked.people)
        self._relinked = {
            who
            for who, found in self._people.items()
            if "link" in found and found["link"]["event_id"] in asked.event_ids
        }
        self._orders = self._read_orders()
        known = asked.people | {person_of(found) for who, found in self._people.items() if who in asked.people}
        self._people |= seen_as(database, site_id, self._buyers() - known)
        self._sessions = self._read_sessions()

    def unread(self) -> set[str]:
        """Returns what sessions that changed hands have of purchases of other people than are known here."""
        told = {
            order["told_id"]
            for session in self._sessions
            if session["visitor_id"] in self._relinked
            for order in session.get("orders", ())
        }
        return told - self._asked.told_ids - {told_id_of(order) for order in self._orders.values()}

    def changes(self) -> list[_Change]:
        """Returns the sessions of which other purchases came than they say."""
        links = {who: person_of(found) for who, found in self._people.items()}
        brought: defaultdict[str, list[ToldOrder]] = defaultdict(list)
        for order_id, session in came_of(self._orders.values(), self._sessions, links).items():
            brought[session["session_id"]].append(self._orders[order_id])
        changes = [_Change(session, self._conversion(session, brought)) for session in self._sessions]
        return [change for change in changes if _differs(change)]

    def _conversion(self, session: SessionBuyer, brought: dict[str, list[ToldOrder]]) -> SessionConversion:
        others = [
            order
            for order in session.get("orders", ())
            if order["order_id"] not in self._orders and order["told_id"] not in self._asked.told_ids
        ]
        return conversion(session, [*others, *entries_of(brought.get(session["session_id"], ()))])

    def _buyers(self) -> set[str]:
        told = {telling["visitor_id"] for order in self._orders.values() for telling in order["told_in"]}
        return told | {order["person_id"] for order in self._orders.values()}

    def _read_orders(self) -> dict[str, ToldOrder]:
        found = self._orders_where(self._conditions())
        shared = {told_id_of(order) for order in found.values() if "two_customers" in order.get("flags", ())}
        return found | self._orders_where([self._of_others(told_id) for told_id in sorted(shared)])

    def _orders_where(self, conditions: list[Condition]) -> dict[str, ToldOrder]:
        found = orders.read(self._database, ToldOrder, {"$or": conditions}) if conditions else ()
        return {order["order_id"]: order for order in found}

    def _conditions(self) -> list[Condition]:
        site, since = {"site_id": self._site_id}, {"$gte": self._asked.since}
        told = [f"{self._site_id}:{told_id}" for told_id in sorted(self._asked.told_ids)]
        visitors, people = sorted(self._asked.people), sorted(self._asked.people | self._people.keys())
        conditions: list[Condition] = [
            {"_id": {"$in": told}},
            {**site, "told_in": {"$elemMatch": {"visitor_id": {"$in": visitors}, "at": since}}},
            {**site, "person_id": {"$in": people}, "placed_at": since},
            {**site, "person_id": {"$in": sorted(self._names_of_relinked())}},
        ]
        return [conditions[0]] if not people else conditions

    def _names_of_relinked(self) -> set[str]:
        who = {person_of(self._people[visitor]) for visitor in self._relinked}
        return who | {name for name, found in self._people.items() if person_of(found) in who}

    def _of_others(self, told_id: str) -> Condition:
        # whatever customer's name follows the id
        name = f"{self._site_id}:{name_of_another(told_id, '')}"
        return {"_id": {"$gte": name, "$lt": name[:-1] + chr(ord(name[-1]) + 1)}}

    def _read_sessions(self) -> list[SessionBuyer]:
        if not (self._orders or self._relinked or self._asked.told_ids):
            return []
        site = {"site_id": self._site_id}
        conditions: list[Condition] = [
            {**site, "orders.told_id": {"$in": sorted(self._asked.told_ids)}},
            {**site, "visitor_id": {"$in": sorted(self._relinked)}, "converted": True},
        ]
        if moments := self._moments():
            began, ended = {"$lte": max(moments)}, {"$gte": min(moments) - ATTRIBUTION_WINDOW}
            visitors = {"visitor_id": {"$in": sorted(self._people)}}
            conditions.append({**site, **visitors, "started_at": began, "ended_at": ended})
        return user_sessions.read(self._database, SessionBuyer, {"$or": conditions}).to_list()

    def _moments(self) -> list[datetime]:
        placed = [order["placed_at"] for order in self._orders.values() if order["placed_at"]]
        return placed + [telling["at"] for order in self._orders.values() for telling in order["told_in"]]


def _differs(change: _Change) -> bool:
    session, found = change
    return session.get("orders") != found.get("orders") or any(
        session.get(name) != value for name, value in found.items()
    )
