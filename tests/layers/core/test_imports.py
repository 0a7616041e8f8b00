"""What rows mean: each kind of import on its own, without stores."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid5
from zoneinfo import ZoneInfo

import pytest
from footfall.errors import Invalid, Unimportable, Unstorable
from footfall.events.reading import read_event
from footfall.identity import EVENT_NAMESPACE
from footfall.imports.ids import event_id
from footfall.imports.kind import Destination, GroupEvents, TableRow
from footfall.imports.kinds import KINDS, check_names, check_unpacked, table_of
from footfall.imports.reader import read_table
from footfall.imports.rows import MAX_ROW_BYTES, Row, fields_of, join_quoted, read_lines
from footfall.schemas.imports import ImportKind
from hypothesis import given
from hypothesis import strategies as st

LATEST = datetime(2026, 3, 1, tzinfo=UTC)
FUNNEL_FILES = [
    "user_table.csv",
    "home_page_table.csv",
    "search_page_table.csv",
    "payment_page_table.csv",
    "payment_confirmation_table.csv",
]
ORDERS_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def destination(zone: str = "UTC") -> Destination:
    return Destination("demo", ZoneInfo(zone), "GBP", LATEST)


def rows_of(kind: ImportKind, name: str, text: str) -> list[TableRow]:
    """The rows of a file, read as its table."""
    reader, rows = read_table(table_of(kind, name), name, io.BytesIO(text.encode()), 0)
    return [reader.read(row) for row in rows]


def shopper(user: str, *pages: str) -> list[TableRow]:
    """The rows of one shopper: the user's, and one on each page."""
    rows = rows_of("shop-funnel", "user_table.csv", f"user_id,date,device,sex\n{user}")
    names = {"home": FUNNEL_FILES[1], "search": FUNNEL_FILES[2], "payment": FUNNEL_FILES[3]}
    for page in pages:
        rows += rows_of("shop-funnel", names[page], f"user_id,page\n7,{page}_page")
    return rows


def group_events(kind: ImportKind, rows: Sequence[TableRow], zone: str = "UTC") -> GroupEvents:
    return KINDS[kind].group_events(rows, destination(zone))


def refusal(kind: ImportKind, row: TableRow) -> str:
    """The reason for which a row is refused."""
    with pytest.raises(Unstorable) as caught:
        KINDS[kind].row_key(row, destination())
    return caught.value.reason


def order_lines(*lines: str) -> list[TableRow]:
    return rows_of("orders", "orders.csv", "\n".join([ORDERS_HEADER, *lines]))


def test_a_shopper_becomes_a_person_and_a_view_of_each_page_in_the_funnels_order() -> None:
    found = group_events("shop-funnel", shopper("7,2015-02-28,Desktop,Female", "home", "search"))
    assert [(event["eventType"], event.get("pageType"), event["timestamp"]) for event in found.events] == [
        ("identify", None, "2015-02-28T00:00:00+00:00"),
        ("pageview", "home", "2015-02-28T00:00:00+00:00"),
        ("pageview", "search", "2015-02-28T00:00:01+00:00"),
    ]
    assert [event["sequence"] for event in found.events] == [0, 1, 2]
    assert found.events[0]["traits"] == {"sex": "Female"}
    for event in found.events:
        assert (event["visitorId"], event["device"]) == ("7", "Desktop")
        read_event(event)


def test_the_day_is_the_shops_own() -> None:
    found = group_events("shop-funnel", shopper("7,2015-02-28,Desktop,Female", "home"), "America/New_York")
    assert found.events[1]["timestamp"] == "2015-02-28T00:00:00-05:00"


def test_the_same_rows_are_the_same_events() -> None:
    first, again = (group_events("shop-funnel", shopper("7,2015-02-28,Desktop,Female", "home")) for _ in range(2))
    assert first == again


