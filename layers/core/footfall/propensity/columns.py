"""The first events of many sessions as columns, and as the numbers that a chance is learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import Arrays, pack_texts, unpack_texts
from footfall.propensity.scoring import LONGEST, OTHER, UNKNOWN
from footfall.schemas.funnel import DEVICES
from footfall.schemas.model import Scorer

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
NEVER = -1
MOST_KINDS = 20
MOST_SOURCES = 10
"""So many kinds of events, and sources, have weights of their own: the commonest."""


@dataclass(frozen=True)
class Sessions:
    """Sessions in the order in which they began.

    `codes` are the kinds of their events, as places in `kinds`, and `times` Unix milliseconds, one session after the
    other; `begins` says where each begins, and at its end how many events there are. `ordered` is the place of each
    session's first event that was not before its order (of as many as it has, where all were), NEVER without one;
    `viewed` that of its first view, whose device and source are `devices`, places in DEVICES, and `sources_of`, places
    in `sources`.
    """

    kinds: Sequence[str]
    sources: Sequence[str]
    begins: Integers
    codes: Integers
    times: Integers
    ordered: Integers
    viewed: Integers
    devices: Integers
    sources_of: Integers

    @property
    def lengths(self) -> Integers:
        """How many events each session has."""
        return np.diff(self.begins)

    def open_after(self, events: int) -> Integers:
        """Returns the sessions that had so many events before anything was ordered."""
        waiting = (self.ordered == NEVER) | (self.ordered >= events)
        return np.flatnonzero((self.lengths >= events) & waiting)

    def first(self, those: Integers, events: int) -> Integers:
        """Returns the kinds of the first events of sessions that have so many: a row for each session."""
        found: Integers = self.codes[self.begins[those][:, None] + np.arange(events)]
        return found


def arrays_of(sessions: Sessions) -> Arrays:
    """Returns sessions as arrays, for the files of training."""
    found = {field.name: getattr(sessions, field.name) for field in fields(Sessions)}
    return {**found, "kinds": pack_texts([*sessions.kinds]), "sources": pack_texts([*sessions.sources])}


def sessions_of(arrays: Arrays) -> Sessions:
    """Returns the sessions that `arrays_of` made arrays of."""
    numbers = {name: arrays[name] for name in arrays if name not in ("kinds", "sources")}
    return Sessions(unpack_texts(arrays["kinds"]), unpack_texts(arrays["sources"]), **numbers)


class Names(NamedTuple):
    """Which kinds of events and which sources have weights of their own; OTHER is the last of each."""

    kinds: Sequence[str]
    sources: Sequence[str]

    @classmethod
    def of(cls, those: Integers, sessions: Sessions, events: int) -> "Names":
        """Returns the commonest, as these sessions have them, which have so many events, among their first."""
        kinds = sessions.first(those, events).ravel()
        return cls(
            [*_commonest(sessions.kinds, kinds, MOST_KINDS), OTHER],
            [*_commonest(sessions.sources, sessions.sources_of[those], MOST_SOURCES), UNKNOWN, OTHER],
        )


DEVICE_NAMES = (*DEVICES, UNKNOWN)


def features(sessions: Sessions, those: Integers, events: int, names: Names) -> Floats:
    """Returns a row for each of these sessions, of its first events alone.

    Its columns are the shares of the kinds, the kind of the last event, the device, the source, and how long they took,
    as a logarithm from 0 to 1.
    """
    kinds = _places(sessions.kinds, names.kinds)[sessions.first(those, events)]
    shares = np.zeros((len(those), len(names.kinds)))
    np.add.at(shares, (np.arange(len(those))[:, None], kinds), 1 / events)
    viewed = sessions.viewed[those] < events
    devices = np.where(viewed, sessions.devices[those], len(DEVICES))
    unknown = names.sources.index(UNKNOWN)
    sources = np.where(viewed, _places(sessions.sources, names.sources)[sessions.sources_of[those]], unknown)
    begins = sessions.begins[those]
    passed = (sessions.times[begins + events - 1] - sessions.times[begins]) / 1000
    slowness = np.log1p(np.clip(passed, 0, LONGEST)) / np.log1p(LONGEST)
    last = _one_of(kinds[:, -1], len(names.kinds))
    return np.hstack(
        [shares, last, _one_of(devices, len(DEVICE_NAMES)), _one_of(sources, len(names.sources)), slowness[:, None]]
    )


def scorer(events: int, names: Names, intercept: float, weights: Floats) -> Scorer:
    """Returns the weights of the columns of `features` by what they are of, as plain Python scores with them."""
    widths = [len(names.kinds), len(names.kinds), len(DEVICE_NAMES), len(names.sources)]
    shares, last, devices, sources, seconds = np.split(weights, np.cumsum(widths))
    return Scorer(
        events=events,
        intercept=intercept,
        share=_by_name(names.kinds, shares),
        last=_by_name(names.kinds, last),
        device={**_by_name(DEVICE_NAMES, devices), OTHER: 0.0},
        source=_by_name(names.sources, sources),
        seconds=float(seconds[0]),
    )


def weights_of(scorer: Scorer) -> tuple[Names, float, Floats]:
    """Returns the names that a scorer has weights of, its intercept, and the weights of the columns of `features`."""
    names = Names(list(scorer["share"]), list(scorer["source"]))
    by_kind = [scorer[part][kind] for part in ("share", "last") for kind in names.kinds]
    devices, sources = ([scorer["device"][name] for name in DEVICE_NAMES], list(scorer["source"].values()))
    return names, scorer["intercept"], np.array([*by_kind, *devices, *sources, scorer["seconds"]])


def _by_name(names: Sequence[str], weights: Floats) -> dict[str, float]:
    return dict(zip(names, weights.tolist(), strict=True))


def _places(texts: Sequence[str], names: Sequence[str]) -> Integers:
    known = {name: place for place, name in enumerate(names)}
    return np.array([known.get(text, known[OTHER]) for text in texts], np.int64)


def _one_of(values: Integers, count: int) -> Floats:
    return np.equal(values[:, None], np.arange(count)).astype(np.float64)


def _commonest(texts: Sequence[str], codes: Integers, most: int) -> list[str]:
    counts = np.bincount(codes, minlength=len(texts))
    ordered = sorted(np.flatnonzero(counts).tolist(), key=lambda code: (-counts[code], texts[code]))
    return [texts[code] for code in ordered if texts[code] not in (OTHER, UNKNOWN)][:most]
