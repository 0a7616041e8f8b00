"""What rows mean: each kind of import on its own, without stores."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from footfall.errors import Unimportable, Unstorable
from footfall.events.reading import read_event
from footfall.imports.amounts import read_amount
from footfall.imports.kind import Destination, GroupEvents
from footfall.imports.kinds import KINDS
from footfall.imports.reader import TableRow
from footfall.schemas.imports import ImportKind

from tests.support.reading import FUNNEL_FILES, LATEST, rows_of

ORDERS_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def destination(zone: str = "UTC") -> Destination:
    return Destination("demo", ZoneInfo(zone), "GBP", LATEST)


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


@pytest.mark.parametrize("day", ["2015-02-30", "28.13.2015", "", "1969-12-31", "2026-03-03", "soon"])
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
    assert (order["order_id"], order.get("currency"), order["country"], order["total"]) == (
        "536365",
        None,
        "United Kingdom",
        "45.90",
    )
    assert order["products"] == [{"product_id": "85123A", "name": "HEART, WHITE", "price": "2.55", "quantity": 6}] * 3
    read_event(event)


def test_a_cancellation_gives_back_what_it_lists() -> None:
    lines = order_lines("C536379,D,Discount,-2,12/13/2010 9:41,27.5,,United Kingdom")
    (event,) = group_events("orders", lines).events
    assert (event["eventType"], event["visitorId"]) == ("order_refunded", "guest:C536379")
    assert (event["timestamp"], event["properties"]["total"]) == ("2010-12-13T09:41:00+00:00", "55.0")
    assert event["properties"]["products"][0]["quantity"] == 2


FIRST = "536365,A,x,1,2010-12-01 08:26:00,2.55,1,UK"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("536365,A,x,0,2010-12-01 08:26:00,2.55,1,UK", "wrong_quantity"),
        ("536365,A,x,six,2010-12-01 08:26:00,2.55,1,UK", "bad_number"),
        ("536365,A,x,,2010-12-01 08:26:00,2.55,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,nan,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,1e9,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,10 %,1,UK", "bad_number"),
        ("536365,A,x,6,2010-12-01 08:26:00,,1,UK", "bad_number"),
        ("536365,A,x,6,2010-13-01 08:26:00,2.55,1,UK", "bad_date"),
        ("536365,A,x,6,2015-02-30 08:26:00,2.55,1,UK", "bad_date"),
        ("536365,A,x,6,2999-01-01 08:26:00,2.55,1,UK", "bad_date"),
        ("536365,,,6,2010-12-01 08:26:00,2.55,1,UK", "no_product"),
    ],
)
def test_an_invoice_with_a_row_that_cannot_be_read_is_refused_whole(line: str, reason: str) -> None:
    found = group_events("orders", order_lines(FIRST, line, FIRST))
    assert (found.events, [refused.reason for refused in found.refused]) == ([], ["incomplete", reason, "incomplete"])
    assert found.refused[0].detail == "line 3 of the same order cannot be read, so none of its lines is imported"


@pytest.mark.parametrize("invoice", ["", " ", "null", "N/A", "0", "#N/A"])
def test_a_row_of_no_invoice_is_refused_alone(invoice: str) -> None:
    (row,) = order_lines(FIRST.replace("536365", invoice))
    assert refusal("orders", row) == "bad_id"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["A563185,B,Adjust bad debt,1,2010-12-01 08:26:00,-11062.06,,UK"], "adjustment"),
        (["C536365,A,x,1,2010-12-01 08:26:00,2.55,1,UK"], "wrong_quantity"),
        ([FIRST, FIRST.replace(",1,UK", ",2,UK")], "contradiction"),
        ([FIRST.replace("2.55", "€2.55"), FIRST.replace("2.55", "£2.55")], "contradiction"),
        ([FIRST.replace("2010-12-01 08:26:00", "")], "bad_date"),
    ],
)
def test_an_invoice_that_is_no_sale_or_contradicts_itself_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(Unstorable) as caught:
        group_events("orders", order_lines(*lines))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("lines", "total", "quantities"),
    [
        (["536,A,Lamp,2,2025-11-01,50.00,1,UK", "536,V,Voucher,1,2025-11-01,-20.00,1,UK"], "80.00", [2, 1]),
        (["536,A,Cheese per kg,0.5,2025-11-01,12.00,1,UK", "536,B,Bread,1,2025-11-01,3.00,1,UK"], "9.0000", ["0.5", 1]),
        (['536,A,Chair,1,2025-11-01,"1,200.00",1,UK', "536,B,Cushion,1,2025-11-01,10.00,1,UK"], "1210.00", [1, 1]),
        (["536,A,Mug,2,2025-11-01,5.00,1,UK", "536,A,Mug,-1,2025-11-01,5.00,1,UK"], "5.00", [2, -1]),
        (["536,A,Mug,1,2025-11-01,5.00,1,UK", "536,V,Voucher,1,2025-11-01,(5.00),1,UK"], "0.00", [1, 1]),
        (['536,A,Stuhl,1,2025-11-01,"1.200,50",1,DE', '536,A,Mug,2,2025-11-01,"€ 5",1,DE'], "1210.50", [1, 2]),
    ],
)
def test_vouchers_weights_separators_and_returned_pieces_make_a_whole_order(
    lines: list[str], total: str, quantities: list[int | str]
) -> None:
    (event,) = group_events("orders", order_lines(*lines)).events
    assert (event["eventType"], event["properties"]["total"]) == ("order_completed", total)
    assert [product["quantity"] for product in event["properties"]["products"]] == quantities
    read_event(event)


def test_an_invoice_that_gives_back_more_than_it_sells_is_a_refund() -> None:
    lines = order_lines("536,A,Mug,-2,2025-11-01,5.00,1,UK", "536,B,Bowl,1,2025-11-01,3.00,1,UK")
    (event,) = group_events("orders", lines).events
    assert (event["eventType"], event["properties"]["total"]) == ("order_refunded", "7.00")


def test_a_newer_export_of_an_order_is_another_event_and_the_same_export_is_the_same() -> None:
    first, again, newer = (
        group_events("orders", order_lines(line)).events[0] for line in (FIRST, FIRST, FIRST.replace("2.55", "3"))
    )
    assert first["eventId"] == again["eventId"] != newer["eventId"]


def test_an_invoice_on_which_nothing_is_charged_is_no_order_but_a_free_line_may_be_part_of_one() -> None:
    free = "536365,A,,6,2010-12-01 08:26:00,0.0,1,UK"
    with pytest.raises(Unstorable, match="every price"):
        group_events("orders", order_lines(free))
    (event,) = group_events("orders", order_lines(free, free.replace("0.0", "1.5"))).events
    assert [product["price"] for product in event["properties"]["products"]] == ["0.0", "1.5"]


@pytest.mark.parametrize("nobody", ["", "0", "nan", "Guest", "NULL", "-"])
def test_a_placeholder_is_no_customer(nobody: str) -> None:
    (event,) = group_events("orders", order_lines(FIRST.replace(",1,UK", f",{nobody},UK"))).events
    assert (event["visitorId"], "userId" in event) == ("guest:536365", False)


def test_the_second_online_retail_calls_its_columns_otherwise() -> None:
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    line = "489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom"
    (event,) = group_events("orders", rows_of("orders", "orders.csv", f"{header}\n{line}")).events
    assert (event["userId"], event["properties"]["total"]) == ("13085", "83.40")


def dated(*dates: str, **options: Any) -> list[str]:
    """The days of one order a date, or the reason why there is none."""
    text = "\n".join([ORDERS_HEADER, *(f"{n}00,A,x,1,{date},1.00,7,UK" for n, date in enumerate(dates, 1))])
    days = []
    for row in rows_of("orders", "orders.csv", text, **options):
        found = group_events("orders", [row])
        days.append(found.events[0]["timestamp"][:10] if found.events else found.refused[0].reason)
    return days


def test_the_order_of_day_and_month_is_decided_once_from_all_rows() -> None:
    assert dated("01/11/2025 10:00", "05/11/2025 10:00", "13/11/2025 10:00") == [
        "2025-11-01",
        "2025-11-05",
        "2025-11-13",
    ]
    assert dated("1/11/2025 8:26", "11/13/2025 8:26") == ["2025-01-11", "2025-11-13"]
    assert dated("1-2-25", "31-1-25") == ["2025-02-01", "2025-01-31"]
    assert dated("3.4.2025", "2025-05-06") == ["2025-04-03", "2025-05-06"]
    assert dated("03/03/2025", "2025/05/06") == ["2025-03-03", "2025-05-06"]
    assert dated("10/11/2025 8:26 PM", "10/13/2025 12:05 AM") == ["2025-10-11", "2025-10-13"]


@pytest.mark.parametrize("dates", [["01/11/2025"], ["13/11/2025", "11/13/2025"]])
def test_where_nothing_decides_the_import_fails_and_says_which_option_to_give(dates: list[str]) -> None:
    with pytest.raises(Unimportable, match="give --dates day-first or --dates month-first"):
        dated(*dates)
    assert dated("01/11/2025", *dates, dates="day-first")[0] == "2025-11-01"
    assert dated("01/11/2025", *dates, dates="month-first")[0] == "2025-01-11"


def test_an_asked_order_is_strict_and_a_format_may_be_given() -> None:
    assert dated("13/11/2025", "11/13/2025", dates="day-first") == ["2025-11-13", "bad_date"]
    assert dated("2025.11.13 | 10h", "2025.11.13 | 11h", dates="%Y.%m.%d | %Hh") == ["2025-11-13"] * 2


def test_times_without_an_offset_are_of_the_time_zone_that_is_given() -> None:
    (row,) = rows_of("orders", "o.csv", f"{ORDERS_HEADER}\n1,A,x,1,2025-11-01 00:30,1,7,UK", time_zone="Asia/Tokyo")
    (event,) = KINDS["orders"].group_events([row], destination("Europe/Rome")).events
    assert event["timestamp"] == "2025-11-01T00:30:00+09:00"


@pytest.mark.parametrize("numbers", [["1,234"], ["1.234"], ["1,50", "1.50"]])
def test_where_no_number_tells_the_decimal_mark_it_is_asked_for(numbers: list[str]) -> None:
    text = "\n".join([ORDERS_HEADER.replace(",", ";"), *(f"1;A;x;1;2025-11-01;{number};7;UK" for number in numbers)])
    with pytest.raises(Unimportable, match="give --decimal point or --decimal comma"):
        rows_of("orders", "orders.csv", text)
    assert rows_of("orders", "orders.csv", text, decimal="comma")


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
        ('{"a":' * 20_000, "not_json"),
        ('{"visitorId": "v"}', "invalid"),
        ('{"eventType": "click", "visitorId": "v"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "timestamp": "yesterday"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "timestamp": "01/11/2025"}', "bad_date"),
        ('{"eventType": "click", "visitorId": "v", "timestamp": "2999-01-01"}', "bad_date"),
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
    ("text", "number", "currency"),
    [
        ("12,-", "12", ""),
        ("12,--", "12", ""),
        ("12,- €", "12", "€"),
        ("12,\u2013", "12", ""),
        ("1.234,-", "1234", ""),
        ("12-", "-12", ""),
        ("(5)", "-5", ""),
        ("(-5)", None, ""),
        ("-12,-", "-12", ""),
    ],
)
def test_dashes_in_place_of_cents_are_no_minus(text: str, number: str | None, currency: str) -> None:
    found = read_amount(text, "comma")
    assert (found and (str(found.number), found.currency)) == (number and (number, currency))
