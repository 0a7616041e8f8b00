"""Orders in tables that are no known export: which columns are known, and what is refused and said."""

import pytest
from footfall.errors import Unimportable
from footfall.events.reading import read_event
from footfall.schemas.imports import ImportKind

from tests.support.reading import Meant, read

SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)


def row(header: str, **values: object) -> str:
    """One row under a header; fields are named as columns without blanks and punctuation."""
    columns = [column.strip('"') for column in header.split(",")]
    names = {"".join(filter(str.isalnum, column)).lower(): column for column in columns}
    told = {names[name]: str(value) for name, value in values.items()}
    return ",".join('"' + told.get(column, "").replace('"', '""') + '"' for column in columns)


def types(meant: Meant) -> list[str]:
    return [event["eventType"] for event in meant.events]


def export(header: str, *rows: dict[str, object]) -> Meant:
    """What an export of these rows means; all its events can be read as any client's."""
    text = "\r\n".join([header, *(row(header, **values) for values in rows)])
    meant = read("orders", {"export.csv": text})
    for event in meant.events:
        read_event(event)
    return meant


def test_any_table_with_common_names_in_any_dialect() -> None:
    text = "Bestellnummer;Bestelldatum;Artikel;Menge;Einzelpreis;Währung\n17;03.11.2025;Käse;0,5;1.012,50 €;EUR\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"):
        meant = read("orders", {"bestellungen.csv": text.encode(encoding)})
        assert meant.orders() == {"17": ("2025-11-03", "506.2500", [["Käse", "1012.50", "0.5"]])}, encoding
        assert meant.events[0]["properties"]["currency"] == "EUR"


def test_excels_line_of_the_delimiter_and_tabs() -> None:
    text = "sep=\t\r\norder_id\tdate\ttotal\r\n1\t2025-11-01\t10\r\n\r\n"
    assert read("orders", {"o.txt": text}).orders() == {"1": ("2025-11-01", "10", [])}


def refusal(header: str, kind: ImportKind = "orders", **columns: str) -> str:
    """Why a file with these columns is not recognised."""
    with pytest.raises(Unimportable) as caught:
        read(kind, {"o.csv": f"{header}\n1,2025-11-01,3"}, columns=columns)
    return caught.value.detail


def test_what_is_not_recognised_is_said_with_what_is_alike() -> None:
    said = refusal("Order Numbr,date,Total Amnt")
    assert said.startswith(
        "o.csv is not recognised: no column is its order_id (perhaps --map 'Order Numbr=order_id'); "
    )
    assert "no column is its total, price or line_total (perhaps --map 'Total Amnt=total')" in said
    assert said.endswith("Its columns are Order Numbr, date, Total Amnt")


def test_where_nothing_is_alike_it_is_said_how_to_tell() -> None:
    said = refusal("Zq,date,world")
    assert "no column is its order_id; no column is its total, price or line_total. --map COLUMN=FIELD says" in said
    assert "perhaps" not in refusal("Kundennummer,Kaufzeit,Preis")
    assert "no column is its product_id or sku; no column is its name, price or category. --map" in refusal(
        "Zq,date,world", "products"
    )


@pytest.mark.parametrize("content", ['[{"a": 1}]', '[\n{"a": 1}]', '{"a": 1}', '{\n"a": 1}'])
def test_json_that_is_given_as_orders_is_said_to_be_such(content: str) -> None:
    with pytest.raises(Unimportable, match="o is JSON, and this kind of import takes tables"):
        read("orders", {"o": content})


def test_a_column_that_is_mapped_and_not_there_is_named() -> None:
    assert "no file has the column Nr" in refusal("order_id,date,total", Nr="order_id")
    said = refusal("order_id,Zq,total", Zp="ordered_at")
    assert said.startswith("o.csv is not recognised: no column is called Zp, which is to be its ordered_at; no column")


