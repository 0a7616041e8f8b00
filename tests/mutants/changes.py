"""The mutants of a file as lines of JSON: `.venv-mutants/bin/python -m tests.mutants.changes FILE`.

It runs in an environment of its own, which has cosmic-ray (https://github.com/sixty-north/cosmic-ray).
"""

import ast
import json
import sys
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from tests.mutants.operators import OURS

COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt"),
    *("Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is"),
)
"""A boundary and the opposite of each comparison: its other replacements are found by the same tests."""
CALCULATIONS = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitOr_BitAnd", "BitAnd_BitOr")
THEIRS = (
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISONS),
    *(f"ReplaceBinaryOperator_{name}" for name in CALCULATIONS),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "AddNot"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "NumberReplacer"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "ZeroIterationForLoop"),
)


def mutants_of(source: str) -> Iterator[dict[str, object]]:
    """Yields each different change of a file: its whole `code`, and the `line` that was `before` and is `after`."""
    tree = ast.parse(source)
    untyped, seen = list(_annotations(tree)), {ast.dump(tree)}
    for code in _changed(source):
        line, column, before, after = _difference(source, code)
        if any(start <= (line, column) < end for start, end in untyped):
            continue
        meaning = _meaning(code)
        if meaning and meaning not in seen:
            seen.add(meaning)
            yield {"line": line, "before": before, "after": after, "code": code}


def _changed(source: str) -> Iterator[str]:
    for operator in [*(get_operator(f"core/{name}")() for name in THEIRS), *OURS]:
        changes = (mutate_code(source, operator, occurrence) for occurrence in count())
        yield from takewhile(lambda code: code is not None, changes)


def _annotations(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    # nothing looks at them when the code runs
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                yield (found.lineno, found.col_offset), (found.end_lineno or 0, found.end_col_offset or 0)


def _difference(source: str, code: str) -> tuple[int, int, str, str]:
    pairs = list(zip([*source.splitlines(), ""], [*code.splitlines(), "", ""], strict=False))
    at = next((at for at, (one, other) in enumerate(pairs) if one != other), 0)
    before, after = pairs[at]
    same = next((column for column, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    return at + 1, same, before.strip(), after.strip()


def _meaning(code: str) -> str | None:
    try:
        return ast.dump(ast.parse(code))
    except SyntaxError:
        return None


if __name__ == "__main__":
    for mutant in mutants_of(Path(sys.argv[1]).read_text()):
        print(json.dumps(mutant))
