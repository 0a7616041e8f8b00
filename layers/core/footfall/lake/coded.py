"""What columns of texts, each text there once, say of dimensions."""

from functools import cache

from footfall.dimensions import Dimension
from footfall.funnels.engine import Coded
from footfall.lake.contents import BETWEEN_VALUES


def first_values(row: Dimension, coded: Coded) -> Coded:
    """Returns the one value of each event that it counts under, from what a column of texts says of a dimension."""
    if row.level != "line":
        return Coded([text or row.missing for text in coded.texts], coded.codes)
    shown = cache(row.shown)  # of many different baskets the first products are few
    return Coded([shown(text.partition(BETWEEN_VALUES)[0]) for text in coded.texts], coded.codes)
