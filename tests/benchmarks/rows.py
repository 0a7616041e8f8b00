"""What a benchmark says: a figure, its peer in the same run, and the ratio that is promised."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One measured figure; `ratio` is against `peer`, `target` what we promise of it in words."""

    name: str
    figure: str
    peer: str = ""
    ratio: str = ""
    target: str = ""


def show(title: str, rows: list[Row]) -> None:
    """Print figures as a table."""
    table = Table("what", "measured", "peer", "ratio", "target", title=title, title_justify="left")
    for row in rows:
        table.add_row(row.name, row.figure, row.peer, row.ratio, row.target)
    Console(width=140).print(table)
