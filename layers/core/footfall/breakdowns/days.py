"""A day's figures by dimension as they are stored, and those of several days added up."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from pyroaring import BitMap

from footfall.breakdowns.columns import Integers
from footfall.breakdowns.engine import SUMS, Figures
from footfall.chunks import chunks
from footfall.schemas.dimension import DimensionDocument, DimensionFigures

NUMBERS = "<i8"
MOST_BYTES = 8_000_000
"""Of bitmaps in one document; MongoDB takes documents of 16 MB."""
OTHERS = -1


class _Part(NamedTuple):
    places: slice
    values: list[str]
    cut: bool
    people: list[bytes]


def documents(site_id: str, day: str, dimension: str, found: Figures) -> Iterator[DimensionDocument]:
    """Returns what is stored of a dimension's figures on a day; nothing where it has none."""
    for number, part in enumerate(_parts(found), 1):
        columns = {name: np.asarray(getattr(found, name)[part.places], NUMBERS).tobytes() for name in SUMS}
        yield DimensionDocument(
            _id=f"{site_id}:{day}:{dimension}" + (f":part {number}" if number > 1 else ""),
            site_id=site_id,
            date=day,
            dimension=dimension,
            values=part.values,
            cut=part.cut,
            people=part.people,
            **columns,  # type: ignore[typeddict-item]
        )


def _parts(found: Figures) -> Iterator[_Part]:
    begin = 0
    for people in chunks(map(_packed, found.people), None, len, MOST_BYTES):
        places = slice(begin, begin + len(people))
        values = found.values[places]
        yield _Part(places, values, len(values) < len(people), people)
        begin = places.stop


def _packed(people: BitMap) -> bytes:
    people.run_optimize()
    return bytes(people.serialize())


def added(days: Sequence[DimensionFigures]) -> Figures:
    """Returns the figures of several days together, in no order.

    What is not among a day's own hundred values is among the others of that day.
    """
    names: dict[str, int] = {}
    groups = [names.setdefault(value, len(names)) if value is not None else OTHERS for value in _values(days)]
    cut = OTHERS in groups
    at = np.array(groups, np.int64)
    at[at == OTHERS] = len(names)
    count = len(names) + cut
    return Figures(list(names), cut, _people(days, at, count), *(_sums(days, name, at, count) for name in SUMS))


def _values(days: Iterable[DimensionFigures]) -> Iterator[str | None]:
    for day in days:
        yield from day["values"]
        if day["cut"]:
            yield None


def _people(days: Iterable[DimensionFigures], at: Integers, count: int) -> list[BitMap]:
    bitmaps: list[list[BitMap]] = [[] for _ in range(count)]
    packed = (people for day in days for people in day["people"])
    for place, people in zip(at.tolist(), packed, strict=True):
        bitmaps[place].append(BitMap.deserialize(people))
    return [BitMap.union(*found) for found in bitmaps]


def _sums(days: Iterable[DimensionFigures], name: str, at: Integers, count: int) -> Integers:
    sums = np.zeros(count, np.int64)
    np.add.at(sums, at, np.frombuffer(b"".join(day[name] for day in days), NUMBERS))  # type: ignore[literal-required]
    return sums
