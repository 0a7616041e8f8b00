"""`footfall import` on the whole stack: from files to answers, and again, and with what is wrong in them."""

import csv
import gzip
from decimal import Decimal
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.client import follow
from cli.main import app
from tests.flow.conftest import Shop

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack")]
PAGES = {"home_page": 40, "search_page": 20, "payment_page": 8, "payment_confirmation": 2}
ROWS_OF_ORDERS = 6_000


def footfall(shop: Shop, *arguments: str | Path) -> Result:
    """Returns how `footfall` ended, run with these arguments against the stack."""
    environment = {"FOOTFALL_URL": shop.stack.url, "FOOTFALL_KEY": shop.api_key, "COLUMNS": "200"}
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env=environment)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """The tables of forty shoppers, every fourth on a phone, with five bad rows and a repeated one."""
    shoppers = range(1, 41)
    lines = [f'"{n}","2015-01-{n % 28 + 1:02d}","{"Mobile" if n % 4 == 0 else "Desktop"}","Male"' for n in shoppers]
    bad = ["41,2015-02-30,Mobile,Male", "42,2015-02", "43,2015-02-01,\x00", "1,2015-01-05,Mobile,Male"]
    (tmp_path / "user_table.csv").write_text("\n".join(["user_id,date,device,sex", *lines, *bad, ""]))
    for name, count in PAGES.items():
        page = name if name.endswith("page") else f"{name}_page"
        rows = [f"{n},{page}" for n in shoppers if n <= count]
        extra = ["99,home_page", "1,home_page"] if name == "home_page" else []
        (tmp_path / f"{name}_table.csv").write_text("\n".join(["user_id,page", *rows, *extra]))
    return tmp_path


def test_tables_become_a_funnel_and_the_same_tables_again_change_nothing(shop: Shop, tables: Path) -> None:
    first = footfall(shop, "import", "shop-funnel", tables)
    assert first.exit_code == 3, first.stderr
    assert "116 rows read" in first.stdout
    assert "110 imported as 110 events" in first.stdout
    assert "1 repeated an earlier row" in first.stdout
    assert "user_table.csv line 42: date is not a time of the calendar" in first.stdout
    assert "/api/funnel?from=2015-01-01&to=2015-01-28&breakdown=device" in first.stdout

    def answers() -> list[object]:
        funnel = shop.get("/api/funnel", **{"from": "2015-01-01", "to": "2015-01-31", "breakdown": "device"})
        steps = [[step["users"] for step in group["steps"]] for group in (funnel, *funnel["breakdowns"])]
        counts = shop.get("/etl/status")["collections"]
        return [steps, counts["events"], counts["users"], counts["user_sessions"], counts["quarantine"]]

    before = answers()
    assert before == [[[40, 20, 8, 2], [30, 15, 6, 2], [10, 5, 2, 0]], 110, 40, 40, 5]
    again = footfall(shop, "import", "shop-funnel", tables)
    assert again.exit_code == 3, again.stderr
    assert answers() == before
    ledger = shop.get("/etl/status")["ledger"]
    assert ledger.pop("by_day")[0]["received"] == 220
    assert ledger == {"received": 220, "stored": 110, "duplicate": 110, "quarantined": 0, "waiting": 0}


def test_an_import_that_fails_says_why_and_where(shop: Shop, tmp_path: Path) -> None:
    header = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    whole = gzip.compress(header * 99_999)
    (tmp_path / "orders.csv.gz").write_bytes(whole[:-100])
    result = footfall(shop, "import", "orders", tmp_path / "orders.csv.gz")
    assert result.exit_code == 1
    assert "orders.csv.gz is broken gzip, or ends before its end" in result.stderr
    assert shop.get("/etl/status")["collections"]["quarantine"] == 0


def test_lines_of_json_become_events(shop: Shop, tmp_path: Path) -> None:
    event = '{"eventType": "pageview", "visitorId": "v%d", "pageType": "home", "timestamp": "2024-05-01T10:00:00Z"}\n'
    (tmp_path / "may.ndjson").write_text("".join(event % number for number in range(5)))
    result = footfall(shop, "import", "events", tmp_path / "may.ndjson")
    assert result.exit_code == 0, result.stderr
    assert shop.get("/events/count") == {"total_events": 5, "by_type": {"pageview": 5}}
    assert shop.get("/events/recent")["events"][0]["source"].startswith("import:")


def test_products_are_in_the_catalogue_when_their_import_returns_and_tell_what_people_like(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "products.csv").write_text("sku,name,price,category\nlamp,Red lamp,12.50,Lamps\nrug,Rug,99,Rugs\n")
    result = footfall(shop, "import", "products", tmp_path / "products.csv")
    assert result.exit_code == 0, result.stderr
    assert [each["product_id"] for each in shop.get("/api/products", search="lam")["products"]] == ["lamp"]
    seen = (
        '{"eventType": "Product Viewed", "userId": "ann", "visitorId": "v", "timestamp": "2024-05-01T10:00:00Z",'
        ' "properties": {"product_id": "lamp"}}\n'
    )
    (tmp_path / "may.ndjson").write_text(seen)
    assert footfall(shop, "import", "events", tmp_path / "may.ndjson").exit_code == 0
    look = partial(shop.get, "/api/users/ann/interests")
    *_, found = follow(look, lambda told: bool(told["interests"]), "finding interests")
    assert [each["category"] for each in found["interests"]] == ["Lamps"]


