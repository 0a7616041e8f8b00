"""What is done on every page, gathered visit by visit."""

from collections.abc import Sequence

import numpy as np
from footfall.customers.arrays import Arrays, pack_texts
from footfall.customers.page_behaviour import pages_of
from footfall.schemas.event import BehaviourEvent

from .counts import Counts

MOST_PAGES = 20_000


class PageGathering:
    """The pages of a site, the first twenty thousand that are met: addresses may be without end."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._visits: list[int] = []
        self._counts = Counts()

    def add_visit(self, visit: Sequence[BehaviourEvent]) -> None:
        """Count what one visit did on each page."""
        for page, tokens in pages_of(visit).items():
            row = self._rows.get(page)
            if row is None:
                if len(self._rows) == MOST_PAGES:
                    continue
                row = self._rows[page] = len(self._visits)
                self._visits.append(0)
            self._visits[row] += 1
            self._counts.add(row, 0, tokens)

    def arrays(self) -> Arrays:
        """Returns everything as arrays; `visits` says in how many each page was seen."""
        return {
            "subjects": pack_texts(list(self._rows)),
            "visits": np.array(self._visits, np.int64),
            **self._counts.arrays(),
        }
