"""Products, people and feedback in files."""

from typing import Any

import pytest
from footfall.errors import Unimportable
from footfall.events.reading import read_event

from tests.support.reading import read

SHOPIFY_PRODUCTS = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Image Src,Image Position,Status"
)


def products(files: dict[str, str], **options: Any) -> list[list[Any]]:
    """Id, name, category and price of what files say of the catalogue."""
    meant = read("products", files, "UTC", **options)
    assert meant.events == []
    found = [product for group in meant.groups for product in group.products]
    return [[each.product_id, *(each.fields.get(name) for name in ("name", "category", "price"))] for each in found]


def test_shopifys_products_are_one_for_each_variant() -> None:
    rows = [
        "lamp,Lamp,<p>,Acme,Home,Lighting,,true,Colour,Red,L-R,1,5,80.00,,https://x/1.png,1,active",
        "lamp,,,,,,,,,Blue,L-B,1,5,85.50,,https://x/2.png,2,",
        "lamp,,,,,,,,,,,,,,,https://x/3.png,3,",
        "mug,Mug,,Acme,,Kitchen,,true,,,,1,5,5,,,,active",
    ]
    assert products({"products_export.csv": "\n".join([SHOPIFY_PRODUCTS, *rows])}) == [
        ["L-R", "Lamp", "Lighting", 8000],
        ["L-B", "Lamp", "Lighting", 8550],
        ["mug", "Mug", "Kitchen", 500],
    ]


def test_woocommerces_products_and_any_table() -> None:
    header = "ID,Type,SKU,Name,Published,Sale price,Regular price,Categories,Images"
    woo = f"{header}\n7,simple,W7,Chair,1,,49.90,Home > Chairs,"
    assert products({"wc-product-export.csv": woo}) == [["W7", "Chair", "Home > Chairs", 4990]]
    german = "Artikelnr;Bezeichnung;Preis\n1;Tisch;1.234,50 €"
    columns = {"Artikelnr": "product_id", "Bezeichnung": "name", "Preis": "price"}
    assert products({"p.csv": german}, columns=columns) == [["1", "Tisch", None, 123450]]


def test_a_product_is_in_the_currency_that_stands_beside_its_price() -> None:
    text = "sku,name,price,currency\nA,x,€12.50,\nB,y,3,€\nC,z,4,\nD,z,5,credits\n"
    meant = read("products", {"p.csv": text})
    told = [product for group in meant.groups for product in group.products]
    found = {one.product_id: (one.fields["currency"], one.fields["price"]) for one in told}
    assert found == {"A": ("EUR", 1250), "B": ("EUR", 300), "C": ("GBP", 400), "D": ("XXX", 500)}


def test_of_a_wide_table_of_people_what_is_ours_stays() -> None:
    names = [f"column{number}" for number in range(120)]
    text = f"user_id,{','.join(names)},email,sex\n7,{','.join(['x'] * 60 + [''] * 60)},a@x.example,F"
    (event,) = read("users", {"users.csv": text}).events
    assert (event["traits"]["email"], event["traits"]["sex"], len(event["traits"])) == ("a@x.example", "F", 62)


def test_a_product_that_cannot_be_read_is_refused_alone() -> None:
    meant = read("products", {"p.csv": "sku,name,price\nA,x,cheap\nB,y,2\nnull,z,3"})
    assert meant.reasons == {(0, 2): "bad_number", (0, 4): "bad_id"}
    assert [product.product_id for group in meant.groups for product in group.products] == ["B"]


def test_people_are_identified_with_all_that_their_file_says() -> None:
    rows = "7.0,Ann@X.example,13/01/2024,F,yes\n0,,13/01/2024,,\n,b@x.example,2024-02-01,,"
    text = f"customer_id,email,registered,gender,vip\n{rows}"
    meant = read("users", {"users.csv": text}, zone="Europe/Rome")
    first, second = meant.events
    assert (first["eventType"], first["userId"], first["timestamp"]) == ("identify", "7", "2024-01-13T00:00:00+01:00")
    assert first["traits"] == {"vip": "yes", "email": "Ann@X.example", "sex": "F"}
    assert (second["userId"], meant.reasons) == ("b@x.example", {(0, 3): "bad_user_id"})
    for event in meant.events:
        read_event(event)


def test_a_file_of_people_without_times_tells_of_the_day_it_is_imported() -> None:
    shopify = "First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Total Spent,Orders,Tags"
    meant = read("users", {"customers.csv": f"{shopify}\nAnn,A,a@x.example,yes,IT,80.00,1,vip"}, zone="Europe/Rome")
    (event,) = meant.events
    assert (event["userId"], event["timestamp"]) == ("a@x.example", "2026-03-01T00:00:00+01:00")
    assert event["traits"]["country"] == "IT"


def test_feedback_is_of_the_shop_or_of_a_product() -> None:
    text = (
        "date,rating,title,review,product_id,reviewer_email\n"
        '2025-11-01,5,Great,"Fits\nwell",L-R,A@x.example\n2025-11-02,"4,5",,,,\n2025-11-03,,,,,\n,3,,,,\n'
    )
    meant = read("feedback", {"reviews.csv": text})
    first, second = meant.events
    assert (first["eventType"], first["userId"]) == ("product_reviewed", "a@x.example")
    assert first["properties"] == {"text": "Great\nFits\nwell", "rating": 5.0, "product_id": "L-R"}
    assert (second["eventType"], second["properties"]) == ("feedback", {"rating": 4.5})
    assert second["visitorId"].startswith("guest:")
    assert meant.reasons == {(0, 5): "nothing_said", (0, 6): "bad_date"}
    for event in meant.events:
        read_event(event)


def test_olists_reviews() -> None:
    header = (
        "review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,"
        "review_answer_timestamp"
    )
    row = "r,o,4,,,2018-01-18 00:00:00,2018-01-18 21:46:59"
    meant = read("feedback", {"olist_order_reviews_dataset.csv": f"{header}\n{row}"})
    assert [(event["visitorId"], event["properties"]["rating"]) for event in meant.events] == [("guest:o", 4.0)]


@pytest.mark.parametrize("kind", ["products", "users", "feedback"])
def test_a_table_of_something_else_is_said(kind: Any) -> None:
    with pytest.raises(Unimportable, match="is not recognised"):
        read(kind, {"x.csv": "colour,shape\nred,round"})