def test_a_row_that_is_there_twice_counts_once() -> None:
    rows = shopper("7,2015-02-28,Desktop,Female\n7,2015-02-28,Desktop,Female", "home", "home")
    found = group_events("shop-funnel", rows)
    assert (len(found.events), found.repeated, found.refused) == (2, 2, [])


def test_of_two_rows_that_contradict_each_other_the_first_counts() -> None:
    rows = shopper("7,2015-02-28,Desktop,Female\n7,2015-03-01,Desktop,Female", "home")
    found = group_events("shop-funnel", rows)
    assert [event["timestamp"][:10] for event in found.events] == ["2015-02-28", "2015-02-28"]
    assert [(refused.reason, refused.row.line) for refused in found.refused] == [("conflicting_user", 3)]


def test_pages_of_nobody_are_refused() -> None:
    found = group_events("shop-funnel", shopper("7,2015-02-28,Desktop,Female", "home")[1:])
    assert (found.events, [refused.reason for refused in found.refused]) == ([], ["unknown_user"])


@pytest.mark.parametrize(
    "day", ["2015-02-30", "20150228", "28.02.2015", "", "1969-12-31", "2026-03-02", "2015-02-28 08:00"]
)
def test_a_day_that_is_none_is_refused(day: str) -> None:
    (row,) = shopper(f"7,{day},Desktop,Female")
    assert refusal("shop-funnel", row) == "bad_date"


def test_a_page_in_the_wrong_table_is_refused() -> None:
    (row,) = rows_of("shop-funnel", "home_page_table.csv", "user_id,page\n7,search_page")
    assert refusal("shop-funnel", row) == "wrong_page"


def test_an_invoice_is_one_order_and_equal_rows_count() -> None:
    line = '536365,85123A,"HEART, WHITE",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom'
    (event,) = group_events("orders", order_lines(line, line, line.replace("08:26", "08:25"))).events
    assert (event["eventType"], event["userId"], event["timestamp"]) == (
        "order_completed",
        "17850",
        "2010-12-01T08:25:00+00:00",
    )
    order = event["properties"]
    assert (order["order_id"], order["currency"], order["country"], order["total"]) == (
        "536365",
        "GBP",
        "United Kingdom",
        "45.90",
    )
    assert order["products"] == [{"product_id": "85123A", "name": "HEART, WHITE", "price": "2.55", "quantity": 6}] * 3
    read_event(event)


def test_a_cancellation_gives_back_what_it_lists() -> None:
    lines = order_lines("C536379,D,Discount,-2,12/1/2010 9:41,27.5,,United Kingdom")
    (event,) = group_events("orders", lines).events
    assert (event["eventType"], event["visitorId"]) == ("order_refunded", "guest:C536379")
    assert (event["properties"]["total"], event["properties"]["products"][0]["quantity"]) == ("55.0", 2)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("536365,A,x,0,2010-12-01 08:26:00,2.55,1,UK", "wrong_quantity"),
        ("536365,A,x,-1,2010-12-01 08:26:00,2.55,1,UK", "wrong_quantity"),
        ("C536365,A,x,1,2010-12-01 08:26:00,2.55,1,UK", "wrong_quantity"),
        ("536365,A,x,six,2010-12-01 08:26:00,2.55,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,nan,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,1e9,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,-2.55,1,UK", "adjustment"),
        ("A563185,B,Adjust bad debt,1,2010-12-01 08:26:00,11062.06,,UK", "adjustment"),
        ("536365,A,x,6,2010-13-01 08:26:00,2.55,1,UK", "bad_date"),
        ("536365,A,x,6,2015-02-30 08:26:00,2.55,1,UK", "bad_date"),
        (",A,x,6,2010-12-01 08:26:00,2.55,1,UK", "bad_id"),
        ("536365,,x,6,2010-12-01 08:26:00,2.55,1,UK", "no_product"),
    ],
)
def test_a_row_that_is_no_sale_is_refused(line: str, reason: str) -> None:
    (row,) = order_lines(line)
    assert refusal("orders", row) == reason


