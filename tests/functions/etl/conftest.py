"""What the tests of the events' pipeline share."""

from collections.abc import Iterator
from typing import Any

import pytest
from footfall import sites
from footfall.schemas.message import SessionsMessage
from pymongo.database import Database

from functions.etl.events import steps
from tests.support.builders import a_site

Mongo = Database[dict[str, Any]]


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[SessionsMessage]:
    """What is told to the sessions topic; the topic itself is walked in tests/flow."""
    told: list[SessionsMessage] = []
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, message: told.append(message))
    return told


@pytest.fixture
def pipeline(database: Mongo, announced: list[SessionsMessage]) -> Iterator[Mongo]:
    """A database with the site `demo`, ready for events."""
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site().model_dump()})
    yield database
    sites._known.clear()
