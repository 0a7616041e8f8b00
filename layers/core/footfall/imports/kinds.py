"""Every kind of import, and the files that each is made of."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from footfall.errors import FieldProblem, Invalid, Unimportable
from footfall.imports.events import EVENTS
from footfall.imports.feedback import FEEDBACK
from footfall.imports.kind import Kind
from footfall.imports.layouts import stem_of
from footfall.imports.orders import ORDERS
from footfall.imports.products import PRODUCTS
from footfall.imports.shop_funnel import SHOP_FUNNEL
from footfall.imports.users import USERS
from footfall.schemas.imports import ImportKind, ReadingOptions

KINDS: dict[ImportKind, Kind] = {
    "shop-funnel": SHOP_FUNNEL,
    "orders": ORDERS,
    "events": EVENTS,
    "products": PRODUCTS,
    "users": USERS,
    "feedback": FEEDBACK,
}
ZIP = b"PK\x03\x04"
ARCHIVES = {ZIP: "zip", b"7z\xbc\xaf": "7z", b"Rar!": "rar", b"BZh": "bzip2", b"\xfd7zX": "xz"}
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
FIRST_BYTES = 96
NAME_IN_ZIP = 30
"""Where the name of a zip archive's first part begins."""
WORKBOOK_PARTS = {
    b"[Content_Types].xml": ".xlsx",
    b"_rels/": ".xlsx",
    b"docProps/": ".xlsx",
    b"xl/": ".xlsx",
    b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet": ".ods",
}
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
ARCHIVE_ENDINGS = (".zip", ".7z", ".rar", ".bz2", ".xz", ".tar", ".tgz", ".tar.gz")


def check_names(kind: ImportKind, names: Sequence[str]) -> None:
    """Raise Invalid, naming the file, unless the kind may be made of these files; their columns are looked at later."""
    stems = stems_of(kind)
    problems = []
    for index, name in enumerate(names):
        if name.lower().endswith(ARCHIVE_ENDINGS):
            problems.append(FieldProblem(f"files.{index}.name", f"{name} is an archive: unpack it first, or use gzip"))
        elif stems and stem_of(name) not in stems:
            wanted = ", ".join(f"{stem}.csv" for stem in stems)
            problems.append(FieldProblem(f"files.{index}.name", f"{kind} takes {wanted} (also as .gz), not {name}"))
    problems += _wrong_set(stems, names)
    if problems:
        raise Invalid(problems)


def _wrong_set(stems: Sequence[str], names: Sequence[str]) -> Iterator[FieldProblem]:
    for stem in stems:
        found = [name for name in names if stem_of(name) == stem]
        if not found:
            yield FieldProblem("files", f"{stem}.csv is missing")
        if len(found) > 1:
            yield FieldProblem("files", f"give {stem}.csv once: one import takes one such file")


def stems_of(kind: ImportKind) -> list[str]:
    """Returns the names that the files of a kind must have, without endings; none where any name will do."""
    return [layout.stem for layout in KINDS[kind].layouts if layout.stem]


def check_options(kind: ImportKind, options: ReadingOptions) -> None:
    """Raise Invalid, naming the option, when a field is none of the kind's, or a time zone is unknown."""
    problems = []
    fields = KINDS[kind].fields
    for column, field in options.columns.items():
        if field not in fields:
            problems.append(FieldProblem(f"options.columns.{column}", fields_said(kind)))
    try:
        ZoneInfo(options.time_zone or "UTC")
    except (ValueError, KeyError, OSError):
        problems.append(FieldProblem("options.time_zone", "is no time zone, such as Europe/Rome"))
    if problems:
        raise Invalid(problems)


def fields_said(kind: ImportKind) -> str:
    """Returns in words which fields a column of a kind may hold."""
    return f"{kind} has the fields {', '.join(sorted(KINDS[kind].fields))}"


def is_workbook(name: str) -> bool:
    """Returns whether a file is one of a spreadsheet program, by its name."""
    return name.lower().endswith(WORKBOOK_ENDINGS)


def _ending_of_workbook(first_bytes: bytes) -> str | None:
    if first_bytes.startswith(OLD_WORKBOOK):
        return ".xls"
    begins = first_bytes[NAME_IN_ZIP:] if first_bytes.startswith(ZIP) else b""
    return next((ending for part, ending in WORKBOOK_PARTS.items() if begins.startswith(part)), None)


def check_unpacked(name: str, first_bytes: bytes) -> None:
    """Raise Unimportable when a file is an archive of a kind that is not read: only gzip is, and workbooks.

    `first_bytes` are as many as FIRST_BYTES.
    """
    if is_workbook(name):
        return
    if ending := _ending_of_workbook(first_bytes):
        raise Unimportable(f"{name} is a workbook: give it a name that ends with {ending}")
    for magic, archive in ARCHIVES.items():
        if first_bytes.startswith(magic):
            raise Unimportable(f"{name} is a {archive} archive: unpack it first, or use gzip")