def test_an_invoice_on_which_nothing_is_charged_is_no_order_but_a_free_line_may_be_part_of_one() -> None:
    free = "536365,A,,6,2010-12-01 08:26:00,0.0,1,UK"
    with pytest.raises(Unstorable, match="every UnitPrice"):
        group_events("orders", order_lines(free))
    (event,) = group_events("orders", order_lines(free, free.replace("0.0", "1.5"))).events
    assert [product["price"] for product in event["properties"]["products"]] == ["0.0", "1.5"]


def test_a_line_of_json_is_the_event_a_client_would_have_sent_at_its_own_time() -> None:
    text = '{"eventType": "click", "visitorId": "v", "timestamp": "2025-01-01", "sentAt": "2026-01-01"}'
    (event,) = group_events("events", rows_of("events", "events.ndjson", text)).events
    (again,) = group_events("events", rows_of("events", "events.ndjson", f"\n{text}")).events
    assert "sentAt" not in event
    assert (event["sequence"], again["sequence"], event["eventId"]) == (1, 2, again["eventId"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"eventType": "click", "vis', "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"visitorId": "v"}', "invalid"),
        ('{"eventType": "click", "visitorId": "v"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "timestamp": "01/10/2019 08:00"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "timestamp": "2099-01-01T00:00:00Z"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "siteId": "another"}', "wrong_site"),
        (
            '{"eventType": "click", "visitorId": "v", "properties": ' + '{"x":' * 25 + "1" + "}" * 26,
            "too_deep",
        ),
        ("7", "invalid"),
    ],
)
def test_a_line_that_is_no_event_is_refused(line: str, reason: str) -> None:
    (row,) = rows_of("events", "events.ndjson", line)
    assert refusal("events", row) == reason


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
    reader, rows = read_table(
        table_of("shop-funnel", "user_table.csv"),
        "user_table.csv",
        io.BytesIO(b"user_id,date,device,sex\r\n" + raw + b"\r\n8,2015-02-28,Desktop,Male"),
        0,
    )
    bad, good = rows
    with pytest.raises(Unstorable) as caught:
        reader.read(bad)
    assert (caught.value.reason, bad.line, bad.raw[:2]) == (reason, 2, raw[:2])
    assert reader.read(good).values == ["8", "2015-02-28", "Desktop", "Male"]


def test_columns_are_found_by_name_in_any_order_and_others_are_left_alone() -> None:
    text = "\ufeffsex,note,device,user_id,date\r\nMale,x,Mobile,7,2015-01-01\r\n\r\n"
    (row,) = rows_of("shop-funnel", "user_table.csv", text)
    assert row.values == ["7", "2015-01-01", "Mobile", "Male"]


@pytest.mark.parametrize("text", ["", "user_id,date,device\n1,2015-01-01,Mobile\n", "user_id;date;device;sex\n"])
def test_a_file_without_a_needed_column_cannot_be_imported(text: str) -> None:
    with pytest.raises(Unimportable, match=r"user_table\.csv (is empty|lacks the column (sex|user_id))"):
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
    check_names("events", ["events.ndjson"])


@pytest.mark.parametrize(
    ("kind", "names", "wrong"),
    [
        ("shop-funnel", FUNNEL_FILES[:-1], "needs payment_confirmation_table.csv"),
        ("shop-funnel", [*FUNNEL_FILES, "more.csv"], "not more.csv"),
        ("shop-funnel", [*FUNNEL_FILES, "user_table.csv.gz"], "user_table.csv once"),
        ("orders", ["orders.zip"], "not orders.zip"),
        ("events", ["events.csv"], "not events.csv"),
    ],
)
def test_other_files_are_named(kind: ImportKind, names: list[str], wrong: str) -> None:
    with pytest.raises(Invalid, match=wrong.replace(".", r"\.")):
        check_names(kind, names)


def test_an_archive_is_named() -> None:
    with pytest.raises(Unimportable, match=r"orders\.csv is a zip archive"):
        check_unpacked("orders.csv", b"PK\x03\x04")
