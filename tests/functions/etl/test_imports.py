"""etl/imports on a real MongoDB, S3 and SQS: every row sent, repeated or quarantined, whatever happens on the way."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pymongo.database import Database

from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.importing import (
    HEADER,
    Pipeline,
    deliver,
    events_in,
    make_changes,
    manifest_message,
    orders,
    run,
    sale,
    sent,
    tables,
    upload,
)

TEST_EVENT = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads", "RequestId": "1", "HostId": "2"}'


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site, its bucket and its queues."""
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        yield pipeline


def test_rows_become_events_on_the_queue_in_the_order_of_their_days(pipeline: Pipeline) -> None:
    told = run("shop-funnel", tables(users=4))
    (message,) = sent(pipeline.events_queue)
    assert (told["state"], told["rows_read"], told["rows_sent"], told["events_sent"]) == ("done", 10, 10, 10)
    assert (message.site_id, message.source) == ("demo", f"import:{told['import_id']}")
    steps_taken = [event.get("pageType", event["eventType"]) for event in message.events]
    assert steps_taken == ["identify", "home", "identify", "home", "search"] * 2
    days = [event["timestamp"][:10] for event in message.events]
    assert days == sorted(days)


def test_the_same_files_again_are_the_same_events(pipeline: Pipeline) -> None:
    run("shop-funnel", tables())
    first = events_in(pipeline)
    run("shop-funnel", {f"{name}.gz": gzip.compress(body) for name, body in tables().items()})
    assert events_in(pipeline) == first


def test_rows_of_one_invoice_are_one_order_wherever_they_stand(pipeline: Pipeline) -> None:
    told = run("orders", orders(sale(1), sale(2), sale(1, b"B"), sale(1)))
    products = {
        event["properties"]["order_id"]: [product["product_id"] for product in event["properties"]["products"]]
        for event in events_in(pipeline).values()
    }
    assert products == {"1": ["A", "B", "A"], "2": ["A"]}
    assert (told["rows_sent"], told["events_sent"]) == (4, 2)


def test_bad_rows_go_to_quarantine_as_they_came_with_line_and_reason(pipeline: Pipeline) -> None:
    users = b"user_id,date,device,sex\n1,2015-02-30,Mobile,Male\n2,2015-01-0\n3,2015-01-01,M\xf6bile,\n4,2015-01-01,,"
    users += "\n5,2015-01-01,möbil,".encode()  # so it is UTF-8, and not another encoding
    homes = b"user_id,page\n4,home_page\n99,home_page\n4,home_page"
    told = run("shop-funnel", tables(user_table=users, home_page_table=homes, search_page_table=b"user_id,page"))
    assert told["rows_read"] == told["rows_sent"] + told["rows_repeated"] + told["rows_quarantined"]
    assert (told["rows_sent"], told["rows_repeated"], told["rows_quarantined"]) == (3, 1, 4)
    assert told["reasons"] == {"bad_date": 1, "unknown_user": 1, "wrong_columns": 1, "wrong_encoding": 1}
    kept = {
        (found["origin"]["file"], found["origin"]["line"]): found for found in pipeline.database["quarantine"].find()
    }
    assert {place: found["reason"] for place, found in kept.items()} == {
        ("user_table.csv", 2): "bad_date",
        ("user_table.csv", 3): "wrong_columns",
        ("user_table.csv", 4): "wrong_encoding",
        ("home_page_table.csv", 3): "unknown_user",
    }
    assert kept["user_table.csv", 4]["original"] == b"3,2015-01-01,M\xf6bile,"
    assert all(found["origin"]["import_id"] == told["import_id"] for found in kept.values())
    assert [problem["line"] for problem in told["problems"]] == [2, 3, 4, 3]


def test_bad_rows_imported_again_are_in_quarantine_once(pipeline: Pipeline) -> None:
    files = orders(sale(1), sale(2, quantity=0))
    assert [run("orders", files)["rows_quarantined"] for _ in range(2)] == [1, 1]
    assert pipeline.database["quarantine"].count_documents({}) == 1


def test_what_a_quarantined_row_holds_is_in_no_message_about_it(pipeline: Pipeline) -> None:
    told = run("orders", orders(b"1,A,x,secret,2010-12-01 08:26:00,secret,secret,secret", b"secret"))
    assert "secret" not in json.dumps(told)
    assert "secret" not in json.dumps([found["detail"] for found in pipeline.database["quarantine"].find()])


