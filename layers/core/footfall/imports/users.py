"""People in files: who is known to the shop, as identify events with all that the file says of them."""

from collections.abc import Sequence
from itertools import islice

from footfall.errors import Unstorable
from footfall.events.nobody import somebody
from footfall.imports.ids import event_id, id_of
from footfall.imports.kind import Destination, GroupEvents, Kind, RowKey
from footfall.imports.layouts import FieldType, layout
from footfall.imports.reader import TableRow

FIELDS: dict[str, FieldType] = {
    **dict.fromkeys(("user_id", "email", "visitor_id", "sex", "country"), "text"),
    "created_at": "date",
}
SHOPIFY = layout(
    "shopify-customers",
    "Shopify's customers",
    "email spent",
    "https://help.shopify.com/en/manual/customers/import-export-customers",
    email="Email",
    spent="Total Spent",
    country="Country|Default Address Country Code",
)
ANY = layout(
    "users",
    "a table of people",
    "user_id/email",
    user_id="user_id|customer_id|customer number|id|customer|userid|client_id|member id|customer_unique_id"
    "|kundennummer|kundennr|kunden id|numéro client|n° client|codice cliente|id cliente|número de cliente|klantnummer",
    email="email|e-mail|email address|user_email|customer email|billing_email|e-mail-adresse"
    "|adresse e-mail|correo electrónico|e-mailadres",
    visitor_id="visitor_id|anonymous_id",
    sex="sex|gender|geschlecht|sexe|sesso|sexo|geslacht",
    country="country|country code|billing_country|land|pays|paese|nazione|país|pais",
    created_at="created_at|date created|registered|registered at|user_registered|signed up|signup date|sign up|joined"
    "|date registered|first seen|created|registration date|registriert am|registrierungsdatum|kunde seit"
    "|date d'inscription|data registrazione|fecha de registro|registratiedatum",
)
TRAITS = ("email", "sex", "country")
MAX_ID = 256
MAX_TRAITS = 100
MAX_TEXT = 1_024


def row_key(row: TableRow, destination: Destination) -> RowKey:
    """Returns every row is of its own; it begins when the person was registered, where the file says so."""
    user_id = _user_id(row)
    if not user_id or len(user_id) > MAX_ID:
        column = row.reader.column("user_id" if "user_id" in row.values else "email")
        raise Unstorable("bad_user_id", f"{column} is empty or names nobody, or is longer than {MAX_ID} characters")
    return RowKey(row.row.place, 0, _at(row, destination))


def group_events(rows: Sequence[TableRow], destination: Destination) -> GroupEvents:
    """Returns the identify event of a row."""
    (row,) = rows
    user_id, at = _user_id(row), _at(row, destination)
    others = {name: row.texts[place].strip() for name, place in row.reader.others.items()}
    ours = {name: row.text(name) for name in TRAITS}
    filled = ((name, value[:MAX_TEXT]) for name, value in {**ours, **others, **ours}.items() if value)
    traits = dict(islice(filled, MAX_TRAITS))
    visitor_id = id_of(row.text("visitor_id"))
    said = sorted(f"{name}={value}" for name, value in traits.items())
    event = {
        "eventType": "identify",
        "eventId": event_id(destination.site_id, "users", str(user_id), str(visitor_id), at, *said),
        "userId": user_id,
        **({"visitorId": visitor_id} if visitor_id else {}),
        "timestamp": at,
        "traits": traits,
        "sequence": row.row.line,
    }
    return GroupEvents([event])


def _user_id(row: TableRow) -> str | None:
    return id_of(row.text("user_id")) or somebody(row.text("email").lower())


def _at(row: TableRow, destination: Destination) -> str:
    # without a column of times the file says how people are on the day that it is imported
    if "created_at" not in row.values:
        return (
            destination.at.astimezone(destination.zone).replace(hour=0, minute=0, second=0, microsecond=0).isoformat()
        )
    return row.told_moment("created_at", destination.zone, destination.latest).isoformat()


USERS = Kind(FIELDS, (SHOPIFY, ANY), row_key, group_events)
