"""How much a question reads: what fits one call, what is made of parts of the people, and which events a part has."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.errors import Invalid
from footfall.rollups import Part
from footfall.settings import QuestionSettings, from_environment

CHANGED = 25
"""An event read from MongoDB takes the room of so many rows of the lake."""
MOST_PEOPLE = 200_000
"""Of so many people one call reads what is told of people."""
LARGEST_PART = 3
"""A part may have so many times what one call has: it keeps nothing else of what it reads."""


class TooBig(Invalid):
    """Raised when a question is too big for one call, and is answered of parts of the people, or of fewer days."""


def most_rows() -> int:
    """Returns how many rows of the lake one call reads."""
    return from_environment(QuestionSettings).most_rows


def most_changed() -> int:
    """Returns how many events of days that changed lately one call reads."""
    return max(most_rows() // CHANGED, 1)


def parts_of(rows: int, most: int, changed: int = 0, people: int = 0) -> int:
    """Returns in how many parts so many rows of the lake, `most` in one call, events and people are read."""
    return 1 + max((rows - 1) // most, (changed - 1) // most_changed(), (people - 1) // MOST_PEOPLE, 0)


def of_part(part: Part | None, counted: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Returns which events are of a part, by the numbers of what is counted: people or sessions, each in one part."""
    return np.ones(len(counted), bool) if part is None else counted % part.of == part.number
