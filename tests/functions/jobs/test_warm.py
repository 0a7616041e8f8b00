"""jobs/warm: one usual question that fails leaves the others alone, and is not passed over."""

from typing import Any

import pytest
from footfall import sites
from footfall.errors import Invalid, Unavailable
from footfall.observability import Failed
from footfall.stores.redis import ask
from pymongo.database import Database

from functions.jobs.warm import handler as warm
from tests.support.builders import LambdaContext
from tests.support.visits import a_shop, happen, know, roll_up, view

Mongo = Database[dict[str, Any]]
ALL = ["dashboard", "funnel", "funnel by device", "funnel trend"]


@pytest.fixture
def shop(database: Mongo) -> Mongo:
    """The site `demo`, somebody's visit counted and nothing remembered."""
    know(database, a_shop("home", "search"))
    happen(database, view("home"))
    roll_up()
    ask(lambda redis: redis.flushdb())
    return database


def failing(name: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one question fail."""

    def fails(site_id: str) -> object:
        raise error

    monkeypatch.setattr(warm, "QUESTIONS", {**warm.QUESTIONS, name: fails})


def remembered() -> int:
    return ask(lambda redis: sum(1 for _ in redis.scan_iter(match="metrics:*:{demo}:*")))


def test_the_usual_questions_are_answered_and_remembered(shop: Mongo) -> None:
    assert warm.handler({"site_id": "demo"}, LambdaContext(60_000)) == {"answered": ALL}
    assert remembered() == 4


def test_the_others_are_answered_when_one_fails_and_the_job_is_tried_again(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing("dashboard", Unavailable("the database does not answer"), monkeypatch)

    with pytest.raises(Unavailable):
        warm.handler({"site_id": "demo"}, LambdaContext(60_000))

    assert remembered() == 3


def test_what_asking_again_would_not_help_is_told_and_left(shop: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    failing("funnel", Invalid([]), monkeypatch)

    assert warm.handler({"site_id": "demo"}, LambdaContext(60_000)) == {"answered": [ALL[0], *ALL[2:]]}


def test_a_site_that_is_gone_has_no_answers(database: Mongo) -> None:
    sites._known.clear()

    assert warm.handler({"site_id": "gone"}, LambdaContext(60_000)) == {"answered": []}


def test_nothing_is_begun_that_there_is_no_time_for(shop: Mongo) -> None:
    assert warm.handler({"site_id": "demo"}, LambdaContext(warm.GUARD_MILLISECONDS - 1)) == {"answered": []}
    assert remembered() == 0


@pytest.mark.parametrize("event", [{}, {"site_id": 7}, {"site_id": None}])
def test_a_command_without_a_site_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(Failed):
        warm.handler(event, LambdaContext(60_000))
