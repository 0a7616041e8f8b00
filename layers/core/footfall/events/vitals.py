"""Web vitals as a browser tells them of a page: https://web.dev/articles/vitals."""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from footfall.events.lenient import read_number
from footfall.schemas.event import Json, Vitals

Vital = Literal["lcp", "inp", "cls", "ttfb"]
VITALS: tuple[Vital, ...] = get_args(Vital)

TEN_MINUTES = 600_000
MOST = {"lcp": TEN_MINUTES, "inp": TEN_MINUTES, "ttfb": TEN_MINUTES, "cls": 1_000}
"""What is more than this was not measured; in milliseconds, but for `cls`."""


class Limits(NamedTuple):
    """The most that is good, and the most that is not poor."""

    good: float
    not_poor: float


LIMITS: Mapping[Vital, Limits] = {
    "lcp": Limits(2_500, 4_000),
    "inp": Limits(200, 500),
    "cls": Limits(0.1, 0.25),
    "ttfb": Limits(800, 1_800),
}
"""Google's thresholds, of LCP, INP and CLS: https://web.dev/articles/vitals, of TTFB: https://web.dev/articles/ttfb."""

STEPS: Mapping[Vital, float] = {"lcp": 0.1, "inp": 0.1, "cls": 1_000, "ttfb": 0.1}
"""In which steps a vital is counted, so many to its unit: ten milliseconds, and thousandths of a score.

Every limit is a whole number of steps, and values are rounded up to one, so that rounding carries none over a limit.
"""


def steps_told(vital: Vital, vitals: object) -> str | None:
    """Returns a vital in steps, rounded up to a whole one; None where it is not among what a page's exit tells."""
    value = vitals.get(vital) if isinstance(vitals, Mapping) else None
    # 3 × 0.1 is more than 0.3
    return str(math.ceil(round(value * STEPS[vital], 6))) if isinstance(value, int | float) else None


def read_vitals(told: Json | None, flags: list[str]) -> Vitals | None:
    """Returns the vitals that can be read; `flags` names the others, as `lcp_unreadable`. None where there is none."""
    found = Vitals()
    for name in Vitals.__annotations__:
        value = told.get(name) if told else None
        if value is None:
            continue
        number = read_number(value)[0]
        if isinstance(number, float) and 0 <= number <= MOST[name]:
            found[name] = number  # type: ignore[literal-required]
        else:
            flags.append(f"{name}_unreadable")
    return found or None


RATINGS = [
    (name, *limits, [f"{name} {rating}" for rating in ("good", "fair", "poor")]) for name, limits in LIMITS.items()
]


def rated(told: object) -> str | None:
    """Returns how a page's vitals are by Google's thresholds, as a text: `lcp poor, cls good`; None for none told.

    A vital is good, poor, or between the two `fair`, which Google calls in need of improvement.
    """
    if not told or not isinstance(told, dict):
        return None
    found = [
        texts[(value > good) + (value > not_poor)]
        for name, good, not_poor, texts in RATINGS
        if (value := told.get(name)) is not None
    ]
    return ", ".join(found) or None
