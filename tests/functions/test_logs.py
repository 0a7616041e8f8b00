"""Logs never carry documents, whatever fails: canaries go through every failing path."""

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from footfall import sites
from footfall.observability import Failed, logger, telling_codes
from footfall.stores.mongo import Mongo
from pydantic import BaseModel
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from functions.api.customers.handler import handler as customers
from functions.api.metrics.handler import handler as metrics
from functions.etl.events import steps
from functions.etl.events.handler import handler as events
from functions.jobs.rollup.handler import RollupsFailed
from functions.jobs.rollup.handler import handler as roll_up
from functions.training.evaluate.handler import handler as evaluate
from tests.support.asking import question
from tests.support.builders import LambdaContext, a_message, a_site, an_event, sqs_event
from tests.support.visits import happen, view
from tests.template.folders import declared

CANARY = "canary-7f3a"
QUIET = [folder for folder in declared() if not folder.startswith("functions/api/")]


class Number(BaseModel):
    """Something that a canary is not."""

    number: int


def bulk_write() -> None:
    raise BulkWriteError({"writeErrors": [{"op": {"visitor_id": CANARY}, "errmsg": f"dup key {CANARY}", "code": 1}]})


def validation() -> None:
    Number.model_validate({"number": CANARY})


def unknown_key() -> None:
    raise KeyError(CANARY)


def chained() -> None:
    try:
        bulk_write()
    except BulkWriteError as error:
        error.add_note(CANARY)
        raise RuntimeError(CANARY) from error


FAILURES = [bulk_write, validation, unknown_key, chained]


@pytest.fixture
def shop(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo]:
    """The site `demo`, ready for events."""
    monkeypatch.setenv("SESSIONS_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:sessions")
    monkeypatch.setattr(steps, "announce", lambda _topic, _message: None)
    sites._known.clear()
    database["sites"].insert_one({"_id": "demo", **a_site().model_dump()})
    yield database
    sites._known.clear()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """All that is logged or printed."""
    log = StringIO()
    for handler in logger().handlers:
        monkeypatch.setattr(handler, "stream", log)
    return lambda: log.getvalue() + "".join(capsys.readouterr())


@pytest.mark.parametrize("fails", FAILURES)
def test_of_an_error_its_class_and_place_are_logged_and_nothing_it_says(
    fails: Callable[[], None], written: Callable[[], str]
) -> None:
    name = ""
    try:
        fails()
    except Exception as error:  # noqa: BLE001
        logger().exception("it failed")
        name = type(error).__name__
    told = json.loads(written())
    assert told["exception_name"] == name
    assert fails.__name__ in told["exception"]
    assert CANARY not in written()


@pytest.mark.parametrize("fails", FAILURES)
def test_a_handler_that_fails_tells_lambda_what_failed_and_no_document(fails: Callable[[], None]) -> None:
    with pytest.raises(Failed) as raised:
        telling_codes(fails)()
    assert type(raised.value).__name__ in ("BulkWriteError", "ValidationError", "KeyError", "RuntimeError")
    assert CANARY not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("folder", QUIET)
def test_every_handler_that_lambda_logs_for_tells_codes(folder: str) -> None:
    handler = import_module(f"{folder.replace('/', '.')}.handler").handler
    assert hasattr(handler, "__wrapped__")


def test_a_failed_write_of_events_logs_none_of_them(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    def fails(self: Any, documents: list[Any], **_: Any) -> None:
        raise BulkWriteError({"writeErrors": [{"op": document, "code": 121} for document in documents]})

    monkeypatch.setattr(Collection, "insert_many", fails)
    come = a_message([an_event(visitorId=f"{CANARY}-{number}") for number in range(50)])
    assert len(events(sqs_event([come]), LambdaContext())["batchItemFailures"]) == 1
    assert "messages not processed" in written()
    assert CANARY not in written()


def test_a_rollup_and_a_training_that_fail_log_no_document(
    shop: Mongo, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    happen(shop, view("home", CANARY))
    monkeypatch.setattr(Collection, "bulk_write", lambda *_, **__: bulk_write())
    for failing in (
        lambda: roll_up({"site_id": "demo"}, LambdaContext(60_000)),
        lambda: evaluate({"site_id": CANARY, "people": [CANARY]}, LambdaContext()),
    ):
        with pytest.raises((Failed, RollupsFailed)) as raised:
            failing()
        assert CANARY not in repr(raised.value)
    assert CANARY not in written()


@pytest.mark.parametrize(("handler", "path"), [(metrics, "/api/metrics"), (customers, f"/api/customers/{CANARY}")])
def test_a_question_that_fails_logs_none_of_it(
    shop: Mongo, handler: Any, path: str, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    monkeypatch.setattr(Collection, "find", lambda *_, **__: unknown_key())
    monkeypatch.setattr(Collection, "aggregate", lambda *_, **__: unknown_key())
    monkeypatch.setattr(Collection, "find_one", lambda *_, **__: unknown_key())
    sites._known.clear()
    answer = handler(question(path, {"from": CANARY} if handler is metrics else {}), LambdaContext())
    assert answer["statusCode"] in (422, 500)
    assert CANARY not in written()
    assert CANARY not in answer["body"].replace(path, "")
