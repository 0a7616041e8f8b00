"""The exports of shops, in all columns of the real ones, with rows of our own."""

from decimal import Decimal

import pytest
from footfall.errors import Unimportable
from footfall.events.reading import read_event

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
ADVANCED = (
    '"Order Number","Order Status","Order Date","Customer Note","First Name (Billing)","Last Name (Billing)",'
    '"Company (Billing)","Address 1&2 (Billing)","City (Billing)","State Code (Billing)","Postcode (Billing)",'
    '"Country Code (Billing)","Email (Billing)","Phone (Billing)","First Name (Shipping)","Last Name (Shipping)",'
    '"Address 1&2 (Shipping)","City (Shipping)","State Code (Shipping)","Postcode (Shipping)",'
    '"Country Code (Shipping)","Payment Method Title","Cart Discount Amount","Order Subtotal Amount",'
    '"Shipping Method Title","Order Shipping Amount","Order Refund Amount","Order Total Amount",'
    '"Order Total Tax Amount","SKU","Item #","Item Name","Quantity (- Refund)","Item Cost","Coupon Code",'
    '"Discount Amount","Discount Amount Tax"'
)
SUITE = (
    "order_id,order_number,date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,tax_total,"
    "discount_total,order_total,refunded_total,order_currency,payment_method,shipping_method,customer_id,"
    "billing_first_name,billing_last_name,billing_email,billing_phone,billing_address_1,billing_postcode,billing_city,"
    "billing_country,customer_note,item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total,"
    "item_refunded,shipping_items,fee_items,tax_items,coupons,order_notes,download_permissions"
)
MAGENTO = (
    '"ID","Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)",'
    '"Grand Total (Purchased)","Status","Billing Address","Shipping Address","Shipping Information","Customer Email",'
    '"Customer Group","Subtotal","Shipping and Handling","Customer Name","Payment Method","Total Refunded",'
    '"Allocated sources","Pickup Location Code"'
)
BIGCOMMERCE = (
    "Order ID,Order Status,Order Date,Order Time,Subtotal (inc tax),Subtotal (ex tax),Tax Total,"
    "Shipping Cost (inc tax),Shipping Cost (ex tax),Handling Cost (inc tax),Handling Cost (ex tax),Coupon Details,"
    "Order Total (inc tax),Order Total (ex tax),Refund Amount,Customer ID,Customer Name,Customer Email,Customer Phone,"
    "Ship Method,Payment Method,Store Credit Redeemed,Gift Certificate Amount Redeemed,Gift Certificate Code,"
    "Gift Certificate Expiration Date,Total Quantity,Total Shipped,Date Shipped,Order Currency Code,Exchange Rate,"
    "Order Notes,Customer Message,Billing Country,Product Details"
)


def row(header: str, **values: object) -> str:
    """One row under a header; fields are named as columns without blanks and punctuation."""
    columns = [column.strip('"') for column in header.split(",")]
    names = {"".join(filter(str.isalnum, column)).lower(): column for column in columns}
    told = {names[name]: str(value) for name, value in values.items()}
    return ",".join('"' + told.get(column, "").replace('"', '""') + '"' for column in columns)


def export(header: str, *rows: dict[str, object]) -> Meant:
    """What an export of these rows means; all its events can be read as any client's."""
    text = "\r\n".join([header, *(row(header, **values) for values in rows)])
    meant = read("orders", {"export.csv": text})
    for event in meant.events:
        read_event(event)
    return meant


def shopify(name: str, **values: object) -> dict[str, object]:
    """The first row of an order."""
    told = {
        "email": "Ann@Example.com",
        "financialstatus": "paid",
        "currency": "EUR",
        "createdat": "2025-11-01 10:00:00 +0100",
    }
    line = {"lineitemquantity": 1, "lineitemname": "Lamp - Red", "lineitemprice": "80.00", "lineitemsku": "LAMP"}
    return {"name": name, **told, **line, **values}


def types(meant: Meant) -> list[str]:
    return [event["eventType"] for event in meant.events]


