"""Who did what with which thing on which day, for very many people in little memory."""

from array import array
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

COMPACT_AT = 4_000_000
MOST = 20_000_000
"""Beyond it the latest days are kept."""
THING_BITS, DAY_BITS = 17, 16


class Columns(NamedTuple):
    """Each row, thing and day once, sorted, with the strongest that was done."""

    row: NDArray[np.int32]
    thing: NDArray[np.int32]
    day: NDArray[np.int32]
    strength: NDArray[np.uint8]


class Sightings:
    """Rows of people or orders, numbers of things below 131,072, days from 1970 to 2149; repeats take no memory."""

    def __init__(self, most: int = MOST, compact_at: int = COMPACT_AT) -> None:
        self._keys = array("q")
        self._strengths = array("B")
        self._most, self._compact_at, self._grows_at = most, compact_at, compact_at

    def add(self, row: int, thing: int, day: int, strength: int = 1) -> None:
        """Note that something was done."""
        self._keys.append((row << THING_BITS | thing) << DAY_BITS | day)
        self._strengths.append(strength)
        if len(self._keys) > self._grows_at:
            self._compact()

    def columns(self) -> Columns:
        """Returns what was noted."""
        self._compact()
        keys = np.array(self._keys, np.int64)
        thing = keys >> DAY_BITS & (1 << THING_BITS) - 1
        day = keys & (1 << DAY_BITS) - 1
        strengths = np.array(self._strengths, np.uint8)
        row = keys >> THING_BITS + DAY_BITS
        return Columns(row.astype(np.int32), thing.astype(np.int32), day.astype(np.int32), strengths)

    def _compact(self) -> None:
        keys, strengths = np.array(self._keys, np.int64), np.array(self._strengths, np.uint8)
        order = np.argsort(keys, kind="stable")
        keys, starts = np.unique(keys[order], return_index=True)
        strengths = np.maximum.reduceat(strengths[order], starts) if len(starts) else strengths
        if len(keys) > self._most:
            kept = np.sort(np.argsort(keys & (1 << DAY_BITS) - 1, kind="stable")[-self._most :])
            keys, strengths = keys[kept], strengths[kept]
        self._keys, self._strengths = array("q", keys.tobytes()), array("B", strengths.tobytes())
        self._grows_at = len(keys) + self._compact_at
