"""Imports that stop and go on: time that runs out, crashes, stores that do not answer, messages that come twice."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import pytest
from footfall.aws import queues
from footfall.errors import Unavailable
from pymongo.database import Database
from pymongo.errors import ServerSelectionTimeoutError

from functions.etl.imports import handler as imports
from functions.etl.imports import progress, steps
from functions.etl.imports.messages import ImportRef
from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.builders import LambdaContext
from tests.support.importing import (
    Pipeline,
    deliver,
    events_in,
    manifest_message,
    orders,
    run,
    sale,
    sent,
    tables,
    taken,
    upload,
)


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site, its bucket and its queues."""
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        yield pipeline


@pytest.fixture
def small_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message for each shopper or order, and a note of progress after each."""
    monkeypatch.setattr(steps, "MESSAGE_BYTES", 1)
    monkeypatch.setattr(progress, "NOTE_SECONDS", 0)


def document(pipeline: Pipeline) -> dict[str, Any]:
    return dict(pipeline.database["imports"].find_one({}) or {})


class Running(LambdaContext):
    """A Lambda context whose time runs out after so many looks at the clock."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self._looks = looks

    def get_remaining_time_in_millis(self) -> int:
        """Plenty, until there is next to none."""
        self._looks -= 1
        return 900_000 if self._looks >= 0 else 1_000


def test_when_time_runs_out_a_later_message_goes_on_where_it_stopped(pipeline: Pipeline, small_messages: None) -> None:
    files = tables(users=6)
    run("shop-funnel", files)
    whole = events_in(pipeline)
    import_id = upload("shop-funnel", files)
    assert (
        deliver(manifest_message(import_id), context=Running(looks=7)) == []
    )  # five files are read, two messages sent
    paused = importing.progress(import_id)
    assert (paused["state"], 0 < paused["events_sent"] < 15) == ("running", True)
    (go_on,) = taken(pipeline.imports_queue)
    assert deliver(go_on) == []
    told = importing.progress(import_id)
    messages = sent(pipeline.events_queue)
    assert (told["state"], told["rows_sent"], told["events_sent"]) == ("done", 15, 15)
    assert sum(len(message.events) for message in messages) == 15
    assert {event["eventId"]: event for message in messages for event in message.events} == whole


@pytest.mark.parametrize("crash", range(1, 8))
def test_after_a_crash_at_any_point_the_same_message_finishes_the_import(
    pipeline: Pipeline, small_messages: None, monkeypatch: pytest.MonkeyPatch, crash: int
) -> None:
    files = tables(users=6, home_page_table=b"user_id,page\n1,home_page\nhalf a line\n2,search_page\n99,home_page")
    plain = run("shop-funnel", files)
    whole, calls = events_in(pipeline), iter(range(1, 100))

    def send(*arguments: Any) -> None:
        if next(calls) == crash:
            raise RuntimeError("the worker is gone")
        queues.send(*arguments)

    monkeypatch.setattr(steps, "send", send)
    import_id = upload("shop-funnel", files)
    came_back = deliver(manifest_message(import_id), "m")
    assert came_back == (["m"] if crash < 7 else [])
    assert deliver(manifest_message(import_id), "m") == []
    told = importing.progress(import_id)
    counts = ("state", "rows_read", "rows_sent", "rows_repeated", "rows_quarantined", "events_sent", "reasons")
    assert [told[name] for name in counts] == [plain[name] for name in counts]
    assert events_in(pipeline) == whole
    assert pipeline.database["quarantine"].count_documents({}) == 3


def test_a_queue_that_does_not_answer_brings_the_message_back(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: Any) -> None:
        raise Unavailable("the queue does not take messages")

    import_id = upload("orders", orders(sale(1)))
    with monkeypatch.context() as broken:
        broken.setattr(steps, "send", unavailable)
        assert deliver(manifest_message(import_id), "m") == ["m"]
    assert importing.progress(import_id)["state"] == "running"
    assert deliver(manifest_message(import_id), "m") == []
    assert (importing.progress(import_id)["state"], len(events_in(pipeline))) == ("done", 1)


def test_a_store_that_does_not_answer_brings_the_message_back(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: Any) -> None:
        raise ServerSelectionTimeoutError("no server")

    import_id = upload("orders", orders(sale(1)))
    monkeypatch.setattr(imports, "claim", unavailable)
    assert deliver(manifest_message(import_id), "m") == ["m"]


def test_a_second_message_of_the_manifest_changes_nothing(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    deliver(manifest_message(import_id))
    first = document(pipeline)
    assert len(events_in(pipeline)) == 1
    assert deliver(manifest_message(import_id)) == []
    assert (document(pipeline), events_in(pipeline)) == (first, {})


def test_a_manifest_without_an_announcement_makes_no_import(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=f"uploads/demo/{import_id}/_announcement.json")
    assert deliver(manifest_message(import_id)) == []
    assert pipeline.database["imports"].count_documents({}) == 0


def test_an_import_goes_on_without_its_announcement_once_it_has_begun(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    assert progress.claim(ImportRef("demo", import_id), "first")
    boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=f"uploads/demo/{import_id}/_announcement.json")
    assert deliver(manifest_message(import_id), "first") == []
    assert (importing.progress(import_id)["state"], len(events_in(pipeline))) == ("done", 1)


def test_messages_that_arrive_at_once_make_one_import_that_one_of_them_carries(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(partial(progress.claim, ImportRef("demo", import_id)), map(str, range(6))))
    assert len([document for document in taken if document]) == 1
    assert pipeline.database["imports"].count_documents({}) == 1


def test_while_one_message_carries_an_import_another_leaves_it_alone(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    assert progress.claim(ImportRef("demo", import_id), "first")
    assert deliver(manifest_message(import_id), "second") == []
    assert events_in(pipeline) == {}
    assert deliver(manifest_message(import_id), "first") == []
    assert len(events_in(pipeline)) == 1


def test_an_import_whose_worker_was_not_heard_of_for_long_is_taken_over(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = upload("orders", orders(sale(1)))
    progress.claim(ImportRef("demo", import_id), "gone")
    monkeypatch.setattr(progress, "ABANDONED", -progress.ABANDONED)
    assert deliver(manifest_message(import_id), "second") == []
    assert importing.progress(import_id)["state"] == "done"


def test_an_import_that_never_gets_on_is_given_up_with_a_reason(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError("the worker is gone")

    monkeypatch.setattr(steps, "send", crash)
    import_id = upload("orders", orders(sale(1)))
    assert [deliver(manifest_message(import_id), "m") for _ in range(6)] == [["m"]] * 5 + [[]]
    told = importing.progress(import_id)
    assert (told["state"], told["error"][:22]) == ("failed", "given up after 5 attem")
