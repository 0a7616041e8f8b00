"""What the lake holds of an event: its columns, which go by the dimensions, and the numbers of sessions."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Literal

from footfall.dimensions import Dimension, dimensions_of
from footfall.events.searches import FOUND, TERMS, found_by, term_of
from footfall.events.spots import element_of, place_on_page, place_on_screen, scrolled_to
from footfall.events.vitals import VITALS, steps_told
from footfall.lake.findings import FINDINGS, Finding
from footfall.lake.lines import FIELDS, packed
from footfall.schemas.site import Site
from footfall.sessions.attribution import is_direct

LARGEST = 2**63
SEARCH = "product_searched"
BETWEEN_VALUES = "\x1f"
"""What stands between several values of one event while they are collected."""

NUMBERS: Mapping[str, str] = {
    "who": "INTEGER",
    "day": "DATE",
    "time": "TIMESTAMP_MS",
    "tie": "INTEGER",
    "session": "BIGINT",
    "signed_in": "BOOLEAN",
    "bot": "BOOLEAN",
}
"""Columns of numbers and their types in SQL. `who` is the dense number of the user where somebody was signed in, else
of the visitor, whoever that turned out to be, and -1 while it is not stored; `tie` is which of all events of its
millisecond an event is, from 0; `session` is the number that `lake.session_numbers` gives its session, 0 for none."""


@dataclass(frozen=True)
class Text:
    """A column of texts; where nothing is known it is NULL.

    `of` says whether an event or its session has the value, or each of the event's lines one. `path` are the names of
    the field that tells it, one in another, unless `read` reads it from the whole document; `shown` gives the text of
    what is told, None for nothing known.
    """

    of: Literal["event", "session", "lines"]
    path: tuple[str, ...]
    shown: Callable[[object], str | None]
    read: Callable[[Any], object] | None = None

    @property
    def type(self) -> str:
        """Its type in SQL."""
        return "VARCHAR[]" if self.of == "lines" else "VARCHAR"

    def told(self, documents: Iterable[Mapping[str, object]]) -> list[object]:
        """Returns what each event, or session, tells."""
        if self.read:
            return [self.read(document) for document in documents]
        outer, *inner = self.path
        found = [document.get(outer) for document in documents]
        if self.of == "lines":
            return [_of_lines(one, inner) for one in found]
        for name in inner:  # of dict it is quicker to ask than of Mapping, and without a call for each
            found = [one.get(name) if isinstance(one, dict) else None for one in found]
        return [("true" if one else "false") if one is True or one is False else one for one in found]


def _of_lines(found: object, path: Sequence[str]) -> object:
    # the values of all lines, each once
    name, field = path
    lines = found.get(name) if isinstance(found, Mapping) else None
    values = [line.get(field) for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []
    return BETWEEN_VALUES.join(dict.fromkeys(value for value in values if isinstance(value, str) and value)) or None


def _known(row: Dimension, told: object) -> str | None:
    shown = row.shown(told)
    return None if shown == row.missing else shown


def _as_told(told: object) -> str | None:
    return told if isinstance(told, str) and told else None


def _text_found(row: Finding) -> Text:
    return Text("event", (), _as_told, lambda event: row.read(event.get(row.event)))


def _as_number(told: object) -> str | None:
    return str(told) if isinstance(told, int) else None


def _own_direct(session: Mapping[str, Any]) -> str | None:
    return "true" if is_direct(session["own_attribution"]) else None


def _lines(event: Mapping[str, Any]) -> str | None:
    return packed(event["commerce"]) if "commerce" in event else None


def _search_term(event: Mapping[str, Any]) -> str | None:
    return term_of(event.get("properties", {})) if event["type"] == SEARCH else None


def _search_results(event: Mapping[str, Any]) -> int | None:
    return found_by(event.get("properties", {})) if event["type"] == SEARCH else None


def _text_of(row: Dimension) -> Text | None:
    if row.derived or row.person:
        return None
    path = tuple((row.event or row.session).split("."))
    if row.level == "line":
        return Text("lines", path, _as_told)
    found = partial(_found_in, row.event, row.read) if row.read else None
    return Text("event" if row.event else "session", path, partial(_known, row), found)


def _found_in(field: str, read: Callable[[object], str | None], document: Mapping[str, object]) -> str | None:
    return read(document[field]) if field in document else None


SPOTS = (
    Dimension("element", "What was clicked or hovered over", "event", event="element", read=element_of, missing=""),
    Dimension("place", "Where in the view", "event", event="coordinates", read=place_on_screen, missing=""),
    Dimension("place_on_page", "Where on the page", "event", event="coordinates", read=place_on_page, missing=""),
    Dimension("scrolled", "How far down, in percent", "event", event="value", read=scrolled_to, missing=""),
)
"""What heatmaps are made of: columns as those of dimensions, which figures are not broken down by."""
SPEED = tuple(
    Dimension(vital, "A web vital, in steps", "event", event="vitals", read=partial(steps_told, vital), missing="")
    for vital in VITALS
)
"""What web vitals are counted from."""


def session_text(row: Dimension) -> Text:
    """Returns how a dimension that sessions have themselves is read of them."""
    return Text("session", tuple(row.session.split(".")), partial(_known, row))


NAMES: Mapping[str, Text] = {
    "type": Text("event", ("type",), _as_told),
    "name": Text("event", ("name",), _as_told),
    "origin": Text("event", ("source",), _as_told),
    "order_id": Text("event", ("commerce", "order_id"), _as_told),
    **{name: _text_found(row) for name, row in FINDINGS.items()},
    "lines": Text("event", (), _as_told, _lines),
    "search_term": Text("event", (), _as_told, _search_term),
    "search_results": Text("event", (), _as_number, _search_results),
    "own_direct": Text("session", (), _as_told, _own_direct),
    **{row.name: text for row in (*SPOTS, *SPEED) if (text := _text_of(row))},
}
"""Columns of texts that are no dimension. `lines` is what an event sells or shows, as `lake.lines` has it;
`search_term` and `search_results` are what `events.searches` reads; `own_direct` is `true` for a session that nothing
is known to have brought itself, whatever it is attributed to."""


def texts_of(site: Site) -> dict[str, Text]:
    """Returns a site's columns of texts, by name: what events are called, and every dimension but those of people."""
    found = {name: _text_of(row) for name, row in dimensions_of(site).items()}
    return {**NAMES, **{name: text for name, text in found.items() if text}}