def test_shopify_says_an_order_on_its_first_row_and_a_line_on_each() -> None:
    first = shopify("#1001", total="95.00", shipping="5.00", taxes="17.36", discountcode="HI", discountamount="10.00")
    more = {
        "name": "#1001",
        "email": "Ann@Example.com",
        "lineitemquantity": 2,
        "lineitemname": "Bulb",
        "lineitemprice": "10.00",
    }
    meant = export(SHOPIFY, first, more)
    assert meant.readers[0].layout.name == "shopify"
    assert meant.orders() == {"#1001": ("2025-11-01", "95.00", [["LAMP", "80.00", 1], ["Bulb", "10.00", 2]])}
    (event,) = meant.events
    told = event["properties"]
    assert (event["userId"], event["timestamp"]) == ("ann@example.com", "2025-11-01T10:00:00+01:00")
    assert (told["currency"], told["coupon"], told["shipping"], told["tax"], told["discount"]) == (
        "EUR", "HI", "5.00", "17.36", "10.00",
    )  # fmt: skip


def test_shopifys_refunds_and_cancellations_take_back() -> None:
    partly = shopify("#1", total="80.00", financialstatus="partially_refunded", refundedamount="20.00")
    whole = shopify("#2", total="80.00", financialstatus="refunded", refundedamount="80.00")
    cancelled = shopify("#3", total="80.00", financialstatus="voided", cancelledat="2025-11-03 09:00:00 +0100")
    meant = export(SHOPIFY, partly, whole, cancelled)
    assert types(meant) == [
        "order_completed", "order_refunded", "order_completed", "order_refunded", "order_completed", "order_cancelled",
    ]  # fmt: skip
    assert [event["properties"].get("total") for event in meant.events[1::2]] == ["20.00", "80.00", None]
    assert meant.events[-1]["timestamp"] == "2025-11-03T09:00:00+01:00"


def test_a_line_of_shopify_that_cannot_be_read_keeps_its_order_out() -> None:
    meant = export(
        SHOPIFY,
        shopify("#1", total="90.00"),
        {"name": "#1", "lineitemquantity": "x", "lineitemname": "B", "lineitemprice": 10},
    )
    assert (meant.events, meant.reasons) == ([], {(0, 2): "incomplete", (0, 3): "bad_number"})
    assert meant.refused[1].detail == "Lineitem quantity is not a number"


def suite(number: int, **values: object) -> dict[str, object]:
    """One row of an item, with what the plug-in says of its order on each."""
    told = {"date": "2025-11-13 09:00:00", "status": "completed", "ordercurrency": "GBP", "customerid": 7}
    return {
        "orderid": number + 5000,
        "ordernumber": number,
        **told,
        "billingemail": "a@b.example",
        "billingcountry": "GB",
        **values,
    }


def test_woocommerces_export_suite_says_an_order_on_each_of_its_rows() -> None:
    money = {"ordertotal": "75.50", "shippingtotal": "4.50", "taxtotal": "12.00", "refundedtotal": "10.00"}
    meant = export(
        SUITE,
        suite(1, **money, itemname="Lamp", itemsku="LAMP", itemquantity=1, itemtotal="50.00"),
        suite(1, **money, itemname="Cheese", itemsku="CH", itemquantity="0.5", itemtotal="9.00"),
        suite(2, status="failed", ordertotal="9.00", shippingtotal="0", itemname="x", itemquantity=1, itemtotal=9),
        suite(
            3,
            status="cancelled",
            ordertotal="9.00",
            shippingtotal="0",
            customerid=0,
            itemname="x",
            itemquantity=1,
            itemtotal=9,
        ),
    )
    assert meant.readers[0].layout.name == "woocommerce"
    assert meant.orders()["1"] == ("2025-11-13", "75.50", [["LAMP", "50", 1], ["CH", "18", "0.5"]])
    assert types(meant) == ["order_completed", "order_refunded", "order_completed", "order_cancelled"]
    assert (meant.events[0]["userId"], meant.events[2]["userId"]) == ("7", "a@b.example")
    assert meant.reasons == {(0, 4): "not_paid"}
    assert meant.refused[0].detail.startswith("status says")


