"""Answers of the API as tables and bars in a terminal."""

from rich.bar import Bar
from rich.table import Table
from rich.text import Text

from cli.client import Json

BAR_WIDTH = 36
COLOURS = {"Desktop": "cyan", "Mobile": "magenta", "Tablet": "yellow", "Other": "white"}


def funnel_chart(answer: Json) -> Table:
    """Returns a chart of an answer of /api/funnel: who reached each step, and how many left before it."""
    days, steps = answer["range"], answer["steps"]
    title = f"Funnel, {days['from']} to {days['to']}: {answer['overall_conversion_rate']:.2f} % converted"
    table = _table(title, "Step", "", "People", "Of all", "Went on", "Left", "Median time")
    for step in steps:
        table.add_row(
            step["name"],
            _bar(step["users"], steps[0]["users"], "green"),
            f"{step['users']:,}",
            f"{step['conversion_rate']:.2f} %",
            f"{step['step_conversion_rate']:.2f} %" if step["order"] > 1 else "",
            Text(f"-{step['drop_off']:,}", style="red") if step["drop_off"] else "",
            _duration(step["median_seconds"]),
        )
    return table


def device_chart(answer: Json) -> Table:
    """Returns a chart of /api/funnel?breakdown=device: each device's steps, as shares of those who began on it."""
    table = _table("The same by device", "Device", "Step", "", "People", "Of all")
    for group in answer["breakdowns"]:
        for step in group["steps"]:
            first = step["order"] == 1
            table.add_row(
                group["value"] if first else "",
                step["name"],
                _bar(step["users"], group["steps"][0]["users"], COLOURS.get(group["value"], "white")),
                f"{step['users']:,}",
                f"{step['conversion_rate']:.2f} %",
                end_section=step["order"] == len(group["steps"]),
            )
    return table


def segments_chart(segments: list[Json], currency: str, most: int = 6) -> Table:
    """Returns a chart of the segments of /api/segments with the most revenue."""
    table = _table("Customers by segment", "Segment", "", "Customers", "Revenue")
    not_empty = [segment for segment in segments if segment["customer_count"]]
    largest = sorted(not_empty, key=lambda segment: -float(segment["total_revenue"]))[:most]
    for segment in largest:
        table.add_row(
            segment["name"],
            _bar(segment["total_revenue"], largest[0]["total_revenue"], "blue"),
            f"{segment['customer_count']:,}",
            f"{segment['total_revenue']:,.2f} {currency}",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 2 or not column else "right", header_style="dim")
    return table


def _bar(part: float, whole: float, colour: str) -> Bar:
    return Bar(size=max(whole, 1), begin=0, end=part, width=BAR_WIDTH, color=colour)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