ORDERS = """Vorgang;Datum;Artikel;Menge;Preis;Kunde
1;03.11.2025 10:00;Käse;0,5;12,00;7
1;03.11.2025 10:00;Brot;1;3,50;7
2;04.11.2025 11:00;Lampe;2;1.000,00;8
2;04.11.2025 11:00;Birne;zwei;5,00;8
"""
GERMAN = [
    "Vorgang=order_id",
    "Datum=ordered_at",
    "Artikel=product",
    "Menge=quantity",
    "Preis=price",
    "Kunde=customer_id",
]


def test_a_table_is_mapped_previewed_and_imported_and_what_is_refused_is_shown_and_mended(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "März.csv").write_bytes(ORDERS.encode("cp1252"))
    unmapped = footfall(shop, "import", "orders", tmp_path / "März.csv")
    assert (unmapped.exit_code, "März.csv is not recognised: no column is its order_id" in unmapped.stderr) == (1, True)
    options = [part for each in GERMAN for part in ("--map", each)]
    previewed = footfall(shop, "import", "orders", tmp_path / "März.csv", *options, "--dry-run")
    assert previewed.exit_code == 0, previewed.stderr
    assert "semicolons between columns, cp1252, decimal comma, dates day-first" in previewed.stdout
    assert "März.csv line 5" not in previewed.stdout
    assert '"total": "9.5000"' in previewed.stdout
    assert shop.get("/etl/status")["collections"]["events"] == 0
    (tmp_path / "columns.yaml").write_text(previewed.stdout.partition("--map FILE\n")[2])

    imported = footfall(shop, "import", "orders", tmp_path / "März.csv", "--map", tmp_path / "columns.yaml")
    assert imported.exit_code == 3, imported.stderr
    assert "2 in quarantine (1 bad_number, 1 incomplete), such as" in imported.stdout
    assert "März.csv line 5: Menge is not a number (bad_number)" in imported.stdout
    assert (shop.get("/api/metrics")["total_revenue"], shop.get("/api/metrics")["orders"]) == (9.5, 1)
    listed = footfall(shop, "quarantine", "--reason", "bad_number")
    assert (listed.exit_code, "M_rz.csv line 5: Menge is not a number" in listed.stdout) == (0, True)
    (line,) = [line for line in listed.stdout.splitlines() if "line 5" in line]
    shown = footfall(shop, "quarantine", "show", line.split()[0])
    assert "2;04.11.2025 11:00;Birne;zwei;5,00;8" in shown.stdout
    tried = footfall(shop, "quarantine", "replay", "--reason", "bad_number", "--dry-run")
    assert "1 of 1 would be read again" in tried.stdout

    (tmp_path / "März.csv").write_bytes(ORDERS.replace("zwei", "2").encode("cp1252"))
    mended = footfall(shop, "import", "orders", tmp_path / "März.csv", "--map", tmp_path / "columns.yaml")
    assert mended.exit_code == 0, mended.stderr
    assert (shop.get("/api/metrics")["total_revenue"], shop.get("/api/metrics")["orders"]) == (2019.5, 2)


@pytest.mark.shared_data
def test_real_orders_add_up_to_what_their_file_says(shop: Shop, shared_data: Path, tmp_path: Path) -> None:
    with gzip.open(shared_data / "online_retail" / "online_retail.csv.gz", "rt") as file:
        text = "".join(next(file) for _ in range(ROWS_OF_ORDERS + 1))
    (tmp_path / "orders.csv").write_text(text)
    rows = list(csv.DictReader(StringIO(text)))
    bought = [row for row in rows if row["CustomerID"] and int(row["Quantity"]) > 0 and Decimal(row["UnitPrice"]) > 0]
    result = footfall(shop, "import", "orders", tmp_path / "orders.csv")
    assert result.exit_code == 3, result.stderr  # stock that is moved and debt that is adjusted are no orders
    assert f"{ROWS_OF_ORDERS:,} rows read" in result.stdout
    metrics = shop.get("/api/metrics")
    assert metrics["total_customers"] == len({row["CustomerID"] for row in bought})
    assert metrics["total_revenue"] == float(sum(int(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in bought))
    trained = footfall(shop, "train")
    assert trained.exit_code == 0, trained.stderr
    assert "Published as version" in trained.stdout
    status = footfall(shop, "status")
    assert status.exit_code == 0, status.stderr
    assert "Training: published" in status.stdout
