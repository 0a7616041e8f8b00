"""Cohorts, stickiness and stages as definitions, counted person by person in plain Python."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

Person = TypeVar("Person", bound=Hashable)


class Act(NamedTuple):
    """Somebody did something in a period; the list that holds it is in the order of time."""

    person: Hashable
    what: str
    period: int


Triangle = tuple[list[int], dict[tuple[int, int], int]]
"""How many people each cohort has, and how many of a cohort came back so many periods later, where any did."""


def triangle(acts: Sequence[Act], first: Collection[str], returning: Collection[str], periods: int) -> Triangle:
    """Everybody is in the cohort of their first act that counts as first, and comes back from that act on."""
    begun: dict[Hashable, int] = {}
    for place, act in enumerate(acts):
        if act.what in first:
            begun.setdefault(act.person, place)
    back = {
        (act.person, act.period - acts[begun[act.person]].period)
        for place, act in enumerate(acts)
        if act.what in returning and act.person in begun and place >= begun[act.person]
    }
    cohort_of = {person: acts[place].period for person, place in begun.items()}
    sizes = [list(cohort_of.values()).count(period) for period in range(periods)]
    return sizes, dict(Counter((cohort_of[person], after) for person, after in back))


def average(found: Triangle, complete: Sequence[bool], after: int) -> tuple[int, int]:
    """How many people the cohorts have whose period so much later is complete, and how many came back in it."""
    sizes, returned = found
    ours = [cohort for cohort in range(len(sizes)) if cohort + after < len(sizes) and complete[cohort + after]]
    return sum(sizes[cohort] for cohort in ours), sum(returned.get((cohort, after), 0) for cohort in ours)


def active(days: Sequence[Collection[Hashable]], day: int, window: int) -> int:
    """How many people were there in the days that end with this one."""
    return len({person for each in days[max(0, day - window + 1) : day + 1] for person in each})


def days_there(days: Iterable[Collection[Hashable]]) -> list[int]:
    """How many people were there on exactly 1, 2, 3 … days."""
    counts = Counter(person for day in days for person in set(day))
    by_days = Counter(counts.values())
    return [by_days[number] for number in range(1, max(by_days, default=0) + 1)]


def stages(
    seen: Mapping[Person, Collection[int]], everywhere: Mapping[Person, Collection[int]], period: int
) -> list[int]:
    """How many are new, returning, resurrecting and dormant in a period.

    `seen` are the periods in which each person counts, `everywhere` those in which they were there at all.
    """
    found: defaultdict[str, int] = defaultdict(int)
    for person, periods in seen.items():
        earlier = [one for one in {*periods, *everywhere.get(person, ())} if one < period]
        if period in periods:
            found["new" if not earlier else "returning" if period - 1 in periods else "resurrecting"] += 1
        elif period - 1 in periods:
            found["dormant"] += 1
    return [found[name] for name in ("new", "returning", "resurrecting", "dormant")]
