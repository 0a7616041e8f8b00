"""The closer look at an event of which something is odd: every field on its own, and none costs another one."""

import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from annotated_types import MaxLen

from footfall.codec import decode
from footfall.errors import FieldProblem, Invalid, Unstorable
from footfall.events.ip_addresses import without_addresses
from footfall.events.storable import content_of, mended
from footfall.schemas.event import IncomingEvent, Json

INVALID, CUT, MENDED = "invalid", "cut", "mended"
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Unicode calls white space, as pydantic has it; str.strip takes four separators more."""
Told = tuple[object, str | None]
"""A field's value, and what was wrong with what was sent for it."""
NOTHING: Told = (None, None)
WRONG: Told = (None, INVALID)


def read_leniently(raw: Json, names: Mapping[str, Sequence[str]], flags: list[str]) -> Json:
    """Returns the fields of an event by our names, each read from the first of its `names` that is filled.

    What cannot be read is left out and what is too long is cut, and `flags` says so of the field. Raises Invalid for an
    event without a type or a name.
    """
    event: Json = {}
    for field, spelled in names.items():
        told = next((value for name in spelled if not is_empty(value := raw.get(name))), None)
        if told is None:
            continue
        value, problem = READERS[field](told.strip(BLANKS) if isinstance(told, str) else told)
        if problem:
            flags.append(f"{field}_{problem}")
        if value is not None:
            event[field] = value
    if not event.get("event_type"):
        if not event.get("event_name"):
            raise Invalid([FieldProblem("eventType", "Field required")])
        event["event_type"] = "track"
    return event


def is_empty(value: object) -> bool:
    """Returns whether a value says nothing, as PHP's [] for an empty map does."""
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip(BLANKS))


def _text(longest: int) -> Callable[[object], Told]:
    def read(value: object) -> Told:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return WRONG
        text = str(value)
        return (text[:longest], CUT) if len(text) > longest else (text, None)

    return read


def _id(longest: int) -> Callable[[object], Told]:
    def read(value: object) -> Told:
        value = value.get("$oid") if isinstance(value, dict) else value  # MongoDB's
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return WRONG
        text = str(value)
        # two that differ at their ends only must not become one
        return (shortened(text, longest), CUT) if len(text) > longest else (text, None)

    return read


def shortened(text: str, longest: int) -> str:
    """Returns an id of at most `longest` characters; two that differ at their ends only stay two."""
    if len(text) <= longest:
        return text
    digest = sha256(text.encode()).hexdigest()
    return f"{text[: longest - len(digest) - 1]}~{digest}"


def _object(value: object) -> Told:
    if isinstance(value, str):
        return _encoded_twice(value)
    if isinstance(value, dict):
        return {name.strip(BLANKS): inner for name, inner in value.items()}, None
    return NOTHING if is_empty(value) else WRONG


def _encoded_twice(text: str) -> Told:
    # nobody has looked into it yet
    try:
        value = without_addresses(decode(text.encode()))
        if not isinstance(value, dict):
            return NOTHING if is_empty(value) else WRONG
        whole = mended({"value": value})[0]["value"]
        content_of({"value": whole})
    except (ValueError, RecursionError, Unstorable):
        return WRONG
    return _object(whole)[0], None if whole is value else MENDED


def read_number(value: object) -> Told:
    """Returns a finite number, from a number or a text, and what was wrong with what was sent for it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return WRONG
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return WRONG
    return (number, None) if math.isfinite(number) else WRONG


def _value(value: object) -> Told:
    return (value, None) if isinstance(value, str) else read_number(value)


def _element(value: object) -> Told:
    return (value, None) if isinstance(value, str) else _object(value)


def _moment(value: object) -> Told:
    if isinstance(value, dict):  # MongoDB's, and Firestore's
        value = value.get("$date", value.get("seconds", value.get("_seconds")))
    if isinstance(value, dict):
        value = value.get("$numberLong")
    return WRONG if isinstance(value, bool) or not isinstance(value, str | int | float) else (value, None)


def _place(value: object) -> Told:
    number = read_number(value)[0]
    if not isinstance(number, float) or not number.is_integer():
        return NOTHING
    place = value if isinstance(value, int) else int(number)
    return (place, None) if 0 <= place < 2**63 else NOTHING


def _longest(field: str) -> int | None:
    return next((item.max_length for item in FIELDS[field].metadata if isinstance(item, MaxLen)), None)


FIELDS = IncomingEvent.model_fields
READERS: dict[str, Callable[[object], Told]] = {
    **{name: _text(longest) for name in FIELDS if (longest := _longest(name))},
    **{name: _id(_longest(name) or 0) for name in ("event_id", "visitor_id", "user_id", "session_id")},
    **dict.fromkeys(("attribution", "context", "properties", "traits", "coordinates", "vitals"), _object),
    **dict.fromkeys(("timestamp", "sent_at"), _moment),
    **dict.fromkeys(("duration", "screen_width"), read_number),
    "value": _value,
    "element": _element,
    "sequence": _place,
}
