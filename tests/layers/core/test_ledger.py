"""The ledger's kept sums on a real MongoDB: adding up is the same, whenever part of it was done before."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from footfall import ledger
from footfall.ledger import PARTS, STILL_COMING, fold_ledger, ledger_days
from pymongo.database import Database

from tests.support.builders import NOON

Mongo = Database[dict[str, Any]]


def settle(database: Mongo, minutes: float, site_id: str = "demo", **outcome: int) -> None:
    """A message's line, settled so many minutes after noon; one with waiting events is not."""
    parts: dict[str, int] = {**dict.fromkeys(PARTS, 0), **outcome}
    line = {"site_id": site_id, "day": f"2026-03-{int(minutes) % 3 + 1:02}", **parts, "events": sum(outcome.values())}
    settled = {} if parts["waiting"] else {"settled_at": NOON + timedelta(minutes=minutes)}
    database["ledger"].insert_one({**line, **settled})


def total(database: Mongo, site_id: str = "demo") -> dict[str, int]:
    """All days together, without zeros."""
    return {part: count for part, count in sum(ledger_days(database, site_id).values(), Counter()).items() if count}


def test_sums_are_the_same_whenever_they_were_kept(database: Mongo) -> None:
    source = random.Random(3)
    lines = [(minute, source.choice(["stored", "duplicate", "quarantined"])) for minute in range(0, 120, 3)]
    for minute, what in lines:
        outcome = {what: source.randint(1, 5)}
        settle(database, minute, "demo", **outcome)
    settle(database, 0, waiting=7)
    settle(database, 0, site_id="other", stored=100)
    before = ledger_days(database, "demo")

    for minutes in sorted(source.sample(range(200), 9)):
        assert fold_ledger(database, "demo", NOON + timedelta(minutes=minutes))
        assert ledger_days(database, "demo") == before
    kept = database["ledger_sums"].find_one({"_id": "demo"}) or {}
    assert sum(figures["events"] for figures in kept["days"].values()) > 0
    assert total(database, "other") == {"events": 100, "stored": 100}


def test_a_line_that_is_settled_late_is_added_once(database: Mongo) -> None:
    settle(database, 0, stored=1)
    fold_ledger(database, "demo", NOON + timedelta(hours=1))
    settle(database, 55, stored=2)
    fold_ledger(database, "demo", NOON + timedelta(hours=2))
    fold_ledger(database, "demo", NOON + timedelta(hours=2))
    assert total(database) == {"events": 3, "stored": 3}


def test_what_may_still_be_joined_is_not_kept_yet(database: Mongo) -> None:
    settle(database, 0, stored=1)
    fold_ledger(database, "demo", NOON + STILL_COMING)
    assert database["ledger_sums"].count_documents({}) == 0


def test_kept_lines_are_not_needed_any_more(database: Mongo) -> None:
    settle(database, 0, stored=4)
    fold_ledger(database, "demo", NOON + timedelta(days=1))
    database["ledger"].delete_many({})
    assert total(database) == {"events": 4, "stored": 4}


def test_of_two_that_add_up_at_once_one_counts(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(database, 0, stored=1)
    fold_ledger(database, "demo", NOON + timedelta(hours=1))
    settle(database, 60, stored=1)
    add_up = ledger._sums

    def overtaken(*given: Any) -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(ledger, "_sums", add_up)
            assert fold_ledger(database, "demo", NOON + timedelta(hours=3))
        return add_up(*given)

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "_sums", overtaken)
        assert not fold_ledger(database, "demo", NOON + timedelta(hours=2))
    assert total(database) == {"events": 2, "stored": 2}


def test_a_sum_reads_an_index_alone(database: Mongo) -> None:
    for minute in range(30):
        settle(database, minute, stored=1)
    match = {"$match": {"site_id": "demo", "settled_at": {"$gte": NOON + timedelta(minutes=20)}}}
    command = {"aggregate": "ledger", "cursor": {}, "pipeline": [match, {"$group": {"_id": "$day", "n": {"$sum": 1}}}]}
    plan = database.command("explain", command, verbosity="executionStats")
    ran = plan["executionStats"] if "executionStats" in plan else plan["stages"][0]["$cursor"]["executionStats"]
    assert (ran["totalDocsExamined"], ran["totalKeysExamined"]) == (0, 10)
