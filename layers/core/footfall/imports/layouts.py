"""What a file's columns mean: layouts, told apart by the names of their columns.

A layout is a row in its kind's table: by which columns it is known, and which column holds which field. Names are
compared without case, blanks and punctuation: "Customer ID" and "customer_id" are one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal

from footfall.errors import Unimportable

FieldType = Literal["text", "amount", "date"]
ENDINGS = (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".gz")
SUGGESTED = 3
SIMILAR = 0.75


@dataclass(frozen=True, eq=False)
class Layout:
    """One form of a file. `fields` names for each field the columns that may hold it, the best first.

    A file has this layout when it has columns of all fields in `known_by` ("price/total": of one of them) and, where
    there is a `stem`, that name. `source` says whose export it is; a layout of any table has none.
    `rest` is the field of the one column that is left over. `lines` are values of their own, without columns.
    """

    name: str
    title: str
    fields: Mapping[str, Sequence[str]]
    known_by: Sequence[str]
    source: str = ""
    stem: str | None = None
    rest: str | None = None
    lines: bool = False


def layout(name: str, title: str, known_by: str, source: str = "", /, **fields: str) -> Layout:
    """Returns a layout written shortly: `known_by` fields between blanks, the columns of a field between bars."""
    columns = {field: tuple(names.split("|")) for field, names in fields.items()}
    return Layout(name, title, columns, tuple(known_by.split()), source)


@lru_cache(maxsize=4096)
def squashed(name: str) -> str:
    """Returns a column's name as it is compared."""
    return "".join(filter(str.isalnum, name.casefold()))


def stem_of(file_name: str) -> str:
    """Returns a file's name without what tells its format."""
    stem = file_name.lower()
    while stem.endswith(ENDINGS):
        stem = stem[: stem.rindex(".")]
    return stem


def places(layout: Layout, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Returns at which place of the header each field of a layout stands; `mapping` (column to field) goes first."""
    known = {squashed(name): place for place, name in reversed(list(enumerate(header)))}
    mapped = {squashed(column): field for column, field in mapping.items()}
    found = {mapped[name]: place for name, place in known.items() if name in mapped}
    taken = set(found.values()) | {place for name, place in known.items() if name in mapped}
    for field, names in layout.fields.items():
        place = next((known[squashed(name)] for name in names if squashed(name) in known), None)
        if field not in found and place is not None and place not in taken:
            found[field] = place
            taken.add(place)
    left = [place for place in range(len(header)) if place not in found.values()]
    if layout.rest and layout.rest not in found and len(left) == 1:
        found[layout.rest] = left[0]
    return found


def recognised(layouts: Sequence[Layout], file_name: str, header: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Returns the first layout that a file has.

    Raises Unimportable, with the names that are alike, when the file has the columns of none: those that are missing of
    the layout that knows most.
    """
    stem = stem_of(file_name)
    for each in layouts:
        if each.stem in (None, stem) and not each.lines:
            # an export is known by its own names; what any table's columns mean may be told
            found = places(each, header, {} if each.source else mapping)
            if not _lacking(each, found):
                return each
    general = max(layouts, key=lambda each: len(each.fields))
    named = next((each for each in layouts if each.stem == stem), general)
    raise Unimportable(_missing(named, file_name, header, mapping))


def has_columns_of(each: Layout, header: Sequence[str]) -> bool:
    """Returns whether a table has what a layout is known by."""
    return not each.lines and each.stem is None and not _lacking(each, places(each, header, {}))


def _lacking(each: Layout, found: Mapping[str, int]) -> list[str]:
    return [fields for fields in each.known_by if not any(field in found for field in fields.split("/"))]


def _missing(named: Layout, file_name: str, header: Sequence[str], mapping: Mapping[str, str]) -> str:
    found = places(named, header, mapping)
    left = [name for place, name in enumerate(header) if name and place not in found.values()]
    said = [
        f"no column is called {column}, which is to be its {mapping[column]}" for column in _not_in(header, mapping)
    ]
    said += [f"no column is its {either(fields)}{_hint(named, fields, left)}" for fields in _lacking(named, found)]
    columns = ", ".join(header)[:1_000]
    how = "--map COLUMN=FIELD says what a column means"
    return f"{file_name} is not recognised: {'; '.join(said)}. {how}. Its columns are {columns}"


def _not_in(header: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    known = set(map(squashed, header))
    return [column for column in mapping if squashed(column) not in known]


def either(fields: str) -> str:
    """Returns in words the fields of which one is needed: "price/total" is price or total."""
    *others, last = fields.split("/")
    return f"{', '.join(others)} or {last}" if others else last


def _hint(named: Layout, fields: str, columns: Sequence[str]) -> str:
    alike = [
        f"--map '{column}={field}'"
        for field in fields.split("/")
        for column in suggestions(field, named.fields.get(field, ()), columns)
    ]
    return f" (perhaps {', '.join(alike[:SUGGESTED])})" if alike else ""


def suggestions(field: str, names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Returns the columns whose names are like those of a field, the most similar first."""
    known = {squashed(name) for name in (field, *names)}
    likeness = {
        column: max(SequenceMatcher(None, squashed(column), name).ratio() for name in known) for column in columns
    }
    alike = sorted((column for column in columns if likeness[column] >= SIMILAR), key=lambda each: -likeness[each])
    return alike[:SUGGESTED]
