"""Looking at a whole file before any of it is imported: how it is written is decided once, from all of its rows.

Only etl/imports and the command line look at files: this module alone needs the detector of encodings.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import IO
from zoneinfo import ZoneInfo

from charset_normalizer import from_bytes

from footfall.chunks import chunks
from footfall.errors import Unimportable, Unstorable
from footfall.imports.amounts import DecimalEvidence
from footfall.imports.dates import YEAR_FIRST, DateEvidence
from footfall.imports.kind import Kind
from footfall.imports.kinds import KINDS, is_workbook
from footfall.imports.layouts import FieldType, Layout, either, has_columns_of, places, recognised, squashed
from footfall.imports.reader import ARRAY, Reader, read_header, read_rows
from footfall.imports.rows import Row, fields_of, read_lines
from footfall.imports.texts import UTF8, as_utf8, lines_not_utf8, unicode_of
from footfall.schemas.imports import ReadingOptions

DELIMITERS = ",;\t|"
MAX_HEADER_BYTES = 32_768
PEEKED = 4_096
ROWS_AT_ONCE = 2_000
MOST_KNOWN = 100_000
BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
SIGN_IN_WORD = re.compile(r"[^\W\d_][\ufffd\xa3\xa5\xaa\xaf\xb3\xb9\xba\xbc\xbe\xbf][^\W\d_]")
"""What letters of other pages look like in Windows-1252: signs within a word."""
CLEARLY = 0.05
JSON_BEGINNINGS = (b"[", b"{", b"[{", b'{"')
JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
WINDOWS = "cp1252"
LATIN = [WINDOWS, "cp1250", "cp1254", "cp1257"]
OTHERS = ["cp1251", "cp1253", "cp1255", "cp1256", "cp932", "gb18030", "big5", "cp949"]
"""What Excel saves a table in, by the country it was bought in: the only candidates beside Unicode."""
WORD, IN_WORDS = 4, 0.25
"""Letters beyond ASCII stand alone or in twos in words of Latin letters; in other scripts whole words are of such."""
Open = Callable[[], AbstractContextManager[IO[bytes]]]
Look = Callable[[Iterable[str]], None]


def survey_all(kind: Kind, files: Sequence[tuple[str, Open]], options: ReadingOptions) -> list[Reader]:
    """Returns how each file is to be read; raises Unimportable when they do not make up the kind together."""
    readers = [survey(kind, name, opened, options) for name, opened in files]
    columns = {squashed(column) for reader in readers for column in reader.header}
    if readers and not any(reader.layout.lines for reader in readers):
        for column in options.columns:
            if squashed(column) not in columns:
                raise Unimportable(f"no file has the column {column}, which is to be its {options.columns[column]}")
        found = {field for reader in readers if reader.layout not in kind.lookups for field in reader.fields}
        for needed in kind.needs:
            if found.isdisjoint(needed.split("/")):
                names = ", ".join(name for name, _ in files)
                raise Unimportable(f"{names}: no column is the {either(needed)}: a file is missing")
    return readers


def survey(kind: Kind, name: str, opened: Open, options: ReadingOptions) -> Reader:
    """Returns how a file is to be read. `opened` gives its bytes, unpacked, as often as they are looked at.

    Raises Unimportable, naming the file and what to do, when it has no layout of the kind, or nothing decides on the
    order of day and month or on the decimal mark.
    """
    encoding = UTF8 if is_workbook(name) else options.encoding or _encoding(opened)
    with opened() as stream:
        text = as_utf8(stream, encoding)
        lines = read_lines(text, 0)
        header = read_header(lines)
        if header is None:
            raise Unimportable(f"{name} is empty: it has not even a line of column names")
        if json := _json_layout(kind, name, header):
            dates = options.dates or YEAR_FIRST
            return Reader(json, (), {}, "", encoding, dates, zone=_zone(options), mapping=options.columns)
        reader = replace(_recognised(kind, name, header, options), encoding=encoding, zone=_zone(options))
    with opened() as stream:
        rows = read_rows(reader, as_utf8(stream, encoding), 0)
        return _decided(kind, name, reader, rows, options)


def _encoding(opened: Open) -> str:
    with opened() as stream:
        first = stream.read(PEEKED)
    if found := unicode_of(first):
        return found
    with opened() as stream:
        sample = lines_not_utf8(stream)
    return _code_page(sample) if sample else UTF8


def _code_page(sample: bytes) -> str:
    runs = [len(run) for run in BEYOND_ASCII.findall(sample)]
    in_words = sum(length for length in runs if length >= WORD)
    best = from_bytes(sample, cp_isolation=OTHERS, enable_fallback=False).best()
    if best and in_words > IN_WORDS * sum(runs):
        return best.encoding
    # of Latin pages it is the Western one, unless that makes signs of letters, or another makes words of a language
    found = from_bytes(sample, cp_isolation=LATIN, enable_fallback=False)
    western = next((match.coherence for match in found if WINDOWS in match.could_be_from_charset), 0.0)
    best = found.best()
    odd = SIGN_IN_WORD.search(sample.decode(WINDOWS, errors="replace"))
    return best.encoding if best and (odd or best.coherence > western + CLEARLY) else WINDOWS


def _json_layout(kind: Kind, name: str, first: Row) -> Layout | None:
    # of a file in JSON, which the kind takes: one value on each line, or all of them in one array
    begins = first.raw.lstrip()[:1]
    if begins not in (b"{", b"[") and not name.lower().removesuffix(".gz").endswith(JSON_ENDINGS):
        return None
    found = [layout for layout in kind.layouts if layout.lines]
    if not found and first.raw.strip()[:2] in JSON_BEGINNINGS:
        raise Unimportable(f"{name} is JSON, and this kind of import takes tables: `footfall import events` takes JSON")
    return next((layout for layout in found if (layout.name == ARRAY) == (begins == b"[")), None)


def _zone(options: ReadingOptions) -> ZoneInfo | None:
    return ZoneInfo(options.time_zone) if options.time_zone else None


def _recognised(kind: Kind, name: str, line: Row, options: ReadingOptions) -> Reader:
    if len(line.raw) > MAX_HEADER_BYTES:
        raise Unimportable(f"{name} is no table: its first line, the names of its columns, is too long")
    read = [reader for delimiter in DELIMITERS if (reader := _tried(kind, name, line, delimiter, options))]
    if read:
        found = max(read, key=lambda reader: len(reader.fields))
        if not found.layout.source and not options.columns:
            _check_that_it_is_no_other_kinds(kind, name, found.header)
        return found
    delimiter = max(DELIMITERS, key=lambda delimiter: line.raw.count(delimiter.encode()))
    layout = recognised(kind.layouts, name, _names(name, line, delimiter), options.columns)  # raises
    raise AssertionError(layout)


def _check_that_it_is_no_other_kinds(kind: Kind, name: str, header: Sequence[str]) -> None:
    # nearly any table has the columns of a table of people or of events
    for other, each in KINDS.items():
        exports = (layout for layout in each.layouts if layout.source and layout not in each.lookups)
        if each is not kind and (found := next((one for one in exports if has_columns_of(one, header)), None)):
            raise Unimportable(f"{name} is {found.title}: `footfall import {other}` takes it")


def _tried(kind: Kind, name: str, line: Row, delimiter: str, options: ReadingOptions) -> Reader | None:
    try:
        header = _names(name, line, delimiter)
        layout = recognised(kind.layouts, name, header, options.columns)
    except Unimportable:
        return None
    return Reader(layout, header, places(layout, header, options.columns), delimiter)


def _names(name: str, line: Row, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(field.strip() for field in fields_of(line, delimiter))
    except Unstorable as error:
        raise Unimportable(f"{name} is not a table of text: {error.detail}") from None


def _decided(kind: Kind, name: str, reader: Reader, rows: Iterator[Row], options: ReadingOptions) -> Reader:
    dates, numbers = DateEvidence(), DecimalEvidence()
    looks: list[tuple[Look, Sequence[int]]] = []
    if not options.dates:
        looks.append((dates.look_at, _places(kind, reader, "date")))
    if not options.decimal:
        looks.append((numbers.look_at, _places(kind, reader, "amount")))
    _look_at_rows(reader, rows, [(look, wanted) for look, wanted in looks if wanted])
    return replace(reader, dates=options.dates or dates.decide(name), decimal=options.decimal or numbers.decide(name))


def _places(kind: Kind, reader: Reader, wanted: FieldType) -> list[int]:
    return [place for field, place in reader.fields.items() if kind.fields.get(field) == wanted]


def _look_at_rows(reader: Reader, rows: Iterator[Row], looks: Sequence[tuple[Look, Sequence[int]]]) -> None:
    # each text is looked at once: a day or a price is there many times
    seen: list[set[str]] = [set() for _ in looks]
    for some in chunks(rows, ROWS_AT_ONCE) if looks else ():
        table = list(_texts(reader, some))
        for (look, wanted), known in zip(looks, seen, strict=True):
            texts = {row[place] for place in wanted for row in table}
            look(texts - known)
            known.update(texts)
            if len(known) > MOST_KNOWN:
                known.clear()


def _texts(reader: Reader, rows: Sequence[Row]) -> Iterator[list[str]]:
    for row in rows:
        try:
            texts = fields_of(row, reader.delimiter)
        except Unstorable:
            continue
        if len(texts) == len(reader.header):
            yield texts
