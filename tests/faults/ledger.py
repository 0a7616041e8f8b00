"""The ledger of one trial: what was sent and answered, held against what is in the stores afterwards."""

import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo.database import Database

from tests.faults.oracle import differences
from tests.faults.traffic import Body, Json, serial_of

SERIAL = re.compile(rb'"serial": ?(\d+)')
Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Count:
    """The figures of one trial; those of `wrong` must all be 0."""

    sent: int
    acked: int
    indeterminate: int
    stored: int
    quarantined: int
    waiting: int
    duplicated: int
    lost: int
    phantom: int
    problems: tuple[str, ...]

    @property
    def balances(self) -> bool:
        """Whether everything acknowledged is there once, and nothing else, and everything derived from it is right."""
        return not (self.waiting or self.duplicated or self.lost or self.phantom or self.problems)


@dataclass
class Ledger:
    """What clients sent and what they were answered, by the events' serial numbers.

    `doomed` says of events that can never be stored with which reason they are to be quarantined; of two events in
    `rivals`, which have one id, either may be the one that is stored.
    """

    sent: dict[int, tuple[str, Json]] = field(default_factory=dict)
    acked: set[int] = field(default_factory=set)
    doomed: dict[int, str] = field(default_factory=dict)
    rivals: list[set[int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, body: Body) -> list[int]:
        """Notes that a body goes out; returns its serial numbers."""
        serials = [serial_of(event) for event in body.events]
        with self._lock:
            self.sent.update(
                {serial: (body.site_id, event) for serial, event in zip(serials, body.events, strict=True)}
            )
        return serials

    def acknowledge(self, body: Body) -> None:
        """Notes that a body's sender was answered that its events are safe."""
        with self._lock:
            self.acked.update(serial_of(event) for event in body.events)

    def doom(self, events: Iterable[Json], reason: str) -> None:
        """Expect events to be quarantined, should they be acknowledged."""
        self.doomed.update({serial_of(event): reason for event in events})

    def rival(self, one: Json, other: Json) -> None:
        """Expect one of two events that share an id to be stored, and the other to be quarantined."""
        self.rivals.append({serial_of(one), serial_of(other)})

    def count(self, database: Database[dict[str, Any]], waiting_texts: Iterable[str]) -> Count:
        """Compares everything with the stores, once nothing moves any more; returns the count."""
        stored: Documents = list(database["events"].find())
        quarantined: Documents = list(database["quarantine"].find())
        there = Counter(document["properties"].get("serial") for document in stored)
        reasons = {serial: one["reason"] for one in quarantined for serial in _serials(one["original"])}
        refused = Counter(serial for one in quarantined for serial in set(_serials(one["original"])))
        waiting = {serial for text in waiting_texts for serial in _serials(text.encode())}
        everywhere = there + refused
        return Count(
            sent=len(self.sent),
            acked=len(self.acked),
            indeterminate=len(self.sent.keys() - self.acked),
            stored=len(stored),
            quarantined=len(refused),
            waiting=len(waiting),
            duplicated=everywhere.total() - len(everywhere),
            lost=len(self.acked - everywhere.keys() - waiting),
            phantom=sum(not self._was_sent(document) for document in stored) + len(refused.keys() - self.sent.keys()),
            problems=(
                *self.problems,
                *self._misjudged(reasons),
                *_ledger_differs(database, len(stored), len(quarantined)),
                *differences(database, stored),
            ),
        )

    def _was_sent(self, document: dict[str, Any]) -> bool:
        site_id, event = self.sent.get(document["properties"].get("serial"), ("", {}))
        return bool(
            document["site_id"] == site_id
            and document["visitor_id"] == event["visitorId"]
            and document["type"] == event["eventType"]
            and document["timestamp"] == datetime.fromisoformat(event["timestamp"])
            and document["event_id"] == event.get("eventId", document["event_id"])
            and event["properties"].items() <= document["properties"].items()
        )

    def _misjudged(self, reasons: dict[int, str]) -> list[str]:
        # in quarantine and should not be, or for another reason, or the other way round
        expected = dict(self.doomed)
        for pair in self.rivals:
            expected |= dict.fromkeys(reasons.keys() & pair if len(reasons.keys() & pair) == 1 else pair, "id_conflict")
        expected = {serial: reason for serial, reason in expected.items() if serial in reasons or serial in self.acked}
        if reasons == expected:
            return []
        found, wanted = Counter(reasons.values()), Counter(expected.values())
        return [f"quarantined {dict(found)}, not {dict(wanted)}"]


def _ledger_differs(database: Database[dict[str, Any]], stored: int, quarantined: int) -> Iterator[str]:
    lines = list(database["ledger"].find())
    counted = {name: sum(line[name] for line in lines) for name in ("stored", "quarantined", "waiting")}
    if counted != {"stored": stored, "quarantined": quarantined, "waiting": 0}:
        yield f"the ledger counts {counted}, not {stored} stored and {quarantined} quarantined"
    uneven = [line["_id"] for line in lines if line["events"] != sum(line[name] for name in (*counted, "duplicate"))]
    if uneven:
        yield f"{len(uneven)} lines of the ledger do not add up: {', '.join(uneven[:3])}"


def _serials(text: bytes) -> list[int]:
    # found in an event's or a message's text, in whatever state that is
    return [int(found) for found in SERIAL.findall(text)]