def columns_of(site: Site) -> dict[str, str]:
    """Returns every column of a site's files, and its type in SQL."""
    return {**NUMBERS, **{name: text.type for name, text in texts_of(site).items()}}


def values_of(text: str) -> list[str]:
    """Returns the values that a text of a column stands for; an empty one is none."""
    return text.split(BETWEEN_VALUES) if text else []


def digest_of(event_ids: Sequence[str]) -> int:
    """Returns the sum of the hashes of events' ids, modulo 2^63: by it the lake is compared with MongoDB."""
    hashes = (blake2b(event_id.encode(), digest_size=8).digest() for event_id in event_ids)
    return sum(int.from_bytes(one) for one in hashes) % LARGEST


NESTED: Mapping[str, tuple[str, ...]] = {
    "commerce": ("order_id", "currency", *(f"lines.{name}" for name in FIELDS)),
    "properties": (*TERMS, *FOUND),
    "coordinates": ("x", "y", "viewport", "page"),
    "vitals": VITALS,
}


def parts_of(site: Site) -> dict[str, tuple[str, ...]]:
    """Returns what the columns need of the nested fields of a site's events."""
    fields = [row.event.partition(".")[::2] for row in dimensions_of(site).values() if "." in row.event]
    nested: defaultdict[str, set[str]] = defaultdict(set, {name: set(parts) for name, parts in NESTED.items()})
    for outer, inner in [*fields, *((row.event, part) for row in FINDINGS.values() for part in row.parts)]:
        nested[outer].add(inner)
    return {outer: tuple(sorted(_outermost(inner))) for outer, inner in nested.items()}


def _outermost(names: Collection[str]) -> Iterable[str]:
    # MongoDB refuses to be asked for a field and for what is in it
    return (name for name in names if not any(name.startswith(f"{outer}.") for outer in names))
