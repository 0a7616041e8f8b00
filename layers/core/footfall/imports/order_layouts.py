"""The forms of orders in files, as rows: a new export is a new row here, and a test.

Only what is read is named; exports have more columns. The last row is that of any table with names that are common.
"""

from footfall.imports.layouts import FieldType, layout

FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(("ordered_at", "updated_at", "cancelled_at"), "date"),
    **dict.fromkeys(("total", "shipping", "tax", "discount", "refunded"), "amount"),
    **dict.fromkeys(("quantity", "price", "line_total", "line_discount", "line_shipping"), "amount"),
    **dict.fromkeys(("order_id", "customer_id", "email", "currency", "country", "coupon"), "text"),
    **dict.fromkeys(("status", "payment_status"), "text"),
    **dict.fromkeys(("product_id", "sku", "product", "category", "brand", "variant", "details"), "text"),
}
INVOICES = layout(
    "online-retail",
    "UCI's Online Retail, I or II",
    "order_id product_id product quantity ordered_at price customer_id",
    "https://doi.org/10.24432/C5BW33 and https://doi.org/10.24432/C5CG6D",
    order_id="InvoiceNo|Invoice",
    product_id="StockCode",
    product="Description",
    quantity="Quantity",
    ordered_at="InvoiceDate",
    price="UnitPrice|Price",
    customer_id="CustomerID",
    country="Country",
)
ANY = layout(
    "orders",
    "a table of orders",
    "order_id ordered_at total/price/line_total",
    order_id="order_id|order number|order no|order|order #|order name|invoice number|invoice no|invoice|transaction_id"
    "|transaction number|receipt number|sale id|purchase id|increment_id|id",
    ordered_at="order_date|order time|order datetime|ordered_at|order created at|created_at|created|purchase date"
    "|purchased at|purchase timestamp|order_purchase_timestamp|placed at|invoice date|transaction date|timestamp"
    "|date time|datetime|date|time|paid at|completed at",
    updated_at="updated_at|modified_at|last modified|date modified",
    cancelled_at="cancelled_at|canceled_at",
    customer_id="customer_id|customer number|customer no|client_id|user_id|buyer id|member id|customer|user",
    email="email|customer email|e-mail|email address|buyer email|billing email",
    currency="currency|currency code|order currency",
    country="country|country code|billing country|shipping country",
    coupon="coupon|coupon code|discount code|voucher|voucher code|promo code",
    status="status|order status|state",
    payment_status="payment status|financial status",
    total="order_total|total|grand total|total amount|total price|total paid|amount paid|order amount|order value"
    "|amount|revenue|sales|value",
    shipping="shipping|shipping cost|shipping total|shipping amount|freight|postage|delivery fee",
    tax="tax|taxes|tax total|tax amount|vat",
    discount="order discount|discount total|total discount|discount amount|discount",
    refunded="refunded|refunded amount|total refunded|refund amount|refund total",
    product_id="product_id|item_id|article number|article|asin|stock code|product code|item code",
    sku="sku|item sku|product sku|lineitem sku",
    product="product_name|product|item name|item|description|title|product title|name",
    category="category|product category|item category",
    brand="brand|vendor|manufacturer",
    variant="variant|variant title|variation",
    quantity="quantity|qty|item quantity|units|order quantity|pieces|count",
    price="unit_price|price|item price|price per unit|unit cost|product price",
    line_total="line_total|line amount|item total|row total|line price|extended price",
    line_discount="line_discount|item discount",
)
LAYOUTS = (INVOICES, ANY)
