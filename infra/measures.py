"""The measures of the code's style, printed for whoever wants to see them; `make check` ends with them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
FOLDERS = ("functions", "layers", "cli", "infra")
LONGEST_FILE = 400
Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = Function | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One Python file of the product."""

    path: Path
    text: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n")

    def functions(self) -> Iterator[Function]:
        """Returns every function in it, nested ones too."""
        return (node for node in ast.walk(ast.parse(self.text)) if isinstance(node, Function))

    def names(self) -> Iterator[Documented]:
        """Returns its classes and functions, and the methods of classes; not what is inside of functions."""
        for node in ast.parse(self.text).body:
            if isinstance(node, Documented) and not _is_overload(node):
                yield node
            if isinstance(node, ast.ClassDef):
                private = node.name.startswith("_")
                yield from (part for part in node.body if isinstance(part, Function) and not private)


def measures(sources: list[Source]) -> dict[str, str]:
    """Returns each measure's name with its value and what it should be."""
    functions = [function for source in sources for function in source.functions()]
    named = [name for source in sources for name in source.names() if not name.name.startswith("__")]
    lines = sum(source.lines for source in sources)
    anys = sum(len(re.findall(r"\bAny\b", source.text)) for source in sources)
    long = sorted(str(source.path) for source in sources if source.lines > LONGEST_FILE)
    private = [node for node in named if node.name.startswith("_") and ast.get_docstring(node)]
    public = [node for node in named if not node.name.startswith("_") and not ast.get_docstring(node)]
    comments = sum(len(re.findall(r"(?m)(^|\s{2,})# ", source.text)) for source in sources)
    return {
        "lines of the product's Python": f"{lines:,} in {len(sources)} files",
        "median lines of a function": f"{median(map(_length, functions)):g} (at most 10)",
        f"files over {LONGEST_FILE} lines": ", ".join(long) or "none (none)",
        "Any in 100 lines": f"{100 * anys / lines:.2f} (at most 0.8)",
        "public names without a docstring": f"{len(public)} ({'none' if not public else public[0].name})",
        "private names with a docstring": f"{len(private)} (few)",
        "comments": str(comments),
    }


def _is_overload(node: Documented) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in node.decorator_list)


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def sources() -> list[Source]:
    """Returns every Python file of the product that git knows, tests left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *FOLDERS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(line) for line in listed.stdout.splitlines() if line.endswith(".py") and (ROOT / line).exists()]
    return [Source(path, (ROOT / path).read_text()) for path in paths]


def main() -> None:
    """Print the measures."""
    for name, value in measures(sources()).items():
        print(f"{name:<34} {value}")


if __name__ == "__main__":
    main()
