"""A table of counts: rows that are told apart by texts and numbers, with sums of each, which can be added up."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Column = NDArray[np.integer[Any]] | NDArray[np.bool_]
MOST_BITS = 62
NONE = -1
"""The code of no text."""


@dataclass(frozen=True)
class Table:
    """Rows, no two of which are alike, in ascending order: by their texts, then by their numbers.

    `texts` are ascending. `codes` has a line for each text of a row, places among `texts` or NONE; `numbers` has one
    for each number that rows are told apart by, and `sums` one for each count.
    """

    texts: Sequence[str]
    codes: Integers
    numbers: Integers
    sums: Integers

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        codes: Iterable[Column],
        numbers: Iterable[Column] = (),
        sums: Iterable[Column] = (),
    ) -> "Table":
        """Returns the table of rows in any order, of which several may be alike; `texts` are in any order too."""
        told, counted = list(codes), list(numbers)
        rows = len([*told, *counted][0])
        ordered, (moved,) = _united([texts])
        return _summed(cls(ordered, moved[_lines(told, rows)], _lines(counted, rows), _lines(list(sums), rows)))

    @classmethod
    def added(cls, parts: Sequence["Table"]) -> "Table":
        """Returns all rows of tables of the same kind, with the sums of those that are alike."""
        texts, moved = _united([part.texts for part in parts])
        codes = [places[part.codes] for places, part in zip(moved, parts, strict=True)]
        numbers, sums = [part.numbers for part in parts], [part.sums for part in parts]
        return _summed(cls(texts, *(np.concatenate(lines, axis=1) for lines in (codes, numbers, sums))))

    def packed(self) -> bytes:
        """Returns it as bytes, which `unpacked` reads."""
        written = io.BytesIO()
        texts = np.frombuffer(json.dumps(list(self.texts)).encode(), np.uint8)
        np.savez(written, texts=texts, codes=self.codes, numbers=self.numbers, sums=self.sums)
        return written.getvalue()

    @classmethod
    def unpacked(cls, packed: bytes) -> "Table":
        """Returns what was packed."""
        with np.load(io.BytesIO(packed), allow_pickle=False) as found:
            texts = json.loads(found["texts"].tobytes())
            return cls(texts, found["codes"], found["numbers"], found["sums"])

    def __len__(self) -> int:
        return int(self.codes.shape[1])

    def text(self, line: int, row: int) -> str | None:
        """Returns a text of a row; None for no text."""
        code = int(self.codes[line, row])
        return None if code == NONE else self.texts[code]

    def counted(self) -> tuple[list[str], list[int]]:
        """Returns the first texts, where every row has one, and how many rows each has."""
        codes, counts = np.unique(self.codes[0], return_counts=True)
        return [self.texts[code] for code in codes.tolist()], counts.tolist()

    def largest(self, most: int) -> Integers:
        """Returns the places of so many rows, those with the largest first sum, of alike ones the first."""
        found: Integers = np.argsort(-self.sums[0], kind="stable")[:most]
        return found


def _summed(table: Table) -> Table:
    # the same rows in order, and once each
    if not len(table):
        return table
    keys = _keys([*table.codes, *table.numbers])
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))
    first = order[begins]
    sums = np.add.reduceat(table.sums[:, order], begins, axis=1) if len(table.sums) else table.sums[:, first]
    return Table(table.texts, table.codes[:, first], table.numbers[:, first], sums)


def _lines(columns: Sequence[Column], rows: int) -> Integers:
    return np.array(columns, np.int64).reshape(len(columns), rows)


def _united(each: Sequence[Sequence[str]]) -> tuple[list[str], list[Integers]]:
    # all texts, ascending, and the places of each one's among them, of which the last is for no text
    texts = sorted(set().union(*each))
    places = {text: place for place, text in enumerate(texts)}
    return texts, [np.array([*(places[text] for text in some), NONE], np.int64) for some in each]


def _keys(columns: Sequence[Integers]) -> Integers:
    # one number for each row, alike where the row is, in the order of the columns
    keys, width = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        codes, span = column, int(column.max()) - int(column.min()) + 1
        if width * span >= 1 << MOST_BITS:
            keys, codes = (np.unique(each, return_inverse=True)[1].astype(np.int64) for each in (keys, column))
            width, span = int(keys.max()) + 1, int(codes.max()) + 1
        keys, width = keys * span + (codes - codes.min()), width * span
    return keys
