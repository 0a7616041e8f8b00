"""What commands print of a shop's own words: names of files and columns come out as they are."""

from rich.console import Console


def print_line(console: Console, line: str, style: str | None = None) -> None:
    """Print a line as it is: nothing in it is read as markup, an emoji or a number, and it is not wrapped."""
    console.print(line, style=style, soft_wrap=True, highlight=False, markup=False, emoji=False)


def counted(count: int, thing: str) -> str:
    """Returns a number of things in words: 1 event, 2 events."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
