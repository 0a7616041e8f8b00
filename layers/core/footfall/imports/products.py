"""Products in files: what each row tells of one of the catalogue."""

from collections.abc import Sequence

from footfall.currencies import UNKNOWN, read_currency
from footfall.errors import Unstorable
from footfall.imports.ids import id_of
from footfall.imports.kind import Destination, GroupEvents, Kind, Refused, RowKey
from footfall.imports.layouts import FieldType, layout
from footfall.imports.reader import TableRow
from footfall.money import minor_units
from footfall.schemas.catalog import ProductChange
from footfall.schemas.product import ProductFields

FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(("product_id", "sku", "name", "category", "brand", "currency", "url", "image", "option"), "text"),
    "price": "amount",
    "updated_at": "date",
}
SHOPIFY = layout(
    "shopify-products",
    "Shopify's products",
    "product_id name price",
    "https://help.shopify.com/en/manual/products/import-export/using-csv",
    product_id="Handle|URL handle",
    sku="Variant SKU|SKU",
    name="Title",
    category="Type|Product Category|Product type",
    brand="Vendor",
    price="Variant Price",
    image="Image Src|Product image URL",
    option="Option1 Value",
)
WOOCOMMERCE = layout(
    "woocommerce-products",
    "WooCommerce's products",
    "product_id sku name price kind",
    "https://woocommerce.com/document/product-csv-importer-exporter/",
    product_id="ID",
    kind="Type",
    sku="SKU",
    name="Name",
    category="Categories",
    brand="Brands",
    price="Regular price",
    image="Images",
)
OLIST = layout(
    "olist-products",
    "Olist's products",
    "product_id category",
    "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce",
    product_id="product_id",
    category="product_category_name",
)
ANY = layout(
    "products",
    "a table of products",
    "product_id/sku name/price/category",
    product_id="product_id|id|item_id|article number|article|product code|stock code|asin|handle|parent_id"
    "|artikelnummer|artikelnr|produktnummer|référence|codice articolo|codice prodotto|referencia|productnummer",
    sku="sku|variant sku|item sku",
    name="name|title|product_name|product title|description|product|artikelbezeichnung|artikelname|produktname|artikel"
    "|produkt|bezeichnung|nom|nom du produit|produit|désignation|nome|prodotto|nombre|producto|productnaam",
    category="category|product_category|categories|product type|type|category_code|google_product_category|main_cat"
    "|kategorie|warengruppe|catégorie|categorie|categoria|categoría",
    brand="brand|vendor|manufacturer|marke|hersteller|marque|marca|merk",
    price="price|unit price|regular price|list price|sale price|variant price|preis|verkaufspreis|einzelpreis|prix"
    "|prezzo|precio|prijs",
    currency="currency|währung|waehrung|devise|valuta|moneda",
    url="url|link|product url|permalink",
    image="image|image url|image link|image_src|images",
    updated_at="updated_at|modified_at|last modified",
)
MAX_TEXT = 1_024
MAX_ID = 200


def row_key(row: TableRow, _: Destination) -> RowKey:
    """Returns a row belongs to its product; the variants of one of Shopify's stand together under its handle."""
    product_id = id_of(row.text("product_id")) or id_of(row.text("sku"))
    if not product_id or len(product_id) > MAX_ID:
        raise Unstorable("bad_id", f"{row.reader.column('product_id')} is empty, or longer than {MAX_ID} characters")
    return RowKey(product_id)


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns what the rows of one handle, or of one id, tell of products; no events."""
    found: list[ProductChange] = []
    refused = []
    for row in rows:
        try:
            if change := _change(row, rows, destination):
                found.append(change)
        except Unstorable as error:
            refused.append(Refused(row.row, error.reason, error.detail))
    return GroupEvents([], refused=refused, products=found)


def _change(row: TableRow, rows: Sequence[TableRow], destination: Destination) -> ProductChange | None:
    # Shopify's further rows of a product are of its variants, or of more images alone
    if row is not rows[0] and row.reader.layout is SHOPIFY and not row.text("price"):
        return None
    product_id = id_of(row.text("sku")) or id_of(row.text("product_id")) or ""
    amount, updated_at = row.amount("price"), row.moment("updated_at", destination.zone, destination.latest)
    told = row.text("currency") or (amount.currency if amount else "")
    currency = (read_currency(told, destination.currency) or UNKNOWN) if told else destination.currency
    return ProductChange(
        change_id=_change_id(row, destination),
        at=updated_at or destination.at,
        receipt=False,
        product_id=product_id[:MAX_ID],
        fields=ProductFields(
            name=_first(row, rows, "name"),
            category=_first(row, rows, "category"),
            brand=_first(row, rows, "brand"),
            price=minor_units(amount.number, currency) if amount else None,
            currency=currency,
            url=_first(row, rows, "url"),
            image=_first(row, rows, "image"),
        ),
    )


def _change_id(row: TableRow, destination: Destination) -> str:
    # of rows of the same time the one of the newest import counts, and of one import the last
    return f"{destination.at.timestamp():.3f}:{row.row.file:03}:{row.row.line:09}"


def _first(row: TableRow, rows: Sequence[TableRow], name: str) -> str | None:
    told = row.text(name) or rows[0].text(name)
    return told[:MAX_TEXT] or None


PRODUCTS = Kind(FIELDS, (SHOPIFY, WOOCOMMERCE, OLIST, ANY), row_key, group_events)
