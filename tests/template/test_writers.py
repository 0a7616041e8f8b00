"""One writer for each collection: every write call of the tree stands where the collection's declaration says."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from footfall.stores.collections import COLLECTIONS

from tests.support.documents import fields_of

from . import reach
from .folders import ROOT, declared
from .writes import DELETES, Write, is_allowed, writes_in, writes_of

WRITER_FOLDERS = ("functions", "layers/core/footfall", "cli", "infra")


def foreign_writes(folder: str) -> list[Write]:
    """Returns the writes of a function that it may not do."""
    function = folder.removeprefix("functions/")
    return sorted(write for write in writes_of(folder) if not is_allowed(write, function))


@pytest.mark.parametrize("folder", declared())
def test_a_function_writes_where_it_is_the_writer_and_nowhere_else(folder: str) -> None:
    assert foreign_writes(folder) == []


def test_no_write_stands_where_no_function_reaches_it() -> None:
    """So a write cannot hide from the rule, in code of the command line or the local stack for instance."""
    reached = {(write.module, write.line) for folder in declared() for write in writes_of(folder)}

    assert sorted(write for write in _all_writes() if (write.module, write.line) not in reached) == []


def _all_writes() -> Iterator[Write]:
    for folder in WRITER_FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("layers.core.")
            yield from writes_in(name.removesuffix(".__init__"), ast.parse(path.read_text()))


def test_every_writer_is_a_function_or_a_trigger_and_does_write() -> None:
    names = {folder.removeprefix("functions/"): folder for folder in declared()}
    for collection in COLLECTIONS.values():
        if collection.writer:
            mine = [folder for function, folder in names.items() if f"{function}/".startswith(f"{collection.writer}/")]
            assert any(write.collection == collection.name for folder in mine for write in writes_of(folder)), (
                f"{collection.writer} does not write {collection.name}"
            )


def test_nothing_ever_changes_a_line_of_the_audit_log() -> None:
    assert {write.method for write in _all_writes() if write.collection == "audit"} == {"insert_one"}


def test_indexes_person_fields_and_lifetimes_name_fields_of_the_document() -> None:
    for collection in COLLECTIONS.values():
        known = fields_of(collection.document)
        named = {field for index in collection.indexes for field in index.document["key"]}
        named |= {*collection.person, *(end.field for end in collection.keep)}
        assert named <= known, collection.name


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the functions, in which a test may write what nobody should."""
    shutil.copytree(ROOT / "functions", tmp_path / "functions")
    monkeypatch.setitem(reach.OURS, "functions", tmp_path)
    _forget()
    yield tmp_path / "functions"
    _forget()


def _forget() -> None:
    for cached in (reach.module, reach._path, reach.reached_by):
        cached.cache_clear()


@pytest.mark.parametrize(
    ("statement", "collection", "method"),
    [
        ("orders.of(database()).delete_many({})", "orders", "delete_many"),
        ("collections.orders.of(database()).insert_one(None)", "orders", "insert_one"),
        ("kept = orders.of(database())\n    kept.update_one({}, {})", "orders", "update_one"),
        ("database()['orders'].replace_one({}, {})", "?", "replace_one"),
        ("orders.of(database()).drop()", "orders", "drop"),
        ("database().drop_collection('orders')", "?", "drop_collection"),
        ("orders.of(database()).aggregate([{'$merge': 'orders'}])", "?", "$merge"),
    ],
)
def test_a_write_in_a_foreign_function_is_found(foreign: Path, statement: str, collection: str, method: str) -> None:
    handler = foreign / "api" / "customers" / "handler.py"
    imports = "from footfall.stores import collections\nfrom footfall.stores.collections import orders\n"
    added = f"{imports}from footfall.stores.mongo import database\n\n\ndef foreign() -> None:\n    {statement}\n"
    handler.write_text(handler.read_text() + added)

    found = foreign_writes("functions/api/customers")

    assert [(write.collection, write.method) for write in found] == [(collection, method)]


def test_who_may_only_delete_may_not_write() -> None:
    assert is_allowed(Write("m", 1, "stale_days", "delete_one"), "jobs/rollup")
    assert not is_allowed(Write("m", 1, "stale_days", "update_one"), "jobs/rollup")
    assert all(is_allowed(Write("m", 1, "events", method), "jobs/retention") for method in DELETES)
    assert not is_allowed(Write("m", 1, "orders", "delete_many"), "jobs/retention")
