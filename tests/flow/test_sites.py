"""Sites on the whole stack, all from the terminal: made, imported into, looked at, their keys changed."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from infra.local.stack import Stack
from tests.support.builders import an_event

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
PURCHASE = {"order_id": "o-1", "total": 100, "currency": "EUR", "products": [{"product_id": "p", "price": 100}]}


def footfall(stack: Stack, *arguments: str | Path, **keys: str) -> Result:
    """Returns how `footfall` ended, run with the operator's key unless other keys are given."""
    none = dict.fromkeys(("FOOTFALL_KEY", "FOOTFALL_WRITE_KEY", "FOOTFALL_OPERATOR_KEY"), "")
    given = {f"FOOTFALL_{name.upper()}": key for name, key in (keys or {"operator_key": stack.operator_key()}).items()}
    environment = {"FOOTFALL_URL": stack.url, "COLUMNS": "200", **none, **given}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


def made(stack: Stack, site_id: str, *options: str) -> dict[str, str]:
    """Returns the keys of a new site."""
    ended = footfall(stack, "site", "create", site_id, *options, "--json")
    assert ended.exit_code == 0, ended.stderr
    keys: dict[str, str] = json.loads(ended.stdout)
    assert set(keys) == {"site_id", "api_key", "write_key"}
    return keys


def status_of(stack: Stack, key: str, path: str = "/api/metrics") -> int:
    return httpx.get(f"{stack.url}{path}", headers={"x-api-key": key}, timeout=30).status_code


def test_a_shop_is_made_and_every_command_works_on_it(stack: Stack, tmp_path: Path) -> None:
    keys = made(stack, "roma", "--currency", "EUR", "--time-zone", "Europe/Rome", "--page-rule", "/articolo/=product")
    assert status_of(stack, keys["api_key"]) == 200

    (tmp_path / "events.ndjson").write_text(json.dumps(an_event(eventId="a", pageType=None, path="/articolo/1")))
    assert footfall(stack, "send", tmp_path / "events.ndjson", "--site", "roma").exit_code == 0
    assert stack.drain()
    (tmp_path / "orders.csv").write_text(f"{HEADER}\n536365,a,Tea,2,12/31/2010 8:26,2.50,17850,Italy\n")
    imported = footfall(stack, "import", "orders", tmp_path / "orders.csv", "--site", "roma")
    assert imported.exit_code == 0, imported.stderr
    assert "Currency:" not in imported.stdout, "they are in the site's own"

    headers = {"x-api-key": keys["api_key"]}
    [event] = [
        event
        for event in httpx.get(f"{stack.url}/events/recent", headers=headers, timeout=30).json()["events"]
        if event["event_id"] == "a"
    ]
    assert event["page_type"] == "product"
    answer = httpx.get(f"{stack.url}/api/metrics", headers=headers, timeout=30).json()
    assert (answer["currency"], answer["total_revenue"]) == ("EUR", 5.0)
    assert footfall(stack, "status", "--site", "roma").exit_code == 0
    again = footfall(stack, "site", "create", "roma")
    assert (again.exit_code, "there is a site of this id already" in again.stderr) == (1, True)


def test_a_site_in_the_wrong_currency_is_told_so(stack: Stack, tmp_path: Path) -> None:
    keys = made(stack, "wrong-currency", "--currency", "GBP")
    order = an_event(eventId="o", eventType="Order Completed", userId="u", properties=PURCHASE)
    (tmp_path / "orders.ndjson").write_text(json.dumps(order))

    imported = footfall(stack, "import", "events", tmp_path / "orders.ndjson", "--site", "wrong-currency")
    assert imported.exit_code == 0, imported.stderr
    warning = "Currency: the site's is GBP, but all of 1 newest orders are in EUR"
    assert warning in imported.stdout
    assert warning in footfall(stack, "status", key=keys["api_key"]).stdout

    assert footfall(stack, "site", "set", "wrong-currency", "--currency", "EUR").exit_code == 0
    shown = footfall(stack, "site", "show", "wrong-currency", "--json", key=keys["api_key"])
    assert json.loads(shown.stdout)["currency"] == "EUR"


def test_what_a_shop_sends_with_its_api_key_counts_more_than_its_pages_and_files(stack: Stack, tmp_path: Path) -> None:
    keys = made(stack, "own-word")
    (tmp_path / "orders.csv").write_text(f"{HEADER}\no-1,a,Tea,1,12/31/2010 8:26,70,17850,Italy\n")
    assert footfall(stack, "import", "orders", tmp_path / "orders.csv", "--site", "own-word").exit_code == 0
    headers = {"x-api-key": keys["api_key"]}
    answers: list[float] = []
    for key, total in ((keys["write_key"], 1), (keys["api_key"], 80), (keys["write_key"], 2)):
        update = an_event(eventType="order_updated", properties={**PURCHASE, "total": total}, eventId=f"of-{total}")
        assert (
            httpx.post(f"{stack.url}/collect", json=update, headers={"x-api-key": key}, timeout=30).status_code == 202
        )
        assert stack.drain()
        stack.invoke("JobsRollupFunction", {})
        answers.append(httpx.get(f"{stack.url}/api/metrics", headers=headers, timeout=30).json()["total_revenue"])
    assert answers == [70, 80, 80]


def test_keys_are_rotated_and_revoked_and_a_shop_reaches_only_its_own(stack: Stack) -> None:
    keys = made(stack, "keys-of-one")
    other = made(stack, "keys-of-another")
    new = footfall(stack, "key", "create", "keys-of-one", "--scope", "read", "--json")
    reading = json.loads(new.stdout)
    assert status_of(stack, reading["key"]) == 200
    assert status_of(stack, reading["key"], "/api/sites") == 403
    assert status_of(stack, keys["api_key"], "/api/sites/keys-of-another") == 404

    rotated = footfall(stack, "key", "rotate", "keys-of-one", reading["key_id"], "--json")
    assert status_of(stack, json.loads(rotated.stdout)["key"]) == 200
    write_id = keys["write_key"].split("_")[2]
    for key_id in (reading["key_id"], write_id):
        assert footfall(stack, "key", "revoke", "keys-of-one", key_id, key=keys["api_key"]).exit_code == 0
    left = json.loads(footfall(stack, "key", "list", "keys-of-one", "--json").stdout)["keys"]
    assert [key["key_id"] for key in left] == [
        keys["api_key"].split("_")[2],
        json.loads(rotated.stdout)["key_id"],
    ]
    sites = json.loads(footfall(stack, "site", "list", "--json", key=other["api_key"]).stdout)["sites"]
    assert [site["site_id"] for site in sites] == ["keys-of-another"]
    everything = json.loads(footfall(stack, "site", "list", "--json").stdout)["sites"]
    assert {"keys-of-one", "keys-of-another"} <= {site["site_id"] for site in everything}
