"""Which function writes to which collection, told from its code: every write call that its handler reaches."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from footfall.stores.collection import Collection, Retention
from footfall.stores.collections import COLLECTIONS

from . import reach

BULK_OF_DELETES = "bulk_write of deletes"
DELETES = frozenset({"delete_one", "delete_many", "find_one_and_delete", BULK_OF_DELETES})
WRITES = DELETES | {
    "bulk_write",
    "drop",
    "drop_collection",
    "find_one_and_replace",
    "find_one_and_update",
    "insert_many",
    "insert_one",
    "replace_one",
    "update_many",
    "update_one",
}
BULK_OPERATIONS = frozenset({"InsertOne", "ReplaceOne", "UpdateMany", "UpdateOne"})
PIPELINE_WRITES = frozenset({"$out", "$merge"})
DECLARATIONS = "footfall.stores.collections"
MIGRATIONS = "functions.jobs.prepare.migrations"
DECLARED = {each.name for each in COLLECTIONS.values()}
SOME = "?"
"""The collection of a call whose receiver is no declaration's name: a variable, or something else altogether."""


class Write(NamedTuple):
    """One write call: where it stands, the collection that it names, the method."""

    module: str
    line: int
    collection: str
    method: str


def writes_of(folder: str) -> set[Write]:
    """Returns every write call that a function's handler can come to."""
    return {
        write
        for module, name in reach.reached_by(folder)
        for statement in reach.definitions_of(module, name)
        for write in writes_in(module, statement)
    }


def writes_in(module: str, tree: ast.AST) -> Iterator[Write]:
    """Returns the write calls in a piece of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            yield Write(module, node.lineno, _collection(module, node.func.value, tree), _method(node, node.func.attr))
        elif isinstance(node, ast.Constant) and node.value in PIPELINE_WRITES:
            yield Write(module, node.lineno, SOME, str(node.value))


def _method(call: ast.Call, name: str) -> str:
    operations = {
        part.func.id for part in ast.walk(call) if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)
    }
    only_deletes = operations & {"DeleteOne", "DeleteMany"} and not operations & BULK_OPERATIONS
    return BULK_OF_DELETES if name == "bulk_write" and only_deletes else name


def _collection(module: str, receiver: ast.expr, tree: ast.AST) -> str:
    if isinstance(receiver, ast.Name):
        assigned = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and any(_is(target, receiver.id) for target in node.targets)
        ]
        return _collection(module, assigned[0], tree) if len(assigned) == 1 else SOME
    if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute) and receiver.func.attr == "of":
        return _declared(module, receiver.func.value)
    return SOME


def _is(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name


def _declared(module: str, named: ast.expr) -> str:
    """Returns the collection that `orders` or `collections.orders` names, where it comes from the declarations."""
    imported = reach.module(module).imported
    if isinstance(named, ast.Name):
        found = imported.get(named.id, ("", ""))
    elif isinstance(named, ast.Attribute) and isinstance(named.value, ast.Name):
        found = (imported.get(named.value.id, ("", ""))[0], named.attr)
    else:
        return SOME
    return found[1] if found[0] == DECLARATIONS and found[1] in DECLARED else SOME


def is_allowed(write: Write, function: str) -> bool:
    """Returns whether a function (`etl/events`) may do a write, as the collection's declaration says."""
    if function == "jobs/prepare" and write.module == MIGRATIONS:
        return True
    if write.collection == SOME:
        # these walk all that are declared to be kept for days, or to hold people
        return function in ("jobs/retention", "jobs/erase") and write.method in DELETES
    collection = COLLECTIONS[write.collection]
    if collection.writer and (function == collection.writer or function.startswith(f"{collection.writer}/")):
        return True
    return write.method in DELETES and function in _removers(collection)


def _removers(collection: Collection[object]) -> set[str | None]:  # type: ignore[type-var]
    retained = any(isinstance(end, Retention) for end in collection.keep)
    erased = {"jobs/erase"} if collection.person else set()
    return {collection.removed_by, "jobs/retention" if retained else None, *erased}
