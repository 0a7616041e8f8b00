"""Files that are written from the code: `--check` says which are stale, and how to write them again."""

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_or_check(wanted: Mapping[Path, str], module: str, arguments: list[str]) -> int:
    """Write files as they should be, or with `--check` only compare; returns a program's exit status."""
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale or wanted)
    if arguments == ["--check"]:
        if stale:
            print(f"stale: {names}; run python -m {module}", file=sys.stderr)
        return int(bool(stale))
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    print(f"{'written' if stale else 'up to date'}: {names}")
    return 0
