"""Every kind of import, and the files that each is made of."""

from collections.abc import Sequence

from footfall.errors import FieldProblem, Invalid, Unimportable
from footfall.imports.event_lines import EVENT_LINES
from footfall.imports.kind import Kind, Table
from footfall.imports.orders import ORDERS
from footfall.imports.shop_funnel import SHOP_FUNNEL
from footfall.schemas.imports import ImportKind

KINDS: dict[ImportKind, Kind] = {"shop-funnel": SHOP_FUNNEL, "orders": ORDERS, "events": EVENT_LINES}
ARCHIVES = {b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7z", b"Rar!": "rar", b"BZh": "bzip2", b"\xfd7zX": "xz"}


def check_names(kind: ImportKind, names: Sequence[str]) -> None:
    """Raise Invalid, naming the file, unless these are the files that the kind is made of."""
    tables = KINDS[kind].tables
    problems = []
    for index, name in enumerate(names):
        if not any(table.fits(name) for table in tables):
            wanted = ", ".join(table.wanted for table in tables)
            problems.append(FieldProblem(f"files.{index}.name", f"{kind} takes {wanted} (also as .gz), not {name}"))
    for table in tables:
        found = [name for name in names if table.fits(name)]
        if not found:
            problems.append(FieldProblem("files", f"{kind} needs {table.wanted}"))
        if len(found) > 1:
            problems.append(FieldProblem("files", f"give {table.wanted} once: one import takes one such file"))
    if problems:
        raise Invalid(problems)


def table_of(kind: ImportKind, name: str) -> Table:
    """Returns the table that a file of that name is; the name has passed `check_names`."""
    return next(table for table in KINDS[kind].tables if table.fits(name))


def check_unpacked(name: str, first_bytes: bytes) -> None:
    """Raise Unimportable when a file is an archive of a kind that is not read: only gzip is."""
    for magic, archive in ARCHIVES.items():
        if first_bytes.startswith(magic):
            raise Unimportable(f"{name} is a {archive} archive: unpack it first, or use gzip")
