"""What the lake holds of events that is no dimension, and is found by looking into one of their fields."""

from collections.abc import Callable
from dataclasses import dataclass

from footfall.dimensions import Dimension
from footfall.events.stock import TOLD_IN, stock_told
from footfall.events.vitals import VITALS, rated


@dataclass(frozen=True, kw_only=True)
class Finding(Dimension):
    """A column like that of a dimension: `read` gives its text out of the field `event`, of which it needs `parts`."""

    read: Callable[[object], str | None]
    parts: tuple[str, ...]


PAGE_SPEED = Finding(
    name="vitals",
    description="How a page's web vitals are rated, as `lcp poor, cls good`",
    level="event",
    event="vitals",
    read=rated,
    parts=VITALS,
)
STOCK = Finding(
    name="stock",
    description="Whether a product is in stock: `in` or `out`",
    level="event",
    event="properties",
    read=stock_told,
    parts=TOLD_IN,
)
FINDINGS = {row.name: row for row in (PAGE_SPEED, STOCK)}