@pytest.mark.parametrize(
    "header",
    [
        "Bestellnr.;Bestelldatum;Kunden-Nr.;Artikel;Anzahl;Preis;Währung;Land",
        "Numéro de commande;Date de commande;Numéro client;Produit;Quantité;Prix unitaire;Devise;Pays",
        "Numero ordine;Data ordine;Codice cliente;Prodotto;Quantità;Prezzo;Valuta;Paese",
        "Nº de pedido;Fecha de pedido;Número de cliente;Producto;Cantidad;Precio;Moneda;País",
        "Bestelnummer;Besteldatum;Klantnummer;Omschrijving;Aantal;Prijs;Valuta;Land",
    ],
)
def test_columns_are_known_in_other_languages(header: str) -> None:
    meant = read("orders", {"o.csv": f"{header}\n17;13.11.2025;7;Tee;2;4,50;CHF;CH"})
    assert meant.orders() == {"17": ("2025-11-13", "9.00", [["Tee", "4.50", 2]])}
    (event,) = meant.events
    told = event["properties"]
    assert (event["userId"], told["currency"], told["country"]) == ("7", "CHF", "CH")


def test_an_amount_that_is_empty_is_not_one_of_nothing() -> None:
    meant = read("orders", {"o.csv": "Order ID,Date,Grand Total\n1,2025-11-01,\n2,2025-11-01,0\n3,2025-11-01,5"})
    assert list(meant.orders()) == ["2", "3"]
    assert [(each.reason, each.detail) for each in meant.refused] == [("bad_number", "Grand Total is empty")]
    meant = read("orders", {"o.csv": "Order ID,Date,Item,Unit Price\n1,2025-11-01,A,0\n2,2025-11-01,A,"})
    assert [each.reason for each in meant.refused] == ["nothing_charged", "bad_number"]


def test_lines_without_any_column_of_products_amount_to_an_order() -> None:
    lines = "1,2025-11-01,2,4.50\n1,2025-11-01,1,3\n2,2025-11-01,1,"
    meant = read("orders", {"o.csv": f"Order ID,Date,Quantity,Price\n{lines}"})
    assert meant.orders() == {"1": ("2025-11-01", "12.00", [])}
    assert [each.detail for each in meant.refused] == ["Price is empty"]
    alone = read("orders", {"o.csv": "Order ID,Date,Line total\n1,2025-11-01,4\n1,2025-11-01,3"})
    assert alone.orders() == {"1": ("2025-11-01", "7", [])}


def test_a_product_that_is_empty_is_called_as_in_the_file() -> None:
    meant = read("orders", {"o.csv": "Order ID,Date,Item,Unit Price\n1,2025-11-01,,5"})
    assert [(each.reason, each.detail) for each in meant.refused] == [("no_product", "Item is empty")]


def test_a_row_with_a_column_too_many_keeps_its_order_out() -> None:
    header = "order_id,date,product,quantity,price"
    meant = read(
        "orders", {"o.csv": f"{header}\n1,2025-11-01,Lamp,1,10\n1,2025-11-01,Lamp, red,1,10\n2,2025-11-01,A,1,1"}
    )
    assert list(meant.orders()) == ["2"]
    assert meant.reasons == {(0, 2): "incomplete", (0, 3): "wrong_columns"}


@pytest.mark.parametrize("status", ["Erstattet", "Retourniert", "Returned", "rimborsato", "Remboursé", "Chargeback"])
def test_what_came_back_is_said_in_many_words(status: str) -> None:
    meant = read("orders", {"a.csv": f"order_id,date,total,status\n1,2025-11-01,10,{status}"})
    assert types(meant) == ["order_completed", "order_refunded"]


@pytest.mark.parametrize("kind", ["users", "events", "products"])
def test_the_export_of_another_kind_is_said(kind: ImportKind) -> None:
    with pytest.raises(Unimportable, match="is Shopify's orders: `footfall import orders` takes it"):
        read(kind, {"orders_export.csv": f"{SHOPIFY}\n"})
