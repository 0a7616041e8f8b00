"""`footfall import` where it cannot start: the error is named before anything is uploaded."""

import gzip
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.files import files_of
from cli.main import app
from tests.support.workbooks import workbook

HEADERS = {
    "user_table.csv": "user_id,date,device,sex\n",
    "home_page_table.csv": "user_id,page\n",
    "search_page_table.csv": "user_id,page\n",
    "payment_page_table.csv": "user_id,page\n",
    "payment_confirmation_table.csv": "user_id,page\n",
}
ORDERS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
NOWHERE = {"FOOTFALL_URL": "http://127.0.0.1:9", "FOOTFALL_KEY": "ak_demo_0_0"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tables of a funnel, without rows."""
    for name, header in HEADERS.items():
        (tmp_path / name).write_text(header)
    return tmp_path


def footfall(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={**NOWHERE, **environment})


def test_a_folder_is_taken_with_its_tables_packed_or_not(folder: Path) -> None:
    (folder / "user_table.csv").rename(folder / "plain")
    (folder / "user_table.csv.gz").write_bytes(gzip.compress((folder / "plain").read_bytes()))
    names = {file.name for file in files_of("shop-funnel", [folder])}
    assert names == {"user_table.csv.gz", *list(HEADERS)[1:]}


def test_a_file_is_uploaded_under_a_name_that_any_bucket_takes(tmp_path: Path) -> None:
    (tmp_path / "our orders (März).csv").write_text(ORDERS)
    (file,) = files_of("orders", [tmp_path / "our orders (März).csv"])
    assert (file.name, file.size) == ("our_orders__M_rz_.csv", len(ORDERS))


def test_without_the_folder_it_fails() -> None:
    result = footfall("import", "shop-funnel", "/no/such/folder")
    assert (result.exit_code, result.stderr) == (1, "footfall import: there is no /no/such/folder\n")


def test_without_one_of_the_tables_it_fails(folder: Path) -> None:
    (folder / "payment_page_table.csv").unlink()
    result = footfall("import", "shop-funnel", folder)
    assert result.exit_code == 1
    assert "payment_page_table.csv is missing" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "orders.csv",
            ORDERS.replace("InvoiceNo,", "").encode(),
            "orders.csv is not recognised: no column is its order_id",
        ),
        ("orders.csv", b"", "orders.csv is empty"),
        ("orders.csv", b"\x89PNG\r\n\x1a\n\xff\xfe", "orders.csv is not recognised"),
        ("orders.csv", b"PK\x03\x04...", "orders.csv is a zip archive: unpack it first, or use gzip"),
        ("orders.csv.gz", gzip.compress(b"0" * 90_000, mtime=0)[:50], "orders.csv.gz is broken gzip"),
        ("orders.zip", b"x", "orders.zip is an archive: unpack it first, or use gzip"),
    ],
)
def test_a_file_that_cannot_be_imported_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    result = footfall("import", "orders", tmp_path / name)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"footfall import: {reason}")


def test_a_folder_where_a_file_is_wanted_and_a_file_where_a_folder_is(folder: Path) -> None:
    assert "not recognised" in footfall("import", "orders", folder).stderr
    assert "is not a folder" in footfall("import", "shop-funnel", folder / "user_table.csv").stderr


def test_where_nothing_answers_it_says_how_to_start(folder: Path) -> None:
    result = footfall("import", "shop-funnel", folder)
    assert (result.exit_code, result.stderr) == (
        1,
        "footfall import: no Footfall answers at http://127.0.0.1:9: start it with `footfall up`\n",
    )


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (["import", "shop-funnel"], "FOOTFALL_URL"),
        (["import", "shop-funnel"], "FOOTFALL_KEY"),
        (["send"], "FOOTFALL_WRITE_KEY"),
        (["train"], "FOOTFALL_KEY"),
        (["status"], "FOOTFALL_KEY"),
    ],
)
def test_without_address_or_key_it_says_which_to_set(folder: Path, command: list[str], missing: str) -> None:
    paths = [folder] if "import" in command else [folder / "user_table.csv"] if "send" in command else []
    result = footfall(*command, *paths, **{missing: ""})
    assert result.exit_code == 1
    assert f"set {missing}: start Footfall with `footfall up`" in result.stderr


def test_a_folder_without_the_tables_names_them(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    ended = footfall("import", "shop-funnel", tmp_path)
    said, _, names = ended.stderr.strip().partition(" is a folder without the files to import: ")
    assert (said, set(names.split(", "))) == (f"footfall import: {tmp_path}", set(HEADERS))


def test_of_several_files_one_that_is_unknown_keeps_all_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ORDERS)
    (tmp_path / "b.csv").write_text("zq,world\n1,2\n")
    ended = footfall("import", "orders", tmp_path)
    assert ended.exit_code == 1
    assert "b.csv is not recognised" in ended.stderr
    assert ended.stderr.endswith("Its columns are zq, world. Nothing was imported, the other files neither\n")


def test_a_workbook_is_called_one(tmp_path: Path) -> None:
    rows = [["order_id", "date", "total"], [1, "2025-11-13", 10]]
    (tmp_path / "orders.xlsx").write_bytes(workbook({"Orders": rows}))
    shown = footfall("import", "orders", tmp_path / "orders.xlsx", "--dry-run")
    assert "orders.xlsx: a table of orders; a workbook, decimal point" in shown.stdout, shown.output
    (tmp_path / "orders.csv").write_bytes((tmp_path / "orders.xlsx").read_bytes())
    renamed = footfall("import", "orders", tmp_path / "orders.csv", "--dry-run")
    assert "orders.csv is a workbook: give it a name that ends with .xlsx" in renamed.stderr


EVENT = '{"eventType": "click", "uid": 42, "timestamp": "2025-11-13T10:00:00Z"}'


@pytest.mark.parametrize("field", ["userId", "user_id"])
def test_a_field_is_mapped_by_either_of_its_names(tmp_path: Path, field: str) -> None:
    (tmp_path / "e.ndjson").write_text(EVENT)
    shown = footfall("import", "events", tmp_path / "e.ndjson", "--map", f"uid={field}", "--dry-run")
    assert (shown.exit_code, '"user_id": 42' in shown.stdout) == (0, True), shown.output
    (tmp_path / "e.csv").write_text("uid,timestamp,url\n42,2025-11-13 10:00,/p\n")
    shown = footfall("import", "events", tmp_path / "e.csv", "--map", f"uid={field}", "--dry-run")
    assert (shown.exit_code, '"user_id": "42"' in shown.stdout) == (0, True), shown.output


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--map", "uid="], "--map: write COLUMN=FIELD; events has the fields brand, category,"),
        (["--map", "uid=shoe size"], "--map: write COLUMN=FIELD; events has the fields brand, category,"),
        (["--map", "uid=shoeSize"], "--map uid: events has the fields brand, category,"),
        (["--dates", "dayfirst"], "--dates: write day-first, month-first, or a format such as '%d.%m.%Y %H:%M'"),
        (["--decimal", "dot"], "--decimal: write point or comma"),
        (["--encoding", "utf-99"], "--encoding: write the name of an encoding, such as utf-8 or cp1250"),
        (["--time-zone", "Rome"], "--time-zone: is no time zone, such as Europe/Rome"),
    ],
)
def test_what_an_option_takes_is_said_in_the_words_of_its_help(tmp_path: Path, options: list[str], reason: str) -> None:
    (tmp_path / "e.ndjson").write_text(EVENT)
    ended = footfall("import", "events", tmp_path / "e.ndjson", *options)
    assert (ended.exit_code, ended.stderr.startswith(f"footfall import: {reason}")) == (1, True), ended.stderr


def test_the_version_is_printed() -> None:
    result = footfall("--version")
    assert (result.exit_code, result.stdout) == (0, f"footfall {version('footfall')}\n")


@pytest.mark.parametrize("command", ["import", "send", "train", "status"])
def test_help_says_what_a_command_does_and_shows_it(command: str) -> None:
    result = footfall(command, "--help")
    assert result.exit_code == 0
    assert f"For example: footfall {'simulate' if command == 'send' else command}" in result.stdout
