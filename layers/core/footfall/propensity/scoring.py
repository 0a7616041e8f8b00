"""The chance of an order, scored in plain Python: functions that answer requests have no numpy.

The logit is a sum of weights, one for each thing that the first events of a session tell. Nothing that comes after
them is looked at.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from footfall.schemas.event import VIEW_TYPES
from footfall.schemas.model import Scorer

AFTER = (1, 3, 5, 10, 20)
"""After so many events of a session its chance is told anew."""
OTHER = "other"
"""What is rare or new counts with."""
UNKNOWN = "unknown"
"""The device and source of a session in which nothing was viewed yet."""
LONGEST = 1_800
"""Seconds beyond which a slower beginning says nothing more."""


class Beginning(NamedTuple):
    """The first events of a session: of which kind each was, and how many seconds after the first.

    Device and source are those of its first view, and
    `viewed` is the place of that view, from 0; as many as there are events where it is not among them.
    """

    kinds: Sequence[str]
    seconds: Sequence[float]
    viewed: int
    device: str
    source: str


def beginning_of(kinds: Sequence[str], seconds: Sequence[float], device: str, source: str) -> Beginning:
    """Returns the beginning of a session by its first events, in order, and by what its first view tells."""
    views = (place for place, kind in enumerate(kinds) if kind.partition(" ")[0] in VIEW_TYPES)
    return Beginning(kinds, seconds, next(views, len(kinds)), device, source)


def chance(scorers: Sequence[Scorer], beginning: Beginning) -> tuple[int, float] | None:
    """Returns after how many events, and the chance of an order then, from 0 to 1.

    The latest scorer that the session has enough events for tells it; None where there is none.
    """
    fitting = [scorer for scorer in scorers if scorer["events"] <= len(beginning.kinds)]
    if not fitting:
        return None
    latest = max(fitting, key=lambda scorer: scorer["events"])
    return latest["events"], logistic(logit(latest, beginning))


def logit(scorer: Scorer, beginning: Beginning) -> float:
    """Returns the logarithm of the odds of an order, by the first events that the scorer looks at."""
    events = scorer["events"]
    kinds, viewed = beginning.kinds[:events], beginning.viewed < events
    passed = beginning.seconds[events - 1] - beginning.seconds[0]
    return (
        scorer["intercept"]
        + sum(_weight(scorer["share"], kind) for kind in kinds) / events
        + _weight(scorer["last"], kinds[-1])
        + _weight(scorer["device"], beginning.device if viewed else UNKNOWN)
        + _weight(scorer["source"], beginning.source if viewed else UNKNOWN)
        + scorer["seconds"] * math.log1p(min(max(passed, 0.0), LONGEST)) / math.log1p(LONGEST)
    )


def logistic(logit: float) -> float:
    """Returns the chance of a logit: 1 / (1 + exp(-logit))."""
    return 1 / (1 + math.exp(-logit)) if logit > 0 else math.exp(logit) / (1 + math.exp(logit))


def _weight(weights: Mapping[str, float], value: str) -> float:
    return weights.get(value, weights[OTHER])
