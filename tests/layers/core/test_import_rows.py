"""Files of imports as rows: columns, quotes, what is no row, and which files a kind takes."""

import io
from uuid import uuid5

import pytest
from footfall.errors import Invalid, Unimportable, Unstorable
from footfall.identity import EVENT_NAMESPACE
from footfall.imports.ids import event_id
from footfall.imports.kinds import check_names, check_unpacked
from footfall.imports.rows import MAX_ROW_BYTES, Row, fields_of, join_quoted, read_lines
from footfall.schemas.imports import ImportKind
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reading import FUNNEL_FILES, read, rows_of, surveyed


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'7,"2015-02', "bad_csv"),
        (b"7,2015-02-28", "wrong_columns"),
        (b"7,2015-02-28,Desktop,Female,9", "wrong_columns"),
        (b"7,2015-02-28,Desktop,f\xe9minin", "wrong_encoding"),
        (b"7" * (MAX_ROW_BYTES + 1), "row_too_long"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused(raw: bytes, reason: str) -> None:
    umlauts = "9,2015-02-28,Grün,Male\r\n8,2015-02-28,Desktop,Mäle".encode()
    content = b"user_id,date,device,sex\r\n" + raw + b"\r\n8,2015-02-28,Desktop,Male\r\n" + umlauts
    reader, (bad, good, *_) = surveyed("shop-funnel", "user_table.csv", content)
    with pytest.raises(Unstorable) as caught:
        reader.read(bad)
    assert (caught.value.reason, bad.line, bad.raw[:2]) == (reason, 2, raw[:2])
    assert list(reader.read(good).values.values()) == ["8", "2015-02-28", "Desktop", "Male"]


@pytest.mark.parametrize("name", ["null", "0", "N/A", "x" * 230])
def test_a_row_of_an_order_that_is_called_nothing_is_refused_alone(name: str) -> None:
    text = f"order_id,date,product,quantity,price\n{name},2024-01-02,A,1,5.00\n7,2024-01-02,A,1,5.00"
    meant = read("orders", {"orders.csv": text})
    assert (list(meant.orders()), meant.reasons) == (["7"], {(0, 2): "bad_id"})


def test_a_row_that_cannot_be_read_belongs_to_the_order_that_spreadsheets_write_with_a_zero() -> None:
    text = "order_id,date,product,quantity,price\n1001.0,2024-01-02,A,1,5.00\n1001.0,2024-01-02,B,one,5.00"
    meant = read("orders", {"orders.csv": text})
    assert (meant.orders(), set(meant.reasons)) == ({}, {(0, 2), (0, 3)})


def test_columns_are_found_by_name_in_any_order_and_others_are_left_alone() -> None:
    text = "\ufeffsex,note,device,user_id,date\r\nMale,x,Mobile,7,2015-01-01\r\n\r\n"
    (row,) = rows_of("shop-funnel", "user_table.csv", text)
    assert row.values == {"user_id": "7", "date": "2015-01-01", "device": "Mobile", "sex": "Male"}


@pytest.mark.parametrize("text", ["", "user_id,date,device\n1,2015-01-01,Mobile\n", "user_id/date/device/sex\n"])
def test_a_file_without_a_needed_column_cannot_be_imported(text: str) -> None:
    with pytest.raises(
        Unimportable, match=r"user_table\.csv is (empty|not recognised: no column is its (sex|user_id))"
    ):
        rows_of("shop-funnel", "user_table.csv", text)


def test_text_in_quotes_may_go_over_lines() -> None:
    lines = [b'1,"a', b"", b'b"', b"2,c"]
    assert list(joined(lines, 2)) == [Row(0, 1, b'1,"a\n\nb"'), Row(0, 4, b"2,c")]


def test_a_quote_that_is_not_closed_spoils_its_own_line_only() -> None:
    lines = [b'1,"a', *[b"%d,x" % number for number in range(2, 60)], b'60,"b']
    assert [row.line for row in joined(lines, 2)] == list(range(1, 61))


def joined(lines: list[bytes], columns: int) -> list[Row]:
    return list(join_quoted(read_lines(io.BytesIO(b"\n".join(lines)), 0), columns))


field = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=12)


@given(st.lists(st.tuples(field, st.booleans()), min_size=2, max_size=6))
def test_fields_are_read_as_csv_says(fields: list[tuple[str, bool]]) -> None:
    written = [
        f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted or set(text) & set('",') else text
        for text, quoted in fields
    ]
    assert fields_of(Row(0, 1, ",".join(written).encode())) == [text for text, _ in fields]


@given(st.lists(field, min_size=1))
def test_ids_are_uuids_of_version_five(content: list[str]) -> None:
    assert event_id(*content) == str(uuid5(EVENT_NAMESPACE, "|".join(content)))


def test_a_kind_takes_just_its_files() -> None:
    check_names("shop-funnel", FUNNEL_FILES)
    check_names("shop-funnel", [f"{name}.gz" for name in FUNNEL_FILES])
    check_names("orders", ["online_retail.csv.gz"])
    check_names("events", ["events.ndjson", "more.json.gz"])


@pytest.mark.parametrize(
    ("kind", "names", "wrong"),
    [
        ("shop-funnel", FUNNEL_FILES[:-1], "payment_confirmation_table.csv is missing"),
        ("shop-funnel", [*FUNNEL_FILES, "more.csv"], "not more.csv"),
        ("shop-funnel", [*FUNNEL_FILES, "user_table.csv.gz"], "user_table.csv once"),
        ("orders", ["orders.zip"], "orders.zip is an archive"),
    ],
)
def test_other_files_are_named(kind: ImportKind, names: list[str], wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong.replace(".", r"\.")):
        check_names(kind, names)


def test_an_archive_is_named() -> None:
    with pytest.raises(Unimportable, match=r"orders\.csv is a zip archive"):
        check_unpacked("orders.csv", b"PK\x03\x04")


@pytest.mark.parametrize("ending", ["xlsx", "ods", "xls"])
def test_a_workbook_under_another_name_is_told_its_ending(ending: str) -> None:
    name = "mimetypeapplication/vnd.oasis.opendocument.spreadsheet" if ending == "ods" else "xl/workbook.xml"
    start = b"\xd0\xcf\x11\xe0" if ending == "xls" else b"PK\x03\x04".ljust(30, b"\0") + name.encode()
    with pytest.raises(Unimportable, match=rf"orders\.csv is a workbook: give it a name that ends with \.{ending}$"):
        check_unpacked("orders.csv", start)
    check_unpacked(f"orders.{ending}", start)