def test_woocommerces_advanced_export() -> None:
    told = {
        "ordernumber": 900,
        "orderstatus": "Completed",
        "orderdate": "2025-11-13 10:00",
        "emailbilling": "x@y.example",
    }
    money = {"ordertotalamount": "1234.50", "ordershippingamount": "4.50", "cartdiscountamount": "0.00"}
    meant = export(
        ADVANCED,
        {**told, **money, "item": 1, "sku": "A", "itemname": "Chair", "quantityrefund": 1, "itemcost": "1200.00"},
        {**told, **money, "item": 2, "sku": "B", "itemname": "Rug", "quantityrefund": 1, "itemcost": "30.00"},
    )
    assert meant.readers[0].layout.name == "woocommerce-advanced"
    assert meant.orders() == {"900": ("2025-11-13", "1234.50", [["A", "1200.00", 1], ["B", "30.00", 1]])}


def test_woocommerces_own_analytics() -> None:
    header = (
        '"Date","Order #","Status","Customer","Customer type","Product(s)","Items sold","Coupon(s)","N. Revenue",'
        '"Attribution"'
    )
    order = {"date": "2025-11-13 10:00:00", "order": 17, "status": "processing", "itemssold": 2, "nrevenue": "49.90"}
    meant = export(header, {**order, "customer": "Ann A", "products": "2× Lamp"})
    assert meant.readers[0].layout.name == "woocommerce-analytics"
    assert meant.orders() == {"17": ("2025-11-13", "49.90", [["Lamp", None, 2]])}
    several = export(header, {**order, "products": "2× Lamp, red, 1× Mug"})
    assert several.orders()["17"][2] == [["Lamp, red", None, 2], ["Mug", None, 1]]
    assert export(header, {**order, "products": "a lamp"}).reasons == {(0, 2): "bad_lines"}


LISTED = (
    "order_id,order_number,order_date,paid_date,status,shipping_total,shipping_tax_total,fee_total,fee_tax_total,"
    "tax_total,cart_discount,order_discount,discount_total,order_total,order_subtotal,order_key,order_currency,"
    "payment_method,payment_method_title,transaction_id,customer_ip_address,customer_user_agent,shipping_method,"
    "customer_id,customer_user,customer_email,billing_first_name,billing_last_name,billing_email,billing_country,"
    "customer_note,wt_import_key,tax_items,shipping_items,fee_items,coupon_items,refund_items,order_notes,"
    "download_permissions,line_item_1,line_item_2"
)


def test_woocommerces_lines_in_cells_of_their_own() -> None:
    told = {
        "ordernumber": 61, "orderdate": "2025-11-13 10:00:00", "status": "completed", "shippingtotal": "4.50",
        "ordertotal": "84.50", "ordercurrency": "EUR", "customerid": 7,
    }  # fmt: skip
    lines = {
        "lineitem1": "name:Lamp: red|product_id:31|sku:LAMP|quantity:2|total:60.00|sub_total:60.00",
        "lineitem2": "name:Cheese|product_id:32|sku:|quantity:0.5|total:20.00|sub_total:20.00",
    }
    back = "amount:10.00|reason:broken: it|date:2025-11-20 09:00:00;amount:5.00|reason:|date:2025-11-21 09:00:00"
    meant = export(LISTED, {**told, **lines, "refunditems": back})
    assert meant.orders() == {"61": ("2025-11-13", "84.50", [["LAMP", "30", 2], ["32", "40", "0.5"]])}
    assert meant.events[0]["properties"]["products"][0]["name"] == "Lamp: red"
    assert [(event["timestamp"][:10], event["properties"]["total"]) for event in meant.events[1:]] == [
        ("2025-11-20", "10.00"), ("2025-11-21", "5.00"),
    ]  # fmt: skip
    assert len({event["properties"]["refund_id"] for event in meant.events[1:]}) == 2
    assert export(LISTED, {**told, "lineitem1": "Lamp"}).reasons == {(0, 2): "bad_lines"}
    for unread in ("amount:ten|date:2025-11-20", "reason:x"):
        assert export(LISTED, {**told, "refunditems": unread}).reasons == {(0, 2): "bad_lines"}
    assert export(LISTED, {**told, "refunditems": "amount:5|date:soon"}).reasons == {(0, 2): "bad_date"}


