"""What the documents say of the tree is so: paths, links, functions, collections, the index of decisions."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from footfall.stores.collections import COLLECTIONS

from .folders import ROOT, declared

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")
ROOTS = [ROOT, *(ROOT / folder for folder in ("layers/core/footfall", "layers", "functions", "tests"))]
EXAMPLE = re.compile(r"^## Worked example.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
"""An example names files that are not there yet."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    text = EXAMPLE.sub("", page.read_text())

    missing = [path for path in PATH.findall(text) if not any((root / path).exists() for root in ROOTS)]

    assert missing == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md", ROOT / "docs/decisions/README.md"], ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_design_lists_every_function() -> None:
    assert set(_first_column("## Functions")) == {folder.removeprefix("functions/") for folder in declared()}


def test_the_design_says_of_every_collection_what_its_declaration_says() -> None:
    told = {row[0]: (row[3], row[4]) for row in _rows("## Data")}

    assert told == {
        name: (
            f"`{found.writer}`" + (f", removed by `{found.removed_by}`" if found.removed_by else "")
            if found.writer
            else "–",
            ", ".join(f"`{field}`" for field in found.person) or "–",
        )
        for name, found in COLLECTIONS.items()
    }


def test_decisions_are_numbered_without_a_gap_and_the_index_says_what_they_say() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    numbers = [int(page.name[:4]) for page in DECISIONS]

    assert numbers == list(range(1, len(DECISIONS) + 1))
    for page in DECISIONS:
        heading, _, dated = page.read_text().splitlines()[:3]
        number, title = heading.removeprefix("# ").split(" · ")
        assert number == page.name[:4]
        assert f"| [{number}]({page.name}) | {title} | {' | '.join(dated.split(' · '))} |" in index


@pytest.mark.parametrize("page", DECISIONS, ids=named)
def test_a_decision_is_short_and_says_what_was_turned_down(page: Path) -> None:
    lines = [line for line in page.read_text().splitlines() if line]
    parts = re.findall(r"^\*\*(.+?)\.\*\*", page.read_text(), re.MULTILINE)

    assert len(lines) <= 15
    assert parts == ["Context", "Decision", "Alternatives turned down", "Consequence"]


def _rows(heading: str) -> Iterator[list[str]]:
    section = (ROOT / "docs" / "architecture.md").read_text().split(f"\n{heading}\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            yield [cells[0].strip("`"), *cells[1:]]


def _first_column(heading: str) -> Iterator[str]:
    for first, *_ in _rows(heading):
        folder, *more = re.split("`, `", first)
        yield folder
        yield from (f"{folder.partition('/')[0]}/{name}" for name in more)
