"""What every answer about a funnel is made of: everybody's furthest attempt, and what those people bought."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.columns import Entered
from footfall.funnels.engine import Attempts, Coded, Indices, Integers, Limits, People, Timeline
from footfall.funnels.following import Overlapping, any_order, ordered, strict
from footfall.funnels.stays import NEVER
from footfall.questions.funnel_chains import Gone, chained
from footfall.questions.funnel_entries import entries
from footfall.questions.funnel_query import FunnelModes, FunnelQuery
from footfall.schemas.metrics import Buyers, DayBuyers
from footfall.stores.collections import daily_metrics
from footfall.stores.mongo import database

Made = TypeVar("Made")


@dataclass(frozen=True)
class Attempted:
    """Everybody's attempt that counts, and the entries that they are made of."""

    entered: Entered
    attempts: Attempts

    @cached_property
    def moments(self) -> Integers:
        """When each attempt reached each step, which has a row, in Unix milliseconds; NEVER where it did not."""
        reached = np.arange(len(self.attempts.places))[:, np.newaxis] < self.attempts.reached
        moments = np.full(reached.shape, NEVER)
        moments[reached] = self.entered.timeline.times(self.attempts.places[reached])
        return moments


@dataclass(frozen=True)
class Reached:
    """Everybody's attempt that counts, and what is known of the entries that it is made of.

    `told` says of a dimension what is told of each attempt at a step, as `Entered.told` does. Where sessions are
    counted, `owners` are their numbers in the lake; else people's are their own. `persons` are whose some attempts are.
    """

    attempts: Attempts
    timeline: Timeline
    told: Callable[[str, int], Coded]
    persons: Callable[[Indices], Integers]
    owners: Integers | None = None

    def owners_of(self, attempts: Indices) -> Integers:
        """Returns by which numbers the lake knows people or sessions whose attempts some are."""
        people = self.attempts.people[attempts]
        return people.astype(np.int64) if self.owners is None else self.owners[people]


def of_reached(query: FunnelQuery, question: FunnelModes, made: Callable[[Reached], Made]) -> Made:
    """Returns what is made of everybody's attempt: of kept chains where they answer, else of entries that are read.

    Raises Invalid where steps cannot be told apart, and Unavailable.
    """
    if found := chained(query, question):
        with suppress(Gone):
            return made(Reached(found.attempts, found.timeline, found.told, found.persons))
    return made(_reached(attempted(query, question)))


def _reached(found: Attempted) -> Reached:
    entered, attempts = found.entered, found.attempts
    return Reached(
        attempts,
        entered.timeline,
        lambda dimension, step: entered.told(dimension, attempts, step),
        lambda those: entered.persons(attempts, those, 0),
        entered.owners,
    )


def attempted(query: FunnelQuery, question: FunnelModes) -> Attempted:
    """Returns everybody's attempt, by what a question says of it; raises Invalid where steps cannot be told apart."""
    entered = entries(query)
    return Attempted(entered, followed(entered, question))


def followed(entered: Entered, question: FunnelModes) -> Attempts:
    """Returns everybody's attempt that is made of these entries; raises Invalid where steps cannot be told apart."""
    limits = Limits(question.window, question.window_mode == "step", entered.excluded)
    if question.order == "any":
        try:
            return any_order(entered.steps, entered.timeline, limits)
        except Overlapping:
            raise Invalid([FieldProblem("steps", "`order=any` needs steps of which no event satisfies two")]) from None
    if entered.others:
        return strict(entered.steps, entered.others, entered.timeline, limits)
    return ordered(entered.steps, entered.timeline, limits)


@dataclass(frozen=True)
class Purchases:
    """The orders placed in the range by those who made an attempt, in minor units of the site's currency.

    `attempts` are the places of their buyers' attempts; `refunded` is what was given back of each, whenever.
    """

    attempts: Integers
    totals: Integers
    refunded: Integers

    def by_attempt(self, attempts: int) -> tuple[Integers, Integers]:
        """Returns what the orders of each of so many attempts come to, and what was given back of them."""
        totals, refunded = np.zeros(attempts, np.int64), np.zeros(attempts, np.int64)
        np.add.at(totals, self.attempts, self.totals)
        np.add.at(refunded, self.attempts, self.refunded)
        return totals, refunded


def purchases(query: FunnelQuery, attempts: Attempts) -> Purchases | None:
    """Returns what those who made an attempt bought in the range; None where sessions are counted."""
    if query.unit == "session":
        return None
    condition = {"site_id": query.rollups.site.site_id, "date": query.days.dates, "orders": {"$gt": 0}}
    found = daily_metrics.read(database(), DayBuyers, condition, session=query.rollups.session).to_list()
    days = [day["buyers"] for day in found]
    at = _attempts_of(attempts, np.frombuffer(b"".join(day["people"] for day in days), "<u4"))
    totals = np.frombuffer(b"".join(day["totals"] for day in days), "<i8")
    refunded = np.frombuffer(b"".join(map(_refunded, days)), "<i8")
    known = at >= 0
    return Purchases(at[known], totals[known], refunded[known])


def _refunded(day: Buyers) -> bytes:
    return day.get("refunded", bytes(len(day["totals"])))


def _attempts_of(attempts: Attempts, buyers: People) -> Integers:
    # the place of each buyer's attempt; -1 for who made none
    at = np.searchsorted(attempts.people, buyers)
    known = at < len(attempts.people)
    known[known] = attempts.people[at[known]] == buyers[known]
    return np.where(known, at, -1)
