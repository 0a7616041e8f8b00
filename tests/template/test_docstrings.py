"""What is public says what it returns."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.written import ROOT

FOLDERS = ("functions/api", "layers/core/footfall/questions", "layers/core/footfall/http")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SAYS_SO = ("return", "yield", "give")


def silent(tree: ast.AST) -> Iterator[str]:
    """Names of public functions and methods that return something, and do not say in their docstring what."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from silent(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            told = (ast.get_docstring(node) or "").lower()
            returned = ast.unparse(node.returns) if node.returns else "None"
            if returned != "None" and not _is_property(node) and not any(word in told for word in SAYS_SO):
                yield node.name


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(each).endswith("property") for each in node.decorator_list)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_say_what_they_return(module: Path) -> None:
    assert list(silent(ast.parse(module.read_text(encoding="utf-8")))) == []
