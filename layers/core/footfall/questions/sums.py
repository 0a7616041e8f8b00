"""Sums: what some people come to, which can be added to what others come to, and be kept as bytes.

They are whole numbers, fractions, columns of numbers, people, and what adds itself up (`Addable`), in named tuples and
mappings as deep as one likes. Fractions are exact: sums of floats depend on their order.
"""

import io
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol, Self, TypeVar, get_args, get_origin, get_type_hints, runtime_checkable

import numpy as np
from pyroaring import BitMap

Sums = TypeVar("Sums")
COLUMN = b"\x93NUMPY"
"""What a column of numbers that is kept begins with."""


@runtime_checkable
class Addable(Protocol):
    """What knows itself how it is added up and kept."""

    @classmethod
    def added(cls, parts: Sequence[Self]) -> Self:
        """Returns what some come to together."""

    def packed(self) -> bytes:
        """Returns it as bytes, which `unpacked` reads."""

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """Returns what was packed."""


def added(parts: Sequence[Sums]) -> Sums:
    """Returns what sums of the same kind come to together: numbers are added, people united, mappings by their keys."""
    return _added(parts)  # type: ignore[no-any-return]


def _added(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if len(parts) == 1:
        return first
    if isinstance(first, Mapping):
        return _by_key(parts)
    if isinstance(first, tuple):
        return type(first)._make(map(_added, zip(*parts, strict=True)))  # type: ignore[attr-defined]
    if isinstance(first, BitMap):
        return BitMap.union(*parts)
    return type(first).added(parts) if isinstance(first, Addable) else sum(parts[1:], start=first)


def _by_key(parts: Sequence[Mapping[Any, Any]]) -> dict[Any, Any]:
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for part in parts:
        for key, value in part.items():
            found[key].append(value)
    return {key: _added(values) for key, values in found.items()}


def packed(sums: object) -> bytes:
    """Returns sums as bytes, which `unpacked` reads."""
    blobs: list[bytes] = []
    plain = json.dumps(_plain(sums, blobs))
    return b"\n".join([json.dumps([len(blob) for blob in blobs]).encode(), plain.encode(), b"".join(blobs)])


def _plain(sums: object, blobs: list[bytes]) -> object:
    # as JSON has it; what it has not is a place among the blobs
    if isinstance(sums, Mapping):
        return [[key, _plain(value, blobs)] for key, value in sums.items()]
    if isinstance(sums, tuple):
        return [_plain(value, blobs) for value in sums]
    if isinstance(sums, Fraction):
        return [sums.numerator, sums.denominator]
    if isinstance(sums, int):
        return sums
    blobs.append(_blob(sums))
    return len(blobs) - 1


def _blob(sums: object) -> bytes:
    if isinstance(sums, Addable):
        return sums.packed()
    if isinstance(sums, BitMap):
        return sums.serialize()
    written = io.BytesIO()
    np.save(written, np.asarray(sums), allow_pickle=False)
    return written.getvalue()


def unpacked(kind: type[Sums], packed: bytes) -> Sums:
    """Returns sums of a kind that were packed."""
    lengths, plain, blobs = packed.split(b"\n", 2)
    ends = np.cumsum([0, *json.loads(lengths)]).tolist()
    return _Reading(memoryview(blobs), ends).read(kind, json.loads(plain))  # type: ignore[no-any-return]


class _Reading:
    def __init__(self, blobs: memoryview, ends: Sequence[int]) -> None:
        self._blobs, self._ends = blobs, ends

    def read(self, kind: Any, plain: Any) -> Any:
        origin = get_origin(kind) or kind
        if origin in (dict, Mapping):
            key, value = get_args(kind)
            return {_key(key, name): self.read(value, each) for name, each in plain}
        if isinstance(origin, type) and issubclass(origin, tuple):
            hints = get_type_hints(kind)
            return kind._make(self.read(hints[name], each) for name, each in zip(kind._fields, plain, strict=True))
        if origin is Fraction:
            return Fraction(*plain)
        return plain if origin is int else self._of_blob(origin, bytes(self._blobs[slice(*self._ends[plain:][:2])]))

    def _of_blob(self, kind: Any, blob: bytes) -> Any:
        if blob.startswith(COLUMN):
            return np.load(io.BytesIO(blob), allow_pickle=False)
        return BitMap.deserialize(blob) if kind is BitMap else kind.unpacked(blob)


def _key(kind: Any, plain: Any) -> Any:
    return kind._make(plain) if isinstance(plain, list) else plain
