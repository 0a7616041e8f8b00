"""Hold-outs: who is left out of a campaign or a feature, and what it did, compared with those who were left out.

What an action did is not claimed where nobody was left out: those who were reached might have bought anyway.
"""

import hashlib
import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from footfall.rates import NORMAL_95

Arm = Literal["treated", "held_out"]
FEWEST = 30
"""In an arm of fewer people the mean is not spread as the normal distribution, which intervals go by."""
FEWEST_OF_A_KIND = 5
"""So many who did, and who did not, a rate of an arm must have."""
LARGEST = 2**64


class NotClaimed(ValueError):
    """Raised when nothing can be said of what an action did; its text says why."""


@dataclass(frozen=True)
class HoldOut:
    """An experiment: of all people the `share`, from 0 to 1, is left out.

    `salt` is secret to the site, so that nobody can choose an id to be left out, or not. Raises ValueError for a share
    beyond these.
    """

    name: str
    share: float
    salt: str

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("a share is from 0 to 1")

    def arm_of(self, person_id: str) -> Arm:
        """Returns in which arm somebody is: always the same, by a hash of salt, experiment and person.

        Arms of differently named experiments are independent of each other, and a larger share leaves out the same
        people and more.
        """
        # each part by its length, so that no two experiments and people are written alike
        text = "".join(f"{len(part)}:{part}" for part in (self.salt, self.name, person_id))
        drawn = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return "held_out" if drawn < self.share * LARGEST else "treated"


class Rate(NamedTuple):
    """How many people there are in an arm, and how many of them did what counts."""

    people: int
    did: int


class Mean(NamedTuple):
    """How many people there are in an arm, and the sums of their amounts and of the squares of these."""

    people: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        """The mean amount."""
        return self.total / self.people

    @property
    def variance(self) -> float:
        """The variance of the mean: that of the amounts (n − 1 in the denominator) by the number of people."""
        around = max(self.squares - self.total**2 / self.people, 0.0)
        return around / (self.people - 1) / self.people


class Effect(NamedTuple):
    """A difference between those who were treated and those held out, with the ends of its 95 percent interval.

    `sure` says that the interval is on one side of 0.
    """

    treated: float
    held_out: float
    low: float
    difference: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether no difference is outside of the interval."""
        return self.low > 0 or self.high < 0


def effect_on_rate(treated: Rate, held_out: Rate) -> Effect:
    """Returns the difference of two rates; raises NotClaimed where it cannot be told.

    The interval is Newcombe's hybrid of two Wilson intervals (Statistics in Medicine 17, 1998, 873–890, method 10),
    which is right also for small rates.
    """
    for arm in (treated, held_out):
        _check_people(arm.people)
    if min(_kinds(treated), _kinds(held_out)) < FEWEST_OF_A_KIND:
        raise NotClaimed(f"fewer than {FEWEST_OF_A_KIND} people of an arm did it, or did not")
    one, other = treated.did / treated.people, held_out.did / held_out.people
    (low, high), (other_low, other_high) = _wilson(treated), _wilson(held_out)
    difference = one - other
    below, above = math.hypot(one - low, other_high - other), math.hypot(high - one, other - other_low)
    return Effect(one, other, difference - below, difference, difference + above)


def effect_on_mean(treated: Mean, held_out: Mean) -> Effect:
    """Returns the difference of two means; raises NotClaimed where it cannot be told.

    Variances need not be equal (Welch, Biometrika 34, 1947); arms have thirty people or more, so that the normal
    distribution stands for Student's.
    """
    for arm in (treated, held_out):
        _check_people(arm.people)
    difference = treated.mean - held_out.mean
    half = NORMAL_95 * math.sqrt(treated.variance + held_out.variance)
    return Effect(treated.mean, held_out.mean, difference - half, difference, difference + half)


def _check_people(people: int) -> None:
    if people == 0:
        raise NotClaimed("an arm has nobody: without people to compare with, no effect can be told")
    if people < FEWEST:
        raise NotClaimed(f"an arm has {people} people; {FEWEST} are needed")


def _kinds(arm: Rate) -> int:
    return min(arm.did, arm.people - arm.did)


def _wilson(arm: Rate) -> tuple[float, float]:
    # the roots p of (p − x/n)² = z² p (1 − p) / n
    share, spread = arm.did / arm.people, NORMAL_95**2 / arm.people
    half = NORMAL_95 * math.sqrt(share * (1 - share) / arm.people + spread / (4 * arm.people))
    return (share + spread / 2 - half) / (1 + spread), (share + spread / 2 + half) / (1 + spread)