@pytest.mark.parametrize(
    ("but", "reason"),
    [
        ({"home_page_table.csv": None}, "home_page_table.csv is missing: it was announced but not uploaded"),
        ({"user_table.csv": b"user_id,date,device\n"}, "user_table.csv has 20 bytes where"),
        ({"manifest.json": b"{}"}, "manifest.json is not"),
        ({"manifest.json": b'{"kind": "orders", "files": []}'}, "manifest.json names another kind"),
    ],
)
def test_an_upload_that_is_not_what_was_announced_fails_the_import(
    pipeline: Pipeline, but: dict[str, bytes | None], reason: str
) -> None:
    told = run("shop-funnel", tables(), but)
    assert told["state"] == "failed"
    assert told["error"].startswith(reason)
    assert sent(pipeline.events_queue) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "orders.csv is empty"),
        (HEADER.replace(b"InvoiceNo,", b"") + sale(1), "orders.csv is not recognised: no column is its order_id"),
        (HEADER + b"1,A,x,1,01/11/2025,2.50,7,UK", "orders.csv has dates such as 01/11/2025, and none says whether"),
        (b"\0\0\0\0", "orders.csv is "),
        (b"PK\x03\x04" + b"0" * 100, "orders.csv is a zip archive"),
        (gzip.compress(HEADER + b"\n".join([sale(1)] * 9_000), mtime=0)[:-600], "orders.csv is broken gzip"),
        (b"\x1f\x8b\x08\x00" + b"0" * 100, "orders.csv is broken gzip"),
    ],
)
def test_a_file_that_cannot_be_read_fails_the_import_with_nothing_done(
    pipeline: Pipeline, body: bytes, reason: str
) -> None:
    told = run("orders", {"orders.csv": body})
    assert told["state"] == "failed"
    assert told["error"].startswith(reason)
    assert (sent(pipeline.events_queue), pipeline.database["quarantine"].count_documents({})) == ([], 0)


