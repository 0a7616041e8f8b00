"""What attempts at a funnel are computed of: entries to its steps as columns of numbers, in the order of time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.uint32, np.uint64, np.int64)
Integers = NDArray[np.int64]
People = NDArray[np.uint32]
Places = NDArray[np.uint64]
Codes = NDArray[np.uint8]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Keys = NDArray[np.uint64]
"""Entries as numbers that sort by person and then by place in time, which is in the lower bits."""

PLACE_BITS = 32
"""How many bits places have that count events."""
SIGNED_BITS = 63
"""How many bits a positive number of an array has."""
LAST = np.uint64(2**64 - 1)
"""After every entry, and every place."""
NOTHING: Keys = np.zeros(0, np.uint64)
AT_ONCE = 2**17
"""Of so many entries what is computed fits into a processor's cache."""


class Coded(NamedTuple):
    """A column of texts: each text, and of every event or place in time the place of its text among them."""

    texts: Sequence[str]
    codes: NDArray[Any]


@dataclass(frozen=True)
class Entries:
    """Entries to one step: `keys` makes them anew, in any order. No two events of one person have the same place."""

    keys: Callable[[], Keys]


@dataclass(frozen=True)
class Timeline:
    """What places in the order of time are: numbers of so many `bits`, which leave room for people's above them.

    Of places that count events, `listed` has the time of each, in Unix milliseconds. Others are times themselves: the
    milliseconds since `begin`, and below them, in `tie_bits`, which of the millisecond's events each is.
    """

    bits: int = PLACE_BITS
    begin: int = 0
    listed: Integers | None = None
    tie_bits: int = 0

    @classmethod
    def over(cls, times: Sequence[Integers], ties: Sequence[NDArray[np.integer[Any]]]) -> "Timeline":
        """Returns one whose places are times: of events at some Unix milliseconds, and which of each's events they are.

        Ten years have room for sixteen million events at one moment.
        """
        begin = min((int(each.min()) for each in times if len(each)), default=0)
        end = max((int(each.max()) for each in times if len(each)), default=0)
        tie_bits = max((int(each.max()) for each in ties if len(each)), default=0).bit_length()
        return cls((end - begin).bit_length() + tie_bits, begin, tie_bits=tie_bits)

    def at(self, times: Integers, ties: NDArray[np.integer[Any]]) -> Places:
        """Returns the places of events, where they are times."""
        places = times - self.begin
        if self.tie_bits:
            places <<= self.tie_bits
            places |= ties
        return places.view(np.uint64)

    def times(self, places: Places) -> Integers:
        """Returns when places were, in Unix milliseconds."""
        if self.listed is not None:
            return self.listed[places]
        return self._since_begin(places) + self.begin

    def of(self, keys: Keys) -> Integers:
        """Returns when entries happened, in milliseconds since one moment."""
        places = self.places(keys)
        return self._since_begin(places) if self.listed is None else self.listed[places]

    def _since_begin(self, places: Places) -> Integers:
        return (places >> np.uint64(self.tie_bits) if self.tie_bits else places).view(np.int64)

    def sorted(self, entries: Entries) -> Keys:
        """Returns entries sorted by person and time."""
        keys = entries.keys()
        keys.sort()
        return keys

    def entries(self, people: People, places: Places) -> Entries:
        """Returns entries of people at places."""
        return Entries(lambda: self.keys(people, places))

    def keys(self, people: People, places: Places) -> Keys:
        """Returns entries as keys."""
        keys = people.astype(np.uint64)
        keys <<= np.uint64(self.bits)
        keys |= places
        return keys

    def people(self, keys: Keys) -> People:
        """Returns whose entries are."""
        return (keys >> np.uint64(self.bits)).astype(np.uint32)

    def places(self, keys: Keys) -> Places:
        """Returns at which places entries are."""
        return keys & self._all_bits

    def of_one(self, keys: Keys, others: Keys) -> Flags:
        """Returns which entries are of the same person as the others."""
        same: Flags = keys ^ others <= self._all_bits
        return same

    @property
    def _all_bits(self) -> np.uint64:
        return np.uint64(2**self.bits - 1)


@dataclass(frozen=True)
class Attempts:
    """One attempt for each person who entered: how many steps it reached, and the place in time of each.

    `places[i]` means something only where `reached` > i. People are in ascending order.
    """

    people: People
    reached: Integers
    places: Places


@dataclass(frozen=True)
class Limits:
    """How far an attempt may go: so many milliseconds, from its first step or `each_step`, and to what is excluded."""

    window: int | None = None
    each_step: bool = False
    excluded: Entries | None = None

    def ends(self, timeline: Timeline) -> Keys:
        """Returns the excluded events, sorted by person and time."""
        return timeline.sorted(self.excluded) if self.excluded else NOTHING


NO_LIMITS = Limits()


def in_order(who: Integers, places: Integers) -> Indices:
    """Returns which events come after each other: those of one person or session together, in the order of time."""
    keys, _ = keys_of(who, places)
    return np.argsort(keys)  # np.lexsort takes four times as long


def keys_of(who: Integers, places: Integers) -> tuple[Integers, int]:
    """Returns events as numbers that sort by person or session and then by time, and how many bits places have there.

    People, sessions and places are counted anew where they do not fit into one number.
    """
    if _bits(who) + _bits(places) > SIGNED_BITS:
        who = _counted_anew(who)
    if _bits(who) + _bits(places) > SIGNED_BITS:
        places = _counted_anew(places)
    bits = _bits(places)
    return who << bits | places, bits


def _bits(numbers: Integers) -> int:
    return int(numbers.max(initial=0)).bit_length()


def _counted_anew(numbers: Integers) -> Integers:
    # quicker than to look each up among all
    order = np.argsort(numbers)
    counted = np.empty(len(numbers), np.int64)
    counted[order] = begins(numbers[order]).cumsum()
    return counted


def distinct(columns: Sequence[NDArray[Number]]) -> NDArray[Number]:
    """Returns every number of some columns once, in ascending order; quicker than np.unique, which hashes."""
    numbers = np.sort(np.concatenate(columns))
    return numbers[begins(numbers)]


def among(ascending: NDArray[Number], some: NDArray[Number]) -> Flags:
    """Returns which numbers of a sorted column are among some others; quicker than np.isin, which hashes."""
    known = distinct([some])
    if not len(known):
        return np.zeros(len(ascending), bool)
    at = np.searchsorted(known, ascending)
    found: Flags = known[np.minimum(at, len(known) - 1)] == ascending
    return found


def begins(numbers: NDArray[Number]) -> Flags:
    """Returns where each number's stretch of a sorted column begins."""
    found = np.ones(len(numbers), bool)
    found[1:] = numbers[1:] != numbers[:-1]
    return found


def of_parts(columns: Sequence[Keys], timeline: Timeline) -> Iterator[list[Keys]]:
    """Yields sorted entries of one part of the people after the other, of which nobody is in two."""
    longest = max(columns, key=len)
    firsts = distinct([longest[AT_ONCE::AT_ONCE] & ~np.uint64(2**timeline.bits - 1)])
    cuts = [np.searchsorted(column, firsts) for column in columns]
    begun = [[0, *cut.tolist(), len(column)] for column, cut in zip(columns, cuts, strict=True)]
    for part in range(len(firsts) + 1):
        yield [column[cut[part] : cut[part + 1]] for column, cut in zip(columns, begun, strict=True)]
