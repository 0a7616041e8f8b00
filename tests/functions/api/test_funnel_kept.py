"""Answers about funnels that are kept: until when, how many, and without Redis."""

from typing import Any

import pytest
from cachetools import LRUCache
from footfall.questions import funnel_entries
from footfall.settings import read_environment
from pymongo.database import Database

from functions.api.funnel.handler import handler
from tests.support.asking import ask, reached
from tests.support.visits import TODAY, a_shop, happen, know, roll_up, view

Mongo = Database[dict[str, Any]]
FUNNEL = "/api/funnel"


def funnel(**query: Any) -> dict[str, Any]:
    return ask(handler, FUNNEL, {name.rstrip("_"): value for name, value in query.items()})


def test_an_answer_is_of_the_last_rollup_until_the_next(shop: Mongo) -> None:
    happen(shop, view("home"))
    assert reached(funnel(from_=TODAY, to=TODAY)) == [1, 0, 0], "before the first rollup it comes from the events"
    roll_up()
    happen(shop, view("home", "bob"))
    assert reached(funnel()) == [1, 0, 0]
    roll_up()
    assert reached(funnel()) == [2, 0, 0]


def test_a_changed_funnel_is_answered_from_the_events_until_it_is_rolled_up(shop: Mongo) -> None:
    happen(shop, view("home"), view("payment", minutes=1))
    roll_up()
    know(shop, a_shop("home", "payment"))
    assert reached(funnel()) == [1, 1]
    roll_up()
    assert reached(funnel()) == [1, 1]


def test_an_answer_is_remembered_only_until_the_next_rollup(shop: Mongo) -> None:
    happen(shop, view("home"))
    roll_up()
    assert reached(funnel()) == [1, 0, 0]
    shop["funnel_analytics"].delete_many({})
    assert reached(funnel()) == [1, 0, 0], "this came out of Redis"
    happen(shop, view("home", "bob"))
    roll_up()
    assert reached(funnel()) == [2, 0, 0]


def test_entries_of_few_ranges_at_most_are_held_in_memory(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funnel_entries, "_kept", LRUCache(funnel_entries.MOST_KEPT))
    happen(shop, view("home"))
    roll_up()
    for device in ("", "Desktop", "Mobile", "Tablet", "Other"):
        funnel(**({"device": device} if device else {}))
    assert {key[3] for key in funnel_entries._kept} == {"Desktop", "Mobile", "Tablet", "Other"}
    monkeypatch.setattr(funnel_entries, "MOST_KEPT_ENTRIES", 0)
    assert reached(funnel(from_=TODAY, to=TODAY)) == [1, 0, 0]
    assert len(funnel_entries._kept) == 4, "what is too large is not held"


def test_without_redis_the_answer_is_the_same(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    happen(shop, view("home"))
    roll_up()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    read_environment.cache_clear()
    assert reached(funnel()) == [1, 0, 0]