def test_woocommerces_lines_in_one_cell() -> None:
    header = "order_id,order_number,date,status,shipping_total,discount_total,refunded_total,order_total,currency"
    cell = (
        "id:10|name:Lamp|product_id:31|sku:LAMP|quantity:1|subtotal:50.00|subtotal_tax:0|total:50.00|total_tax:0|"
        "refunded:0|refunded_qty:0|meta:;id:11|name:Mug; blue|product_id:32|sku:|quantity:2|total:10.00|meta:Size=L"
    )
    meant = export(f"{header},customer_id,billing_email,billing_country,line_items,refunds", {
        "orderid": 1, "ordernumber": 1, "date": "2025-11-13 10:00:00", "status": "completed", "shippingtotal": 0,
        "refundedtotal": "5.00", "ordertotal": "60.00", "currency": "EUR", "customerid": 7, "lineitems": cell,
        "refunds": "id:99|date:2025-12-01 08:00:00|amount:5.00|reason:",
    })  # fmt: skip
    assert meant.orders() == {"1": ("2025-11-13", "60.00", [["LAMP", "50", 1], ["32", "5", 2]])}
    listed = '[{"name":"Lamp","sku":"LAMP","quantity":1,"total":"50.00"},{"product_id":32,"quantity":2,"total":"10"}]'
    assert list(export(f"{header},line_items", {
        "orderid": 1, "ordernumber": 1, "date": "2025-11-13 10:00:00", "status": "completed", "shippingtotal": 0,
        "ordertotal": "60.00", "currency": "EUR", "lineitems": listed,
    }).orders().values()) == list(meant.orders().values())  # fmt: skip
    (refund,) = meant.events[1:]
    assert (refund["timestamp"][:10], refund["properties"]["refund_id"]) == ("2025-12-01", "99")


def test_magentos_grid_says_one_order_a_row() -> None:
    told = {"purchasedate": "Nov 13, 2025 10:00:00 AM", "billtoname": "A B", "customeremail": "a@b.example"}
    meant = export(
        MAGENTO,
        {
            "id": "000000001",
            "grandtotalbase": "36.3900",
            "grandtotalpurchased": "36.3900",
            "status": "complete",
            **told,
        },
        {"id": "000000002", "grandtotalbase": "10.0000", "status": "canceled", **told},
        {"id": "000000003", "grandtotalbase": "20.0000", "status": "closed", "totalrefunded": "20.0000", **told},
    )
    assert meant.readers[0].layout.name == "magento"
    assert {name: order[:2] for name, order in meant.orders().items()} == {
        "000000001": ("2025-11-13", "36.3900"),
        "000000002": ("2025-11-13", "10.0000"),
        "000000003": ("2025-11-13", "20.0000"),
    }
    assert types(meant)[1:] == ["order_completed", "order_cancelled", "order_completed", "order_refunded"]


def test_bigcommerce_puts_all_products_into_one_column() -> None:
    details = (
        "Product ID: 77, Product Qty: 2, Product SKU: SM, Product Name: Mug, blue, Product Weight: 1.0, "
        "Product Variation Details: , Product Unit Price: 12.50, Product Total Price: 25.00|Product ID: 78, "
        "Product Qty: 1, Product SKU: , Product Name: Tea, Product Unit Price: 5.00, Product Total Price: 5.00"
    )
    meant = export(
        BIGCOMMERCE,
        {"orderid": 101, "orderstatus": "Partially Refunded", "orderdate": "11/13/2025", "ordertime": "14:05:00",
         "ordertotalinctax": "30.00", "refundamount": "5.00", "customerid": 0, "customeremail": "b@c.example",
         "ordercurrencycode": "USD", "productdetails": details},
    )  # fmt: skip
    assert meant.readers[0].layout.name == "bigcommerce"
    assert meant.orders() == {"101": ("2025-11-13", "30.00", [["SM", "12.50", 2], ["78", "5.00", 1]])}
    assert (meant.events[0]["timestamp"], meant.events[0]["userId"]) == ("2025-11-13T14:05:00+00:00", "b@c.example")
    assert (meant.events[1]["eventType"], meant.events[1]["properties"]["total"]) == ("order_refunded", "5.00")