def test_what_unpacks_to_more_than_an_import_may_be_fails(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.etl.imports.uploads.MAX_UNPACKED_BYTES", 10_000)
    told = run("orders", {"orders.csv.gz": gzip.compress(HEADER + sale(1) + b"0" * 50_000)})
    assert (told["state"], told["error"][:38]) == ("failed", "orders.csv.gz unpacks to more than 100")


def test_rows_too_many_for_one_event_are_quarantined_and_others_are_not(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.etl.imports.spool.MAX_GROUP_BYTES", 1_000)
    told = run("orders", orders(*[sale(1)] * 100, sale(2)))
    assert (told["rows_sent"], told["rows_quarantined"], told["reasons"]) == (1, 100, {"group_too_large": 100})


@pytest.mark.parametrize(
    "body",
    [
        TEST_EVENT,
        "not json",
        "[]",
        '{"Records": false}',
        '{"Records": [{}]}',
        '{"Records": [{"s3": {"object": {"key": 7}}}]}',
        '{"import_id": null}',
        manifest_message("0" * 16),
        manifest_message("0123456789abcdef", site_id="another"),
        manifest_message("../../demo/0123456789abcdef"),
        manifest_message("0" * 16).replace("manifest.json", "user_table.csv"),
        '{"version": 1, "site_id": "demo", "import_id": "0000000000000000"}',
        '{"version": 1, "site_id": "", "import_id": "\\u0012\\u00c0"}',
    ],
)
def test_a_message_that_names_no_announced_import_is_acknowledged(pipeline: Pipeline, body: str) -> None:
    assert deliver(body) == []
    assert list(sent(pipeline.events_queue)) == []


def test_another_sites_folder_is_another_import(pipeline: Pipeline) -> None:
    import_id = upload("orders", orders(sale(1)))
    assert deliver(manifest_message(import_id, site_id="other")) == []
    assert (importing.progress(import_id)["state"], events_in(pipeline)) == ("queued", {})


def test_lines_of_json_are_sent_as_they_are(pipeline: Pipeline) -> None:
    lines = [
        {"eventType": "click", "visitorId": f"v{n}", "eventId": f"e{n}", "timestamp": "2019-10-01 00:00:00 UTC"}
        for n in range(3)
    ]
    undated = {"eventType": "click", "visitorId": "v"}
    told = run("events", {"events.ndjson": "\n".join(map(json.dumps, [*lines, undated])).encode()})
    sent = [{**line, "sequence": number} for number, line in enumerate(lines, 1)]
    assert list(events_in(pipeline).values()) == sent
    assert (told["rows_sent"], told["reasons"]) == (3, {"bad_date": 1})


def test_products_go_to_the_catalogue_and_an_older_file_changes_nothing(pipeline: Pipeline) -> None:
    rows = b"A,Lamp,80.50,2025-02-01\nB,Mug,6,2025-02-02\nB,Mug,5,2025-02-01\nC,x,cheap,2025-02-01"
    text = b"sku,name,price,updated_at\n" + rows
    told = run("products", {"products.csv": text})
    assert (told["rows_sent"], told["events_sent"], told["reasons"]) == (3, 0, {"bad_number": 1})
    run("products", {"products.csv": b"sku,name,price,updated_at\nA,Old lamp,70,2025-01-01\nC,Cup,7,2025-01-01"})
    assert make_changes(pipeline.catalog_queue) == []
    found = {each["product_id"]: (each["name"], each["price"]) for each in pipeline.database["products"].find()}
    assert found == {"A": ("Lamp", 8050), "B": ("Mug", 600), "C": ("Cup", 700)}
    assert sent(pipeline.events_queue) == []


def test_a_half_read_invoice_waits_whole_and_a_corrected_file_brings_it(pipeline: Pipeline) -> None:
    bad = sale(1, b"B").replace(b",1,2010", b",one,2010")
    told = run("orders", orders(sale(1), bad, b"1,C,x, y,1,2010-12-01 08:26:00,2.50,17850.0,UK", sale(2)))
    assert (told["rows_sent"], told["reasons"]) == (1, {"incomplete": 2, "wrong_columns": 1})
    assert [event["properties"]["order_id"] for event in events_in(pipeline).values()] == ["2"]
    run("orders", orders(sale(1), sale(1, b"B"), sale(1, b"C"), sale(2)))
    assert {e["properties"]["order_id"]: e["properties"]["total"] for e in events_in(pipeline).values()} == {
        "1": "7.50",
        "2": "2.50",
    }


def test_how_files_are_read_is_told_and_options_are_kept(pipeline: Pipeline) -> None:
    body = "Nr;Datum;Summe\n1;01.02.2025 10:00;1.234,50\n".encode("utf-16")
    options = {"columns": {"Nr": "order_id", "Datum": "ordered_at", "Summe": "total"}, "time_zone": "Europe/Rome"}
    files = {"orders.csv": body}
    announced = importing.announce("orders", files, options)
    (address, manifest) = announced["uploads"]
    httpx.put(address["url"], content=body, headers=address["headers"]).raise_for_status()
    httpx.put(manifest["url"], content=b'{"kind": "orders", "files": ["orders.csv"]}').raise_for_status()
    assert deliver(manifest_message(announced["import_id"])) == []
    (reading,) = importing.progress(announced["import_id"])["readings"]
    assert reading == {
        "file": "orders.csv",
        "layout": "orders",
        "delimiter": ";",
        "encoding": "utf-16",
        "decimal": "comma",
        "dates": "day-first",
        "time_zone": "Europe/Rome",
        "columns": {"Nr": "order_id", "Datum": "ordered_at", "Summe": "total"},
    }
    (event,) = events_in(pipeline).values()
    assert (event["timestamp"], event["properties"]["total"]) == ("2025-02-01T10:00:00+01:00", "1234.50")


def test_olists_customers_are_looked_up_in_a_file_beside_the_orders(pipeline: Pipeline) -> None:
    files = {
        "customers.csv": b"customer_id,customer_unique_id\nc1,u\nc2,u",
        "orders.csv": b"order_id,customer_id,order_status,order_purchase_timestamp\na,c1,delivered,2018-01-01 10:00:00",
        "items.csv": b"order_id,product_id,price,freight_value\na,p,10,2.50",
    }
    told = run("orders", files)
    (event,) = events_in(pipeline).values()
    assert (event["userId"], event["properties"]["total"]) == ("u", "12.50")
    assert (told["rows_read"], told["rows_sent"]) == (4, 4)


def peak_kilobytes(users: int) -> int:
    """The most memory that an import of so many users takes, in a process of its own."""
    command = [sys.executable, "-m", "tests.support.import_steps", str(users)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def test_memory_does_not_grow_with_the_files() -> None:
    few, many = peak_kilobytes(20_000), peak_kilobytes(100_000)
    assert many < few + 30_000  # SQLite fills its cache; 160,000 rows more would take twice as much
