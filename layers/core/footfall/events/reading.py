"""An event as it was sent, read: its fields under our names, whatever it calls them.

A required field that cannot be read costs the event, an optional one that field: it is cut or left out, and flagged.
"""

from collections.abc import Sequence
from types import NoneType
from typing import Annotated, NamedTuple, Required, cast

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from footfall.errors import FieldProblem, Invalid, Unstorable
from footfall.events.ip_addresses import without_addresses
from footfall.events.lenient import is_empty, read_leniently
from footfall.events.storable import MAX_VALUES, MENDABLE, content_of, mended
from footfall.identity import is_event_id
from footfall.schemas.event import IncomingEvent, Json


def _adapter_of_many(model: type[BaseModel]) -> TypeAdapter[list[Json]]:
    # it checks as the model would, in half the time: no model is built, and other fields are left out
    fields: dict[str, object] = {
        name: Annotated[field.annotation, *field.metadata, Field(validation_alias=field.validation_alias)]
        for name, field in model.model_fields.items()
    }
    fields |= {name: Required[fields[name]] for name, field in model.model_fields.items() if field.is_required()}
    one = with_config({**model.model_config, "extra": "ignore"})(TypedDict("one", fields, total=False))  # type: ignore[operator]
    return cast(TypeAdapter[list[Json]], TypeAdapter(list[one]))  # type: ignore[valid-type]


EVENTS = _adapter_of_many(IncomingEvent)


def _names(model: type[BaseModel]) -> dict[str, tuple[str, ...]]:
    # what each field may be called, the first that is there counting
    aliases = {field: info.validation_alias for field, info in model.model_fields.items()}
    return {
        field: tuple(dict.fromkeys([*map(str, told.choices), field])) if isinstance(told, AliasChoices) else (field,)
        for field, told in aliases.items()
    }


NAMES = _names(IncomingEvent)
SPELLINGS = {name: names[:place] for names in NAMES.values() for place, name in enumerate(names)}
"""With each name those of the same field that are read in its place."""
USUAL_SPELLINGS = frozenset(name for name, before in SPELLINGS.items() if not before)


class Reading(NamedTuple):
    """The fields that an event has, under our names, and what it says as one canonical text.

    `sent` is the event as it came, without addresses, and `whole` the same as it can be stored. `flags` name the fields
    that were not read as they were sent.
    """

    event: Json
    content: bytes
    sent: Json
    whole: Json
    flags: list[str]


def read_event(raw: object, most_values: int = MAX_VALUES) -> Reading:
    """Returns one event as it is read; raises Invalid naming its fields, or Unstorable with a reason."""
    if not isinstance(raw, dict):
        raise Invalid([FieldProblem("", "an event is a JSON object")])
    flags: list[str] = []
    sent = without_addresses(raw)
    whole, content = _whole(sent, most_values, flags)
    try:
        (event,) = EVENTS.validate_python([whole])
    except ValidationError:
        event = read_leniently(whole, NAMES, flags)
    else:
        if is_told_otherwise(event, whole):
            event = read_leniently(whole, NAMES, flags)
    return Reading(event, content, sent, whole, flags)


def read_plain(raws: Sequence[object]) -> list[Json] | None:
    """Returns the fields of many events, read at once; None when there is something to say against any of them."""
    try:
        return EVENTS.validate_python(raws)
    except ValidationError:
        return None


def told_id(raw: object) -> str | None:
    """Returns the id that an event gives itself, also one that cannot be read; None where it gives none."""
    told = [raw.get(name) for name in NAMES["event_id"]] if isinstance(raw, dict) else []
    return next((text for text in told if isinstance(text, str) and is_event_id(text)), None)


def is_told_otherwise(event: Json, raw: Json) -> bool:
    """Returns whether an event that was read leaves a field empty that it fills under another name."""
    values = event.values()
    return (None in values or "" in values) and any(
        not is_empty(raw.get(name)) for field, value in event.items() if is_empty(value) for name in NAMES[field]
    )


def _whole(raw: Json, most_values: int, flags: list[str]) -> tuple[Json, bytes]:
    if not all(type(raw.get(name)) in PLAIN for name in SENT):
        raw = {name: value for name, value in raw.items() if name not in SENT} | _storable_times(raw)
    try:
        return raw, content_of(raw, most_values)
    except Unstorable as problem:
        if problem.reason not in MENDABLE:
            raise
    whole, names = mended(raw)
    flags += [f"{FIELDS.get(name, 'properties')}_mended" for name in names]
    return whole, content_of(whole, most_values)


def _storable_times(raw: Json) -> Json:
    # they are no content, which is checked, and may become properties
    return mended({name: raw[name] for name in SENT if name in raw})[0]


SENT = NAMES["sent_at"]
PLAIN = frozenset((str, NoneType))
FIELDS = {name: field for field, names in NAMES.items() for name in names}