OLIST = {
    "olist_orders_dataset.csv": (
        '"order_id","customer_id","order_status","order_purchase_timestamp","order_approved_at",'
        '"order_delivered_carrier_date","order_delivered_customer_date","order_estimated_delivery_date"\n'
        "a1,c1,delivered,2017-10-02 10:56:33,,,,\na2,c2,canceled,2017-10-03 10:00:00,,,,\n"
    ),
    "olist_order_items_dataset.csv": (
        '"order_id","order_item_id","product_id","seller_id","shipping_limit_date","price","freight_value"\n'
        "a1,1,p1,s,2017-10-06 11:07:15,29.99,8.72\na1,2,p1,s,2017-10-06 11:07:15,29.99,8.72\n"
        "a2,1,p2,s,2017-10-06 11:07:15,10.00,1.00\na9,1,p2,s,2017-10-06 11:07:15,10.00,1.00\n"
    ),
    "olist_customers_dataset.csv": (
        '"customer_id","customer_unique_id","customer_zip_code_prefix","customer_city","customer_state"\n'
        "c1,u,1,x,SP\nc2,u,1,x,SP\n"
    ),
    "olist_products_dataset.csv": (
        '"product_id","product_category_name","product_name_lenght","product_description_lenght",'
        '"product_photos_qty","product_weight_g","product_length_cm","product_height_cm","product_width_cm"\n'
        "p1,beleza_saude,1,1,1,1,1,1,1\n"
    ),
}
PAYMENTS = (
    '"order_id","payment_sequential","payment_type","payment_installments","payment_value"\n'
    "a1,1,credit_card,1,70.00\na1,2,voucher,1,7.42\n"
)


def test_olists_tables_are_put_together() -> None:
    meant = read("orders", OLIST)
    assert [reader.layout.name for reader in meant.readers] == [
        "olist-orders", "olist-items", "olist-customers", "olist-products",
    ]  # fmt: skip
    assert meant.orders()["a1"] == ("2017-10-02", "77.42", [["p1", "29.99", 1]] * 2)
    assert [event["userId"] for event in meant.events] == ["u", "u", "u"]
    assert meant.events[0]["properties"]["products"][0]["category"] == "beleza_saude"
    assert types(meant) == ["order_completed", "order_completed", "order_cancelled"]
    assert meant.reasons == {(1, 5): "bad_date"}
    paid = read("orders", {**OLIST, "olist_order_payments_dataset.csv": PAYMENTS.replace("7.42", "7.00")})
    assert paid.orders()["a1"][1] == "77.00"


def test_olists_items_without_its_orders_are_no_orders() -> None:
    items = {"olist_order_items_dataset.csv": OLIST["olist_order_items_dataset.csv"]}
    with pytest.raises(Unimportable, match="no column is the ordered_at: a file is missing"):
        read("orders", items)


def test_of_two_exports_the_later_one_tells_an_order() -> None:
    header = "order_id,date,product,quantity,price"
    meant = read("orders", {
        "may.csv": f"{header}\n1,2025-05-31,A,1,10\n1,2025-05-31,B,1,5\n2,2025-05-31,A,1,10",
        "june.csv": f"{header}\n1,2025-05-31,A,1,10\n3,2025-06-01,A,1,10",
    })  # fmt: skip
    assert {name: order[1] for name, order in meant.orders().items()} == {"1": "10", "2": "10", "3": "10"}
    assert sum(group.repeated for group in meant.groups) == 2


def test_a_lines_total_is_not_taken_for_its_orders() -> None:
    header = "Order ID,Date,Product,Quantity,Price,Amount"
    lines = "7,2025-11-01,A,1,10,10\n7,2025-11-01,B,1,{},{}\n8,2025-11-01,C,2,4,8"
    for price in (10, 5):
        meant = read("orders", {"o.csv": f"{header}\n{lines.format(price, price)}"})
        assert meant.reasons == {(0, 2): "contradiction", (0, 3): "contradiction"}
        assert "give --map 'Amount=line_total'" in meant.refused[0].detail
        mapped = read("orders", {"o.csv": f"{header}\n{lines.format(price, price)}"}, columns={"Amount": "line_total"})
        assert {name: Decimal(order[1]) for name, order in mapped.orders().items()} == {"7": 10 + price, "8": 8}
