"""Rows in quarantine, read again by etl/imports on a real MongoDB, S3 and SQS."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest
from footfall.errors import Unstorable
from footfall.imports.kind import Destination, RowKey
from footfall.imports.kinds import KINDS
from footfall.imports.reader import TableRow
from footfall.schemas.event import Json
from pymongo.database import Database

from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.importing import Pipeline, deliver, run, sent

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site, its bucket and its queues."""
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        yield pipeline


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The products whose rows the parser of yesterday refuses; clear it for the one of today."""
    products = {"odd"}
    kind = replace(KINDS["orders"], whole=None)

    def refuses(row: TableRow, destination: Destination) -> RowKey:
        if row.text("product_id") in products:
            raise Unstorable("odd", "the product is odd")
        return kind.row_key(row, destination)

    monkeypatch.setitem(KINDS, "orders", replace(kind, row_key=refuses))
    return products


def sale(invoice: int, product: str) -> bytes:
    return f"{invoice},{product},x,1,2010-12-01 08:26:00,2.50,17850.0,UK".encode()


def an_import(*rows: bytes) -> str:
    """Import orders; returns the import's id."""
    return str(run("orders", {"orders.csv": HEADER + b"\n".join(rows)})["import_id"])


def names(pipeline: Pipeline, **of: Any) -> list[str]:
    """What waits in quarantine, by name."""
    return [
        found["_id"].partition(":")[2] for found in pipeline.database["quarantine"].find({"state": "waiting", **of})
    ]


def ask(import_id: str, asked: Sequence[str], message_id: str | None = None) -> None:
    """Have rows of an import read again."""
    body = {"version": 1, "site_id": "demo", "import_id": import_id, "replay": asked}
    assert deliver(json.dumps(body), message_id) == []


def events_of(pipeline: Pipeline) -> list[Json]:
    return [event for message in sent(pipeline.events_queue) for event in message.events]


def states(pipeline: Pipeline) -> list[tuple[str, int]]:
    return [
        (found["state"], found["attempts"]) for found in pipeline.database["quarantine"].find().sort("origin.line", 1)
    ]


def test_rows_that_can_be_read_now_become_the_events_they_mean(pipeline: Pipeline, refused: set[str]) -> None:
    import_id = an_import(sale(1, "odd"), sale(2, "fine"), sale(1, "odd"), sale(3, "odd"))
    (before,) = events_of(pipeline)
    assert before["properties"]["order_id"] == "2"
    refused.clear()

    ask(import_id, names(pipeline))

    found = {event["properties"]["order_id"]: len(event["properties"]["products"]) for event in events_of(pipeline)}
    assert found == {"1": 2, "3": 1}
    assert states(pipeline) == [("replayed", 0)] * 3
    ask(import_id, names(pipeline))
    assert events_of(pipeline) == []


def test_the_events_are_those_that_the_import_would_have_sent(pipeline: Pipeline, refused: set[str]) -> None:
    rows = [sale(1, "odd"), sale(1, "odd")]
    import_id = an_import(*rows)
    refused.clear()
    ask(import_id, names(pipeline))
    (replayed,) = sent(pipeline.events_queue)
    an_import(*rows)
    (imported,) = sent(pipeline.events_queue)
    assert replayed.events == imported.events
    assert replayed.source == f"import:{import_id}"


def test_a_row_is_read_with_all_that_make_up_its_event(pipeline: Pipeline, refused: set[str]) -> None:
    import_id = an_import(sale(1, "odd"), sale(1, "odd"), sale(2, "odd"))
    refused.clear()
    ask(import_id, names(pipeline, **{"origin.line": 2}))
    (event,) = events_of(pipeline)
    assert len(event["properties"]["products"]) == 2
    assert states(pipeline) == [("replayed", 0), ("replayed", 0), ("waiting", 0)]


def test_what_still_means_nothing_counts_the_attempt_once_for_each_message(
    pipeline: Pipeline, refused: set[str]
) -> None:
    import_id = an_import(sale(1, "odd"), sale(2, "odd"))
    asked = names(pipeline, **{"origin.line": 2})
    ask(import_id, asked, "message")
    ask(import_id, asked, "message")
    ask(import_id, asked, "another")
    assert states(pipeline) == [("waiting", 2), ("waiting", 0)]
    assert [found["reason"] for found in pipeline.database["quarantine"].find()] == ["odd", "odd"]


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_looked_up_is_looked_up_again(pipeline: Pipeline, refused: set[str], *, gone: bool) -> None:
    files = {
        "customers.csv": b"customer_id,customer_unique_id\nc1,u",
        "orders.csv": b"order_id,customer_id,order_status,order_purchase_timestamp\na,c1,delivered,2018-01-01 10:00:00",
        "items.csv": b"order_id,product_id,price,freight_value\na,odd,10,2.50",
    }
    import_id = str(run("orders", files)["import_id"])
    sent(pipeline.events_queue)
    refused.clear()
    if gone:
        boto3.client("s3").delete_object(Bucket=pipeline.bucket, Key=f"uploads/demo/{import_id}/customers.csv")
    ask(import_id, names(pipeline))
    assert [event.get("userId") for event in events_of(pipeline)] == ([] if gone else ["u"])
    assert {state for state, _ in states(pipeline)} == ({"waiting"} if gone else {"replayed"})


def test_rows_of_several_tables_find_each_other(pipeline: Pipeline) -> None:
    files = {
        "user_table.csv": b"user_id,date,device,sex\n1,2015-02-30,Mobile,Male",
        "home_page_table.csv": b"user_id,page\n1,home_page",
        "search_page_table.csv": b"user_id,page",
        "payment_page_table.csv": b"user_id,page",
        "payment_confirmation_table.csv": b"user_id,page",
    }
    import_id = str(run("shop-funnel", files)["import_id"])
    ask(import_id, names(pipeline))
    assert {found["reason"]: found["attempts"] for found in pipeline.database["quarantine"].find()} == {
        "bad_date": 1,
        "unknown_user": 1,
    }


@pytest.mark.parametrize("body", [{"import_id": "0123456789abcdef"}, {"import_id": "x", "site_id": "nobody"}])
def test_a_replay_of_an_import_that_nobody_knows_is_let_go(pipeline: Pipeline, body: Json) -> None:
    assert deliver(json.dumps({"version": 1, "site_id": "demo", "replay": ["x"], **body})) == []


def test_a_queue_that_does_not_answer_leaves_the_rows_waiting(
    pipeline: Pipeline, refused: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = an_import(sale(1, "odd"))
    refused.clear()
    asked = names(pipeline)
    with monkeypatch.context() as patched:
        patched.setattr("footfall.aws.queues.ATTEMPTS", 0)
        body = {"version": 1, "site_id": "demo", "import_id": import_id, "replay": asked}
        assert deliver(json.dumps(body), "m") == ["m"]
    assert states(pipeline) == [("waiting", 0)]
    ask(import_id, asked)
    assert states(pipeline) == [("replayed", 0)]
