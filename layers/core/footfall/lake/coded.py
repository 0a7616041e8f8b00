"""What columns of texts, each text there once, say of dimensions."""

from footfall.dimensions import Dimension
from footfall.funnels.engine import Coded
from footfall.lake.contents import values_of


def first_values(row: Dimension, coded: Coded) -> Coded:
    """Returns the one value of each event that it counts under, from what a column of texts says of a dimension."""
    shown = _first_of_lines if row.level == "line" else _as_shown
    return Coded([shown(row, text) for text in coded.texts], coded.codes)


def _first_of_lines(row: Dimension, text: str) -> str:
    return row.shown_of(values_of(text))[0]


def _as_shown(row: Dimension, text: str) -> str:
    return text or row.missing
