"""api/catalog through its Lambda handler, with a real MongoDB and S3 behind it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
from footfall.clock import now
from footfall.schemas.message import EventsMessage
from footfall.settings import read_environment
from pymongo.database import Database

from functions.etl.imports.messages import ImportRef
from functions.etl.imports.progress import claim
from infra.local.aws import AwsAddresses
from tests.support import importing
from tests.support.importing import Pipeline, announce, ask, progress

FUNNEL = [f"{name}_table.csv" for name in ("user", "home_page", "search_page", "payment_page", "payment_confirmation")]


@pytest.fixture
def pipeline(
    database: Database[dict[str, Any]], aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    """A site, its bucket and its queues."""
    with importing.open_pipeline(database, worker, monkeypatch) as pipeline:
        yield pipeline


def uploaded(pipeline: Pipeline) -> list[str]:
    """The names of what is in the bucket."""
    found = boto3.client("s3").list_objects_v2(Bucket=pipeline.bucket)
    return [each["Key"] for each in found.get("Contents", [])]


def files(*names: str, size: int = 10) -> list[dict[str, Any]]:
    return [{"name": name, "size": size} for name in names]


def test_an_import_is_announced_and_waits_for_its_files(pipeline: Pipeline) -> None:
    announced = announce("shop-funnel", dict.fromkeys(FUNNEL, b"12345"))
    assert [upload["name"] for upload in announced["uploads"]] == [*FUNNEL, "manifest.json"]
    told = progress(announced["import_id"])
    assert (told["state"], told["kind"], told["files"]) == ("queued", "shop-funnel", files(*FUNNEL, size=5))
    counted = ("rows_read", "rows_sent", "rows_repeated", "rows_quarantined", "events_sent", "events_stored")
    assert [told[name] for name in (*counted, "events_refused")] == [0] * 7
    assert (told["reasons"], told["problems"]) == ({}, [])
    unknown = ("first_day", "last_day", "error", "started_at", "finished_at")
    assert [told[name] for name in unknown] == [None] * 5
    assert now() - datetime.fromisoformat(told["created_at"]) < timedelta(minutes=1)


def test_announcing_writes_to_no_store_but_beside_the_uploads(pipeline: Pipeline) -> None:
    import_id = announce("orders", {"orders.csv": b"12345"})["import_id"]
    assert pipeline.database["imports"].count_documents({}) == 0
    assert uploaded(pipeline) == [f"uploads/demo/{import_id}/_announcement.json"]


def test_an_import_is_told_alike_before_and_after_its_manifest_arrived(pipeline: Pipeline) -> None:
    import_id = announce("orders", {"orders.csv": b"12345"})["import_id"]
    before = progress(import_id)
    claim(ImportRef("demo", import_id), "message")
    after = progress(import_id)
    assert list(after) == list(before)
    assert {**after, "state": "queued", "started_at": None} == before


@pytest.mark.parametrize("encoding", ["foo", "base64", ""])
def test_an_encoding_that_is_none_is_refused(pipeline: Pipeline, encoding: str) -> None:
    asked = {"kind": "orders", "files": files("orders.csv"), "options": {"encoding": encoding}}
    status, answer = ask("POST", "/api/imports", asked)
    assert (status, [error["field"] for error in answer["errors"]]) == (422, ["options.encoding"])


def test_what_cannot_be_kept_gets_no_addresses(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOADS_BUCKET", "no-such-bucket")
    read_environment.cache_clear()
    status, answer = ask("POST", "/api/imports", {"kind": "orders", "files": files("orders.csv")})
    assert (status, "uploads" in answer) == (503, False)
    assert ask("GET", "/api/imports/0123456789abcdef")[0] == 503


def test_the_addresses_take_the_files_of_the_announced_size_and_no_others(pipeline: Pipeline) -> None:
    announced = announce("orders", {"orders.csv": b"12345"})
    address, manifest = announced["uploads"]
    assert address["headers"] == {"content-length": "5"}
    assert "content-length" in address["url"]
    assert httpx.put(address["url"], content=b"12345", headers=address["headers"]).status_code == 200
    assert httpx.put(manifest["url"], content=b"{}").status_code == 200
    assert f"/uploads/demo/{announced['import_id']}/orders.csv?" in address["url"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "orders"}, "files"),
        ({"kind": "orders", "files": []}, "files"),
        ({"kind": "no kind", "files": files("orders.csv")}, "kind"),
        ({"kind": "orders", "files": files("orders.zip")}, "files.0.name"),
        ({"kind": "orders", "files": files("a.csv"), "options": {"dates": "any"}}, "options.dates"),
        ({"kind": "orders", "files": files("a.csv"), "options": {"time_zone": "Rome"}}, "options.time_zone"),
        ({"kind": "orders", "files": files("a.csv"), "options": {"columns": {"Nr": "number"}}}, "options.columns.Nr"),
        ({"kind": "orders", "files": files("../orders.csv")}, "files.0.name"),
        ({"kind": "orders", "files": files("orders.csv", size=-1)}, "files.0.size"),
        ({"kind": "orders", "files": files("orders.csv", size=600_000_000)}, "files"),
        ({"kind": "shop-funnel", "files": files(*FUNNEL[1:])}, "files"),
        ({"kind": "shop-funnel", "files": files(*FUNNEL, "manifest.json")}, "files.5.name"),
        ({"kind": "orders", "files": files("orders.csv"), "site_id": "another"}, "site_id"),
        ("not json", "0"),
    ],
)
def test_what_cannot_be_imported_is_refused_with_the_name_of_the_field(
    pipeline: Pipeline, body: Any, field: str
) -> None:
    status, answer = ask("POST", "/api/imports", body)
    assert (status, answer["errors"][0]["field"]) == (422, field)
    assert uploaded(pipeline) == []


def test_announcing_needs_the_write_scope_and_looking_the_read_scope(pipeline: Pipeline) -> None:
    body = {"kind": "orders", "files": files("orders.csv")}
    assert ask("POST", "/api/imports", body, scopes="collect read")[0] == 403
    assert ask("GET", "/api/imports/0123456789abcdef", scopes="write")[0] == 403
    assert ask("POST", "/api/imports", body, site_id="")[0] == 401


def test_another_sites_import_is_not_there(pipeline: Pipeline) -> None:
    import_id = announce("orders", {"orders.csv": b""})["import_id"]
    status, answer = ask("GET", f"/api/imports/{import_id}", site_id="another")
    assert (status, answer["detail"]) == (404, "no import has this id")


@pytest.mark.parametrize("import_id", ["0123456789abcde", "0123456789ABCDEF", "..%2Fdemo", "$ne"])
def test_what_is_no_import_id_is_refused(pipeline: Pipeline, import_id: str) -> None:
    assert ask("GET", f"/api/imports/{import_id}")[0] in (404, 422)


def test_events_count_as_stored_once_they_went_through_etl(pipeline: Pipeline) -> None:
    import_id = announce("orders", {"orders.csv": b""})["import_id"]
    document = claim(ImportRef("demo", import_id), "message")
    assert document
    pipeline.database["imports"].update_one({}, {"$set": {"events_sent": 10}})
    message = EventsMessage(
        site_id="demo", source=f"import:{import_id}", received_at=document["created_at"], events=[{}]
    )
    note = {"site_id": "demo", "at": message.received_at, "events": 8, "waiting": 2}
    pipeline.database["ledger"].insert_many([{**note, "source": message.source}, {**note, "source": "collect"}])
    assert [progress(import_id)[name] for name in ("events_stored", "events_refused")] == [6, 0]
    aside = {"site_id": "demo", "first_seen": now(), "origin": {"source": message.source}}
    pipeline.database["quarantine"].insert_many([{**aside, "state": state} for state in ("waiting", "replayed")])
    assert [progress(import_id)[name] for name in ("events_stored", "events_refused")] == [5, 1]
