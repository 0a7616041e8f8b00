"""Which settings a function reads and what it asks of AWS, told from its code: what its handler reaches, name by name.

Module by module would be too coarse: `footfall.aws.queues` also serves functions that never send. So a node of the
graph is one top-level name of one module, and an edge is a name used in its body.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .folders import ROOT

Name = tuple[str, str]  # module, top-level name in it; an empty name is what runs at import
OURS = {"functions": ROOT, "footfall": ROOT / "layers" / "core"}


def settings_read_by(folder: str) -> set[str]:
    """Returns the names of the settings models that a function's handler reaches."""
    return {name for where, name in reached_by(folder) if where == "footfall.settings" and name.endswith("Settings")}


def calls_made_by(folder: str) -> set[str]:
    """What a function's handler reaches calls: `method`, `maker().method`, and the words it may call a method by."""
    called: set[str] = set()
    for where, name in reached_by(folder):
        for statement in definitions_of(where, name):
            called.update(label for node in ast.walk(statement) for label in _labels(node))
    return called


def definitions_of(where: str, name: str) -> list[ast.stmt]:
    """Returns the statements that define a name of one of our modules; for the empty name, what runs at import."""
    if not _path(where):
        return []
    home = module(where)
    return home.definitions.get(name, []) if name else _at_import(home)


def _labels(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.Attribute):
        yield node.attr
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name):
            yield f"{node.value.func.id}().{node.attr}"


@cache
def reached_by(folder: str) -> frozenset[Name]:
    """Every name that a function's handler can come to use."""
    start = folder.replace("/", ".") + ".handler"
    waiting: list[Name] = [(start, name) for name in [*module(start).definitions, ""]]
    reached: set[Name] = set()
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(uses(*node))
    return frozenset(reached)


class Module:
    """One of our modules: what its names stand for, and what they use."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        self.tree = ast.parse(path.read_text())
        self.imported = dict(self._imports())
        self.definitions: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for defined in _names_of(statement):
                self.definitions.setdefault(defined, []).append(statement)

    def _imports(self) -> Iterator[tuple[str, Name]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.asname or alias.name.partition(".")[0], (alias.name, "")) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from ((alias.asname or alias.name, _imported(base, alias.name)) for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        above = self.package.split(".")[: len(self.package.split(".")) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])


@cache
def module(name: str) -> Module:
    path = _path(name)
    assert path, name
    return Module(name, path)


@cache
def _path(name: str) -> Path | None:
    root = OURS.get(name.partition(".")[0])
    stem = root / name.replace(".", "/") if root else None
    candidates = [stem.with_suffix(".py"), stem / "__init__.py"] if stem else []
    return next((path for path in candidates if path.exists()), None)


def _imported(base: str, name: str) -> Name:
    """`from footfall.stores import vectors` names a module, `from footfall.aws.queues import send` something in one."""
    return (f"{base}.{name}", "") if _path(f"{base}.{name}") else (base, name)


def uses(where: str, name: str) -> Iterator[Name]:
    """What a name's body uses; for the empty name, what the module's own statements do when it is imported."""
    if not _path(where):
        return
    home = module(where)
    if name in home.imported and name not in home.definitions:
        yield home.imported[name]
    for statement in home.definitions.get(name, []) if name else _at_import(home):
        yield from _used_in(home, statement)
    if name:
        # a route's function hangs on its router by a decorator
        yield from ((where, hung) for hung in home.definitions if _hangs_on(home, hung, name))


def _at_import(home: Module) -> list[ast.stmt]:
    return [
        statement
        for statement in home.tree.body
        if isinstance(statement, ast.Expr | ast.If | ast.For | ast.With | ast.Try)
    ]


def _used_in(home: Module, statement: ast.stmt) -> Iterator[Name]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = home.imported.get(node.value.id)
            if target and not target[1]:
                yield (target[0], node.attr)
        elif isinstance(node, ast.Name):
            if node.id in home.definitions:
                yield (home.name, node.id)
            elif node.id in home.imported:
                yield home.imported[node.id]


def _hangs_on(home: Module, hung: str, router: str) -> bool:
    decorators = [d for s in home.definitions[hung] for d in getattr(s, "decorator_list", [])]
    return any(
        isinstance(node, ast.Name) and node.id == router for decorator in decorators for node in ast.walk(decorator)
    )


def _names_of(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return []
