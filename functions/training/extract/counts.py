"""Token counts of very many people in little memory: numbers in flat arrays, added up whenever they grow long."""

from array import array
from collections.abc import Mapping

import numpy as np
from footfall.customers.arrays import Arrays, pack_texts

COMPACT_AT = 4_000_000


class Counts:
    """Weights by person, token and half; memory grows with their different combinations, not with what is read."""

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}
        self._keys = array("q")
        self._weights = array("f")
        self._compact_at = COMPACT_AT

    def add(self, row: int, half: int, tokens: Mapping[str, float]) -> None:
        """Add the tokens of one visit or order of the person in `row` to one half of their behaviour."""
        base = row << 32 | half
        for token, weight in tokens.items():
            if weight:
                self._keys.append(base | self.tokens.setdefault(token, len(self.tokens)) << 1)
                self._weights.append(weight)
        if len(self._keys) > self._compact_at:
            self._compact()

    def arrays(self) -> Arrays:
        """Returns `row`, `token`, `half` and `weight`, each combination once, sorted; and the `tokens` by number."""
        self._compact()
        keys = np.array(self._keys, np.int64)
        return {
            "tokens": pack_texts(list(self.tokens)),
            "row": (keys >> 32).astype(np.int32),
            "token": (keys >> 1 & 0x7FFFFFFF).astype(np.int32),
            "half": (keys & 1).astype(np.uint8),
            "weight": np.array(self._weights, np.float32),
        }

    def _compact(self) -> None:
        keys, number = np.unique(np.array(self._keys, np.int64), return_inverse=True)
        weights = np.bincount(number, np.array(self._weights, np.float32), len(keys))
        self._keys = array("q", keys.tobytes())
        self._weights = array("f", weights.astype(np.float32).tobytes())
        self._compact_at = max(COMPACT_AT, 2 * len(keys))
