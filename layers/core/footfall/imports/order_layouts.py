"""The forms of orders in files, as rows: a new export is a new row here, and a test.

Only what is read is named; exports have more columns. The last row is that of any table with names that are common.
"""

from collections.abc import Mapping

from footfall.imports.layouts import FieldType, layout

FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(("ordered_at", "updated_at", "cancelled_at"), "date"),
    **dict.fromkeys(("total", "payment", "shipping", "tax", "discount", "refunded"), "amount"),
    **dict.fromkeys(("quantity", "price", "line_total", "line_discount", "line_shipping"), "amount"),
    **dict.fromkeys(("order_id", "ordered_time", "customer_id", "email", "currency", "country", "coupon"), "text"),
    **dict.fromkeys(("status", "payment_status", "person_id"), "text"),
    **dict.fromkeys(("product_id", "sku", "product", "category", "brand", "variant"), "text"),
    **dict.fromkeys(("details", "refunds"), "text"),
}
SHOPIFY = layout(
    "shopify",
    "Shopify's orders",
    "order_id ordered_at product quantity price",
    "https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders",
    order_id="Name",
    ordered_at="Created at|Paid at",
    cancelled_at="Cancelled at",
    email="Email",
    payment_status="Financial Status",
    currency="Currency",
    country="Billing Country|Shipping Country",
    coupon="Discount Code",
    total="Total",
    shipping="Shipping",
    tax="Taxes",
    discount="Discount Amount",
    refunded="Refunded Amount",
    product="Lineitem name",
    sku="Lineitem sku",
    quantity="Lineitem quantity",
    price="Lineitem price",
    line_discount="Lineitem discount",
    brand="Vendor",
)
WOOCOMMERCE = layout(
    "woocommerce",
    "WooCommerce's orders (Customer/Order/Coupon Export, Import Export Suite, Order Export & Order Import)",
    "order_id ordered_at status total currency shipping",
    "https://woocommerce.com/document/import-and-export-of-woocommerce-orders/",
    order_id="order_number|order_number_formatted|order_id",
    ordered_at="order_date|date|date_created",
    updated_at="date_modified|modified_date",
    status="status|order_status",
    currency="order_currency|currency",
    total="order_total",
    shipping="shipping_total",
    tax="tax_total",
    discount="discount_total",
    refunded="refunded_total|refund_total",
    coupon="coupon_code|coupons",
    customer_id="customer_id|customer_user",
    email="billing_email|customer_email",
    country="billing_country",
    product="item_name",
    sku="item_sku",
    product_id="item_product_id",
    quantity="item_quantity",
    line_total="item_total",
    details="line_items",
    refunds="refunds|refund_items",
)
WOOCOMMERCE_ADVANCED = layout(
    "woocommerce-advanced",
    "WooCommerce's orders (Advanced Order Export)",
    "order_id ordered_at status total",
    "https://wordpress.org/plugins/woo-order-export-lite/",
    order_id="Order Number|Order ID",
    ordered_at="Order Date",
    updated_at="Modification Date",
    status="Order Status",
    total="Order Total Amount",
    refunded="Order Refund Amount",
    shipping="Order Shipping Amount",
    tax="Order Total Tax Amount|Order Tax Amount",
    discount="Cart Discount Amount",
    coupon="Coupons Used|Coupon Code",
    currency="Order Currency|Currency",
    customer_id="Customer User ID|Customer ID|User ID",
    email="Email (Billing)",
    country="Country Code (Billing)|Country Name (Billing)",
    product="Item Name|Product Name|Name",
    sku="SKU",
    product_id="Product ID|Product Id",
    category="Category",
    variant="Product Variation",
    quantity="Quantity|Quantity (- Refund)",
    price="Item Cost",
)
WOOCOMMERCE_ANALYTICS = layout(
    "woocommerce-analytics",
    "WooCommerce's analytics of orders",
    "order_id ordered_at status total items",
    "https://woocommerce.com/document/woocommerce-analytics/",
    order_id="Order #",
    ordered_at="Date",
    status="Status",
    total="N. Revenue|Net Revenue|Net Sales",
    items="Items sold",
    details="Product(s)",
    coupon="Coupon(s)",
)
MAGENTO = layout(
    "magento",
    "Magento's orders (the admin's grid)",
    "order_id ordered_at total bill_to",
    "https://experienceleague.adobe.com/en/docs/commerce-admin/stores-sales/order-management/orders/orders",
    order_id="ID|Order #",
    ordered_at="Purchase Date|Purchased On",
    total="Grand Total (Base)|G.T. (Base)|Grand Total|Grand Total (Purchased)|G.T. (Purchased)",
    bill_to="Bill-to Name|Bill to Name",
    status="Status",
    refunded="Total Refunded",
    shipping="Shipping and Handling",
    email="Customer Email",
)
MAGENTO_TABLES = layout(
    "magento-tables",
    "Magento's orders (sales_order, sales_order_item)",
    "order_id ordered_at total",
    "https://developer.adobe.com/commerce/webapi/rest/",
    order_id="increment_id",
    ordered_at="created_at",
    updated_at="updated_at",
    total="grand_total",
    status="status",
    refunded="total_refunded",
    shipping="shipping_amount",
    tax="tax_amount",
    discount="discount_amount",
    coupon="coupon_code",
    currency="order_currency_code",
    customer_id="customer_id",
    email="customer_email",
    country="country_id",
    sku="sku",
    product="name",
    quantity="qty_ordered",
    price="price",
    line_total="row_total",
)
BIGCOMMERCE = layout(
    "bigcommerce",
    "BigCommerce's orders",
    "order_id ordered_at total status",
    "https://support.bigcommerce.com/s/article/Exporting-Orders",
    order_id="Order ID",
    ordered_at="Order Date",
    ordered_time="Order Time",
    status="Order Status",
    total="Order Total (inc tax)|Order Total (ex tax)",
    shipping="Shipping Cost (inc tax)|Shipping Cost (ex tax)",
    tax="Tax Total",
    refunded="Refund Amount",
    coupon="Coupon Details",
    currency="Order Currency Code",
    customer_id="Customer ID",
    email="Customer Email|Billing Email",
    country="Billing Country",
    details="Product Details",
    product_id="Product ID",
    sku="Product SKU",
    product="Product Name",
    quantity="Product Qty",
    price="Product Unit Price",
    line_total="Product Total Price",
)
OLIST = "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce"
OLIST_ORDERS = layout(
    "olist-orders",
    "Olist's orders",
    "order_id ordered_at status",
    OLIST,
    order_id="order_id",
    customer_id="customer_id",
    status="order_status",
    ordered_at="order_purchase_timestamp",
)
OLIST_ITEMS = layout(
    "olist-items",
    "Olist's order items",
    "order_id product_id price line_shipping",
    OLIST,
    order_id="order_id",
    product_id="product_id",
    price="price",
    line_shipping="freight_value",
)
OLIST_PAYMENTS = layout(
    "olist-payments", "Olist's payments", "order_id payment", OLIST, order_id="order_id", payment="payment_value"
)
OLIST_CUSTOMERS = layout(
    "olist-customers",
    "Olist's customers",
    "customer_id person_id",
    OLIST,
    customer_id="customer_id",
    person_id="customer_unique_id",
)
OLIST_PRODUCTS = layout(
    "olist-products",
    "Olist's products",
    "product_id category",
    OLIST,
    product_id="product_id",
    category="product_category_name",
)
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
SUPERSTORE = layout(
    "superstore",
    "Tableau's Superstore",
    "order_id ordered_at product_id line_total profit",
    "https://community.tableau.com/s/question/0D54T00000CWeX8SAL/sample-superstore-sales-excelxls",
    order_id="Order ID",
    ordered_at="Order Date",
    product_id="Product ID",
    product="Product Name",
    category="Category",
    quantity="Quantity",
    line_total="Sales",
    profit="Profit",
    customer_id="Customer ID",
    country="Country|Country/Region",
)
NAMES = {
    "order_id": "order_id|order number|order no|order|order #|order name|invoice number|invoice no|invoice"
    "|transaction_id|transaction number|receipt number|sale id|purchase id|increment_id|id",
    "ordered_at": "order_date|order datetime|ordered_at|order created at|created_at|created|date created|purchase date"
    "|purchased at|purchase timestamp|order_purchase_timestamp|placed at|invoice date|transaction date|timestamp"
    "|date time|datetime|date|event_time|paid at|completed at|order time|time",
    "ordered_time": "order_time|time",
    "updated_at": "updated_at|modified_at|last modified|date modified",
    "cancelled_at": "cancelled_at|canceled_at",
    "customer_id": "customer_id|customer number|customer no|client_id|user_id|buyer id|member id|customer|user",
    "email": "email|customer email|e-mail|email address|buyer email|billing email",
    "currency": "currency|currency code|order currency",
    "country": "country|country code|billing country|shipping country",
    "coupon": "coupon|coupon code|discount code|voucher|voucher code|promo code",
    "status": "status|order status|state",
    "payment_status": "payment status|financial status",
}
AMOUNTS = {
    "total": "order_total|total|grand total|total amount|total price|total paid|amount paid|order amount|order value"
    "|amount|sum|revenue|sales|value",
    "shipping": "shipping|shipping cost|shipping total|shipping amount|freight|postage|delivery fee",
    "tax": "tax|taxes|tax total|tax amount|vat",
    "discount": "order discount|discount total|total discount|discount amount|cart discount",
    "refunded": "refunded|refunded amount|total refunded|refund amount|refund total",
}
LINES = {
    "product_id": "product_id|item_id|article number|article|asin|stock code|product code|item code",
    "sku": "sku|item sku|product sku|lineitem sku",
    "product": "product_name|product|item name|item|description|title|product title|name",
    "category": "category|product category|item category",
    "brand": "brand|vendor|manufacturer",
    "variant": "variant|variant title|variation",
    "quantity": "quantity|qty|item quantity|units|order quantity|pieces|count",
    "price": "unit_price|price|item price|price per unit|unit cost|product price",
    "line_total": "line_total|line amount|line price|row total|item total|extended price",
    "line_discount": "line_discount|item discount",
}
OTHER_LANGUAGES = {
    "order_id": "bestellnummer|bestellnr|bestell id|auftragsnummer|auftragsnr|rechnungsnummer|rechnungsnr|bestellung"
    "|numéro de commande|numero de commande|numéro commande|n° de commande|n° commande|id commande|commande"
    "|numero ordine|id ordine|codice ordine|n ordine|ordine|número de pedido|numero de pedido|nº de pedido|id pedido"
    "|pedido|bestelnummer|ordernummer|ordernr|factuurnummer|bestelling",
    "ordered_at": "bestelldatum|bestellt am|auftragsdatum|rechnungsdatum|kaufdatum|datum|date de commande"
    "|date commande|date d'achat|data ordine|data dell'ordine|data acquisto|fecha de pedido|fecha del pedido"
    "|fecha pedido|fecha de compra|fecha|besteldatum|orderdatum|data",
    "ordered_time": "uhrzeit|bestellzeit|heure|ora|hora|tijd",
    "updated_at": "geändert am|änderungsdatum|modifié le|date de modification|data modifica|fecha de modificación",
    "cancelled_at": "storniert am|stornodatum|annulé le|data annullamento|fecha de cancelación|geannuleerd op",
    "customer_id": "kundennummer|kundennr|kunden id|kunde|numéro client|n° client|id client|client|codice cliente"
    "|numero cliente|id cliente|número de cliente|cliente|klantnummer|klant id|klant",
    "email": "e-mail-adresse|kunden e-mail|adresse e-mail|courriel|indirizzo e-mail|posta elettronica"
    "|correo electrónico|correo electronico|correo|e-mailadres",
    "currency": "währung|waehrung|devise|monnaie|valuta|divisa|moneda",
    "country": "land|lieferland|rechnungsland|pays|pays de facturation|paese|nazione|país|pais",
    "coupon": "gutschein|gutscheincode|rabattcode|code promo|bon de réduction|codice sconto|cupón|cupon"
    "|código de descuento|kortingscode",
    "status": "bestellstatus|auftragsstatus|statut|statut de la commande|stato|stato ordine|estado|estado del pedido"
    "|bestelstatus|orderstatus",
    "payment_status": "zahlungsstatus|statut du paiement|stato pagamento|estado del pago|betaalstatus",
    "total": "gesamtbetrag|gesamtsumme|gesamtpreis|bestellsumme|bestellwert|rechnungsbetrag|endbetrag|gesamt|summe"
    "|betrag|umsatz|montant total|total ttc|prix total|montant|totale ordine|importo totale|totale|importo"
    "|importe total|precio total|importe|totaalbedrag|totaal|bedrag",
    "shipping": "versand|versandkosten|frais de port|frais de livraison|spese di spedizione|spedizione"
    "|gastos de envío|gastos de envio|envío|verzendkosten",
    "tax": "steuerbetrag|mwst-betrag|montant tva|importo iva|importe iva|btw-bedrag",
    "discount": "gesamtrabatt|rabattbetrag|montant remise|importo sconto|descuento total|kortingsbedrag",
    "refunded": "erstattet|erstattungsbetrag|montant remboursé|importo rimborsato|importe reembolsado|terugbetaald",
    "product_id": "artikelnummer|artikelnr|art nr|produktnummer|produkt id|référence produit|référence"
    "|codice articolo|codice prodotto|id prodotto|código de producto|referencia|id producto|productnummer",
    "product": "artikelbezeichnung|artikelname|artikel|produktname|produktbezeichnung|produkt|bezeichnung"
    "|nom du produit|produit|désignation|designation|libellé|nome prodotto|prodotto|articolo|descrizione"
    "|nombre del producto|producto|artículo|articulo|descripción|descripcion|productnaam|omschrijving",
    "category": "kategorie|warengruppe|catégorie|categorie|categoria|categoría",
    "brand": "marke|hersteller|marque|marca|merk",
    "variant": "variante",
    "quantity": "menge|anzahl|stückzahl|stück|stueck|quantité|quantite|qté|quantità|quantita|qtà|cantidad|aantal",
    "price": "einzelpreis|stückpreis|preis|prix unitaire|prix|prezzo unitario|prezzo|precio unitario|precio"
    "|stukprijs|prijs",
    "line_total": "positionssumme|positionsbetrag|zeilensumme|montant ligne|total ligne|totale riga|importo riga"
    "|total línea|importe línea|regeltotaal",
    "line_discount": "positionsrabatt|remise ligne|sconto riga|descuento línea|regelkorting",
}
"""The same in German, French, Italian, Spanish and Dutch."""


