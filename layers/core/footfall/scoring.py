"""A score from 0 to 100 that is the sum of what its parts contribute, each judged by itself on a straight line."""

from collections.abc import Sequence
from typing import NamedTuple

WHOLE = 10_000
"""100 points in hundredths: whole numbers, so that the parts add up to the score to the last digit."""
LEAST_KNOWN = 0.5
"""So much of all weight must be judged; a score of less would be about something else."""


class Scale(NamedTuple):
    """How a figure is judged: not at all well at `worst`, as well as can be at `best`, evenly between."""

    worst: float
    best: float

    def level(self, figure: float) -> float:
        """Returns how good a figure is, from 0 to 1; beyond an end as at the end."""
        return min(max((figure - self.worst) / (self.best - self.worst), 0.0), 1.0)


class Part(NamedTuple):
    """A part of a score: how much it weighs beside the others, how it is judged, and its figure, if that is known."""

    weight: int
    scale: Scale
    figure: float | None


class Contribution(NamedTuple):
    """What a part adds to the score: `points` of at most `weight`, which of all parts that are judged come to 100."""

    weight: float
    points: float


class Score(NamedTuple):
    """A score, and what each part contributes; both None where too little is known to judge by."""

    value: float | None
    contributions: list[Contribution | None]


def score(parts: Sequence[Part]) -> Score:
    """Returns the score of these parts: those without a figure are left out, and the others weigh more instead."""
    known = [part.weight if part.figure is not None else 0 for part in parts]
    if not parts or sum(known) < LEAST_KNOWN * sum(part.weight for part in parts):
        return Score(None, [None] * len(parts))
    weights = shared_out(known)
    points = [
        round(weight * part.scale.level(part.figure)) if part.figure is not None else 0
        for part, weight in zip(parts, weights, strict=True)
    ]
    contributions = [
        Contribution(weight / 100, reached / 100) if part.figure is not None else None
        for part, weight, reached in zip(parts, weights, points, strict=True)
    ]
    return Score(sum(points) / 100, contributions)


def shared_out(weights: Sequence[int]) -> list[int]:
    """Returns whole numbers in proportion to some weights that add up to `WHOLE`; the largest remainders round up."""
    total = sum(weights)
    shares = [divmod(WHOLE * weight, total) for weight in weights]
    left = WHOLE - sum(whole for whole, _ in shares)
    first = sorted(range(len(shares)), key=lambda place: -shares[place][1])[:left]
    return [whole + (place in first) for place, (whole, _) in enumerate(shares)]
