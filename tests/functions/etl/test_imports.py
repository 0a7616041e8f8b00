"""etl/imports on a real MongoDB, S3 and SQS: every row sent, repeated or quarantined, whatever happens on the way."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
import httpx
import pytest
from footfall.aws import queues
from footfall.errors import Unavailable
from footfall.schemas.event import Json
from pymongo.database import Database
from pymongo.errors import ServerSelectionTimeoutError

from functions.etl.imports import handler as imports
from functions.etl.imports import progress, steps
from functions.etl.imports.messages import ImportRef
from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.builders import LambdaContext
from tests.support.importing import Pipeline, deliver, make_changes, manifest_message, run, sent, taken, upload

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
TEST_EVENT = '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads", "RequestId": "1", "HostId": "2"}'


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


def tables(users: int = 3, **but: bytes) -> dict[str, bytes]:
    """The tables of a funnel: everybody sees home, every second one goes on to search."""
    everybody = range(1, users + 1)
    lines = {
        "user_table": [
            b"user_id,date,device,sex",
            *(b"%d,2015-01-%02d,Mobile,Male" % (n, n % 28 + 1) for n in everybody),
        ],
        "home_page_table": [b"user_id,page", *(b"%d,home_page" % n for n in everybody)],
        "search_page_table": [b"user_id,page", *(b"%d,search_page" % n for n in everybody if n % 2 == 0)],
        "payment_page_table": [b"user_id,page"],
        "payment_confirmation_table": [b"user_id,page"],
    }
    return {f"{name}.csv": but.get(name, b"\n".join(rows)) for name, rows in lines.items()}


def orders(*lines: bytes) -> dict[str, bytes]:
    return {"orders.csv": HEADER + b"\n".join(lines)}


def sale(invoice: int, product: bytes = b"A", quantity: int = 1) -> bytes:
    return b"%d,%b,x,%d,2010-12-01 08:26:00,2.50,17850.0,UK" % (invoice, product, quantity)


def events_in(pipeline: Pipeline) -> dict[str, Json]:
    """The events in the queue by id, without regard to how often and in which message each was sent."""
    return {event["eventId"]: event for message in sent(pipeline.events_queue) for event in message.events}


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
