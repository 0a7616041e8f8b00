"""Feedback in files: what customers wrote and rated, of the shop or of its products."""

from collections.abc import Sequence

from footfall.errors import Unstorable
from footfall.events.nobody import somebody
from footfall.imports.ids import event_id, id_of
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey
from footfall.imports.layouts import FieldType, layout
from footfall.imports.reader import TableRow

FIELDS: dict[str, FieldType] = {
    "timestamp": "date",
    "rating": "amount",
    **dict.fromkeys(("feedback_id", "user_id", "email", "visitor_id", "title", "text", "url"), "text"),
    **dict.fromkeys(("product_id", "order_id"), "text"),
}
OLIST = layout(
    "olist-reviews",
    "Olist's reviews",
    "feedback_id order_id rating text timestamp",
    "https://www.kaggle.com/datasets/olistbr/brazilian-ecommerce",
    feedback_id="review_id",
    order_id="order_id",
    rating="review_score",
    title="review_comment_title",
    text="review_comment_message",
    timestamp="review_creation_date",
)
ANY = layout(
    "feedback",
    "a table of feedback",
    "timestamp text/rating",
    feedback_id="feedback_id|review_id|comment_id|response id|id",
    timestamp="timestamp|created_at|date|review_date|review date|submitted at|submitted|time|review time|datetime|datum"
    "|bewertungsdatum|fecha|data",
    user_id="user_id|customer_id|reviewer_id|customer|author id|reviewerid|kundennummer|klantnummer",
    email="email|reviewer_email|customer email|reviewer email|author email",
    visitor_id="visitor_id|anonymous_id|session_id",
    rating="rating|score|stars|review_score|star rating|nps|overall|bewertung|sterne|voto"
    "|valutazione|puntuación|valoración|beoordeling|sterren",
    title="title|review_title|summary|headline|titel|überschrift|titre|titolo|título",
    text="text|comment|body|review|message|review_body|review text|content|feedback|comments|answer|reviewtext"
    "|kommentar|nachricht|rezension|commentaire|avis|commento|recensione|comentario|opinión|opmerking",
    product_id="product_id|sku|product_handle|asin|item_id|product sku|artikelnummer",
    order_id="order_id|order|order number|bestellnummer|bestelnummer",
    url="url|page|page_url|path",
)
MAX_TEXT = 10_000


def row_key(row: TableRow, destination: Destination) -> RowKey:
    """Returns every row is of its own."""
    if not row.text("text") and not row.text("title") and not row.text("rating"):
        raise Unstorable("nothing_said", "the row has neither a text nor a rating")
    return RowKey(row.row.place, 0, _at(row, destination))


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the event of a row: a review of a product, or feedback."""
    (row,) = rows
    at, rating = _at(row, destination), row.number("rating")
    made = event_id(destination.site_id, "feedback", *row.texts)
    told = {
        "text": "\n".join(filter(None, (row.text("title"), row.text("text"))))[:MAX_TEXT],
        "rating": None if rating is None else float(rating),
        "product_id": row.text("product_id"),
        "order_id": row.text("order_id"),
    }
    event = {
        "eventType": "product_reviewed" if row.text("product_id") else "feedback",
        "eventId": made,
        **_person(row, made),
        "timestamp": at,
        "url": row.text("url"),
        "properties": {name: value for name, value in told.items() if value not in (None, "")},
        "sequence": row.row.line,
    }
    return GroupEvents([{name: value for name, value in event.items() if value != ""}])


def _person(row: TableRow, made: str) -> dict[str, str]:
    if user_id := id_of(row.text("user_id")) or somebody(row.text("email").lower()):
        return {"userId": user_id[:256]}
    named = id_of(row.text("visitor_id"))
    order_id = row.text("order_id")
    return {"visitorId": (named or f"guest:{order_id or made}")[:256]}


def _at(row: TableRow, destination: Destination) -> str:
    return row.told_moment("timestamp", destination.zone, destination.latest).isoformat()


FEEDBACK = Kind(FIELDS, (OLIST, ANY), row_key, group_events)
