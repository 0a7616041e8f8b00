"""Workbooks and encodings: files that are no text, or not UTF-8, are read like those that are."""

from datetime import datetime

import pytest
from footfall.errors import Unimportable

from tests.support.reading import read
from tests.support.workbooks import workbook

HEADER = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]


def test_a_workbook_is_read_sheet_by_sheet() -> None:
    moment = datetime(2009, 12, 1, 7, 45)  # noqa: DTZ001 - a cell has no time zone
    first = [HEADER, [489434, "85048", "LIGHTS\nWHITE", 12, moment, 6.95, 13085, "UK"]]
    first += [[489435.0, "A", "Cheese", 0.125, moment, "2,50", None, "UK"]]
    second = [
        HEADER,
        [489436, "85048", "LIGHTS", 1, moment, 6.95, 13085, "UK"],
        [489437, "B", "x", "many", moment, 1, 1, "UK"],
    ]
    sheets = {"2009": first, "2010": second, "Notes": [["made", "by"], ["hand", 1]]}
    meant = read("orders", {"online_retail_II.xlsx": workbook(sheets)}, decimal="point")
    assert meant.orders() == {
        "489434": ("2009-12-01", "83.40", [["85048", "6.95", 12]]),
        "489436": ("2009-12-01", "6.95", [["85048", "6.95", 1]]),
    }
    assert meant.events[0]["timestamp"] == "2009-12-01T07:45:00+00:00"
    assert meant.events[0]["properties"]["products"][0]["name"] == "LIGHTS WHITE"
    assert meant.reasons == {(0, 3): "bad_number", (0, 5): "bad_number"}


def test_a_workbooks_lines_are_its_rows_and_its_numbers_have_one_reading() -> None:
    rows = [
        [],
        ["order_id", "date", "product", "quantity", "price"],
        [1, "2025-11-01", "A", 1.125, 1000.5],
        [2, "x", "A", 1, 1],
    ]
    meant = read("orders", {"o.xlsx": workbook({"Orders": rows})})
    assert meant.orders() == {"1": ("2025-11-01", "1125.56250", [["A", "1000.5", "1.1250"]])}
    assert meant.reasons == {(0, 4): "bad_date"}


def test_the_encoding_of_other_files_is_not_a_workbooks() -> None:
    rows = [["order_id", "date", "product", "quantity", "price"], ["1", "2024-01-02", "Käse", 1, 5]]
    meant = read("orders", {"orders.xlsx": workbook({"Orders": rows})}, encoding="cp1250")
    assert meant.events[0]["properties"]["products"][0]["product_id"] == "Käse"


def test_what_is_no_workbook_is_said() -> None:
    with pytest.raises(Unimportable, match=r"o\.xlsx is no workbook that can be read"):
        read("orders", {"o.xlsx": b"order_id,date,total"})


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Käse"),
        ("cp1252", "Café à 2 £ für Señor Muñoz"),
        ("cp1250", "Żółty kubek i lampa ścienna i gąbka i książka"),
        ("cp1251", "Лампа настольная"),
        ("cp932", "こんにちは 世界 ランプ"),
        ("gb18030", "这是一个蓝色的台灯和杯子，谢谢您的订单"),
        ("utf-16-be", "Käse"),
    ],
)
def test_the_encoding_is_found_for_the_whole_file(encoding: str, name: str) -> None:
    rows = "".join(f"{number},2025-11-01,{name},1,10\r\n" for number in range(1, 4))
    meant = read("orders", {"o.csv": f"order_id,date,product,quantity,price\r\n{rows}".encode(encoding)})
    assert meant.readers[0].encoding == encoding
    assert {event["properties"]["products"][0]["name"] for event in meant.events} == {name}
    given = read("orders", {"o.csv": f"order_id,date,total\r\n{name},2025-11-01,1".encode(encoding)}, encoding=encoding)
    assert list(given.orders()) == [name]
