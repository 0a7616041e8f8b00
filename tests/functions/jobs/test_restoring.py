"""Archived days that a site keeps in MongoDB again: all answers are the same before, meanwhile and after."""

from datetime import timedelta
from typing import Any

import pytest
from bson import encode
from footfall.clock import now
from footfall.schemas.message import EventsMessage
from footfall.stores import lake as files

from functions.etl.events import restoring as storing
from functions.jobs.retention import restoring
from functions.jobs.retention.handler import handler
from tests.functions.jobs.test_archive import DAYS, archived, figures, shop, stored
from tests.support.builders import LambdaContext
from tests.support.visits import Mongo, a_shop, happen, know, mark, roll_up, view

__all__ = ["shop"]
WHOLE = {"first": DAYS[0], "last": DAYS[-1]}
Queue = list[EventsMessage]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    """The messages that are sent to etl/events."""
    sent: Queue = []
    monkeypatch.setenv("EVENTS_QUEUE_URL", "queue")
    monkeypatch.setattr(restoring, "EVENTS_PER_MESSAGE", 4)
    monkeypatch.setattr(storing, "EVENTS_AT_ONCE", 3)
    parsed = EventsMessage.model_validate_json
    monkeypatch.setattr(restoring, "send", lambda url, site_id, texts: sent.extend(map(parsed, texts)))
    return sent


@pytest.fixture
def cold(shop: Mongo) -> Mongo:
    """The shop of three days once its events are archived, which from now on keeps them for ever."""
    run()
    assert stored(shop) == []
    know(shop, a_shop("home", "search", hot_days=None))
    return shop


def run(**command: Any) -> dict[str, Any]:
    return handler(command, LambdaContext(900_000))


def ask(*, dry_run: bool = False, **days: str) -> dict[str, Any]:
    return run(site_id="demo", restore={**WHOLE, **days}, dry_run=dry_run)


def deliver(shop: Mongo, queue: Queue, most: int = 1_000) -> None:
    for message in [queue.pop(0) for _ in range(min(most, len(queue)))]:
        for part in message.restore:
            storing.restore(shop, message.site_id, part)


def settle(shop: Mongo) -> None:
    shop["archived_days"].update_many({}, {"$set": {"restored_at": now() - timedelta(hours=2)}})


def test_every_event_is_stored_again_to_the_byte_and_the_archive_goes_an_hour_later(cold: Mongo, queue: Queue) -> None:
    there, before = archived(cold), figures(cold)
    assert ask()["missing"] == len(there)
    deliver(cold, queue)
    assert [encode(event) for event in stored(cold)] == [encode(event) for event in there]
    assert (ask()["missing"], queue) == (0, [])
    run()
    assert cold["archived_days"].count_documents({}) == 3, "who read MongoDB before looks there now"
    settle(cold)
    run()
    assert cold["archived_days"].count_documents({}) == 0
    assert figures(cold) == before
    mark(cold, *DAYS)
    roll_up()
    assert figures(cold) == before
    assert stored(cold) == there


def test_it_is_told_first_what_would_be_done_and_nothing_is(cold: Mongo, queue: Queue) -> None:
    there = archived(cold)
    told = ask(dry_run=True)
    assert (told["days"], told["events"], told["missing"]) == (3, len(there), len(there))
    assert (queue, stored(cold)) == ([], [])
    assert ask(dry_run=True, first=DAYS[2])["days"] == 1
    assert ask(dry_run=True, first="2020-01-01", last="2020-01-31")["days"] == 0


def test_answers_are_the_same_while_some_events_are_stored_and_others_are_not(cold: Mongo, queue: Queue) -> None:
    before = figures(cold)
    ask()
    while queue:
        deliver(cold, queue, most=1)
        mark(cold, *DAYS)
        roll_up()
        assert figures(cold) == before
    assert ask()["missing"] == 0


def test_messages_that_come_twice_or_late_change_nothing(cold: Mongo, queue: Queue) -> None:
    there = archived(cold)
    ask()
    twice = [*queue, *queue]
    deliver(cold, [*twice])
    ask()
    settle(cold)
    run()
    deliver(cold, [*twice])
    assert stored(cold) == there


def test_what_got_lost_on_the_way_is_asked_for_again(cold: Mongo, queue: Queue) -> None:
    there = archived(cold)
    ask()
    del queue[1:]
    deliver(cold, queue)
    told = ask()
    assert 0 < told["missing"] < len(there)
    deliver(cold, queue)
    assert (ask()["missing"], stored(cold)) == (0, there)


def test_an_event_that_came_again_meanwhile_is_as_it_was_first(cold: Mongo, queue: Queue) -> None:
    there = archived(cold)
    cold["events"].insert_one({**there[0], "processed_at": now(), "sequence": 77})
    assert ask()["missing"] == len(there) - 1
    deliver(cold, queue)
    assert stored(cold) == there


def test_a_day_under_one_of_whose_ids_another_event_came_stays_archived(cold: Mongo, queue: Queue) -> None:
    there, before = archived(cold), figures(cold)
    another = {**there[0], "body_sha256": "another", "page_type": "cart"}
    cold["events"].insert_one(another)
    told = ask()
    assert (told["missing"], told["conflicts"]) == (len(there) - 1, 1)
    deliver(cold, queue)
    assert ask()["conflicts"] == 1
    assert cold["archived_days"].count_documents({"restored_at": {"$exists": True}}) == 2
    assert cold["events"].find_one({"_id": another["_id"]}) == another
    mark(cold, *DAYS)
    roll_up()
    assert figures(cold) == before


def test_days_older_than_the_site_keeps_stay_archived(cold: Mongo, queue: Queue) -> None:
    know(cold, a_shop("home", "search", hot_days=35))
    told = ask()
    assert (told["cold_days"], told["days"], queue) == (3, 0, [])


def test_a_day_that_is_not_to_be_kept_after_all_is_archived_again(cold: Mongo, queue: Queue) -> None:
    there = archived(cold)
    ask()
    deliver(cold, queue)
    ask()
    settle(cold)
    know(cold, a_shop("home", "search", hot_days=35))
    run()
    assert (stored(cold), archived(cold)) == ([], there)
    know(cold, a_shop("home", "search", hot_days=None))
    run()
    assert archived(cold) == there, "an archive goes only where its events are stored"


def test_what_comes_late_meanwhile_stays(cold: Mongo, queue: Queue) -> None:
    ask()
    happen(cold, view("product", "ann", 45))
    deliver(cold, queue)
    assert ask()["missing"] == 0
    settle(cold)
    run()
    roll_up()
    assert len(stored(cold)) == len(cold["events"].distinct("event_id"))
    assert cold["archived_days"].count_documents({}) == 0
    assert figures(cold)["daily_metrics"]


def test_a_day_whose_file_is_damaged_is_told(cold: Mongo, queue: Queue) -> None:
    one = cold["archived_days"].find_one({"date": DAYS[0]})
    assert one
    ask()
    files.put(one["key"], b"other")
    deliver(cold, queue)
    told = ask()
    assert (told["damaged_days"], told["days"], told["missing"]) == (1, 2, 0)


def test_days_for_which_there_is_no_time_are_left(cold: Mongo, queue: Queue) -> None:
    told = run(site_id="demo", restore=WHOLE, seconds=0.000001)
    assert (told["left"], told["days"], queue) == (3, 0, [])