def _in_all_languages(names: Mapping[str, str]) -> dict[str, str]:
    return {field: "|".join(filter(None, (told, OTHER_LANGUAGES.get(field)))) for field, told in names.items()}


HEAD, LINE = _in_all_languages({**NAMES, **AMOUNTS}), _in_all_languages(LINES)
ANY = layout("orders", "a table of orders", "order_id ordered_at total/price/line_total", **HEAD, **LINE)
ANY_LINES = layout(
    "order-lines",
    "a table of the lines of orders",
    "order_id product_id/sku/product price/line_total",
    order_id=HEAD["order_id"],
    **LINE,
)
ANY_HEADS = layout("order-heads", "a table of orders without lines", "order_id ordered_at", **HEAD)
LAYOUTS = (
    SHOPIFY,
    BIGCOMMERCE,
    WOOCOMMERCE_ADVANCED,
    WOOCOMMERCE_ANALYTICS,
    WOOCOMMERCE,
    MAGENTO,
    MAGENTO_TABLES,
    OLIST_ORDERS,
    OLIST_ITEMS,
    OLIST_PAYMENTS,
    OLIST_CUSTOMERS,
    OLIST_PRODUCTS,
    INVOICES,
    SUPERSTORE,
    ANY,
    ANY_LINES,
    ANY_HEADS,
)
LOOKUPS = {OLIST_CUSTOMERS: ("customer_id", "person_id"), OLIST_PRODUCTS: ("product_id", "category")}
"""Tables that are no orders: what they say of a key is looked up."""
