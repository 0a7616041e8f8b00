"""The question which journeys are the commonest, and how many of those who took them bought something."""

from itertools import islice

import numpy as np
from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.errors import FieldProblem, Invalid
from footfall.lake.session_numbers import session_number
from footfall.paths.journeys import Flags, Integers
from footfall.paths.patterns import beginnings
from footfall.questions.added_up import AddedUp
from footfall.questions.funnel_query import Unit
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.table import Table
from footfall.questions.visited import VisitedQuestion, Visits, visits
from footfall.rates import percentage
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.metrics import DayBuyers
from footfall.schemas.session import SessionSpan
from footfall.sessions.conversions import has_counted_order
from footfall.stores.collections import daily_metrics, user_sessions
from footfall.stores.mongo import answering, database

LONGEST_PATTERN = 10
MOST_PATTERNS = 100
MOST_CONVERSIONS = 500_000
BATCH = 20_000
GOES_ON = "…"


class JourneysQuestion(VisitedQuestion):
    """Whose journeys, and how much of them."""

    unit: Unit = Field(default="user", description="Of whom: people over the whole range, or sessions that began in it")
    length: int = Field(
        default=6, ge=1, le=LONGEST_PATTERN, description="How many steps of a journey are told; `…` stands for the rest"
    )
    top: int = Field(default=20, ge=1, le=MOST_PATTERNS, description="How many journeys are listed")


class CommonJourney(BaseModel):
    """One journey, and those who took it."""

    pattern: list[str] = Field(
        description="What was visited, the same again and again once; `…` at its end where it goes on",
        examples=[["home", "search", "product", "…"]],
    )
    users: int = Field(description="How many people (or sessions) took it", examples=[211])
    percentage: float = Field(description="The same of all `users`, in percent", examples=[7.36])
    converted: int = Field(
        description="Of them, people who placed an order in the range (or sessions that a purchase came of)",
        examples=[18],
    )
    conversion_rate: float = Field(description="The same of its `users`, in percent", examples=[8.53])


class JourneysAnswer(RangeAnswer):
    """The commonest journeys. Everybody has one."""

    unit: Unit = Field(description="What is counted")
    users: int = Field(description="People (or sessions) who visited anything", examples=[2868])
    patterns: int = Field(description="How many different journeys they took, as far as they are told", examples=[611])
    journeys: list[CommonJourney] = Field(description="The commonest first")
    other_users: int = Field(description="Those of all journeys that are not listed", examples=[1204])


@answering()
def answer(site_id: str, question: JourneysQuestion) -> JourneysAnswer:
    """Returns the journeys; raises NotFound, Unavailable, or Invalid, also for too many events."""
    with rollups_of(site_id) as rollups:
        return ADDED_UP.answer(rollups, question)


def _about_nobody(rollups: Rollups, question: JourneysQuestion) -> JourneysAnswer:
    return JourneysAnswer(
        range=Range.of(question.days_of(rollups)),
        complete_to=rollups.received_to,
        unit=question.unit,
        users=0,
        patterns=0,
        journeys=[],
        other_users=0,
    )


def _sums(rollups: Rollups, question: JourneysQuestion) -> Table:
    # by the first steps and whether it goes on: how many journeys, and how many of them converted
    visited = visits(rollups, question, question.unit)
    converted = _converted(rollups, visited, question.unit)
    found = beginnings(visited.journeys, question.length)
    return Table.of(visited.texts, found.steps, [found.goes_on], [np.ones(len(converted), np.int64), converted])


def _answered(question: JourneysQuestion, about_nobody: JourneysAnswer, found: Table) -> JourneysAnswer:
    users = int(found.sums[0].sum())
    listed = [_journey(found, row, users) for row in found.largest(question.top).tolist()]
    others = users - sum(journey.users for journey in listed)
    told = {"users": users, "patterns": len(found), "journeys": listed, "other_users": others}
    return about_nobody.model_copy(update=told)


def _journey(found: Table, row: int, users: int) -> CommonJourney:
    journeys, converted = found.sums[:, row].tolist()
    steps = [step for line in range(len(found.codes)) if (step := found.text(line, row)) is not None]
    return CommonJourney(
        pattern=[*steps, *([GOES_ON] if found.numbers[0, row] else [])],
        users=journeys,
        percentage=percentage(journeys, users),
        converted=converted,
        conversion_rate=percentage(converted, journeys),
    )


def _converted(rollups: Rollups, visited: Visits, unit: Unit) -> Flags:
    bought = _buyers(rollups, visited.days) if unit == "user" else _converted_sessions(rollups, visited.days)
    return np.isin(visited.journeys.who, bought)


def _buyers(rollups: Rollups, days: DayRange) -> Integers:
    condition = {"site_id": rollups.site.site_id, "date": days.dates, "orders": {"$gt": 0}}
    found = daily_metrics.read(database(), DayBuyers, condition, parts={"buyers": ("people",)}, session=rollups.session)
    return np.frombuffer(b"".join(day["buyers"]["people"] for day in found), "<u4").astype(np.int64)


def _converted_sessions(rollups: Rollups, days: DayRange) -> Integers:
    site = rollups.site
    began = {"site_id": site.site_id, "started_at": {"$gte": days.start, "$lt": days.end}}
    condition = {**began, "converted": True, "$expr": has_counted_order(site.currency)}
    found = user_sessions.read(database(), SessionSpan, condition, session=rollups.session, batch_size=BATCH)
    numbers = [session_number(each) for each in islice(found, MOST_CONVERSIONS + 1)]
    if len(numbers) > MOST_CONVERSIONS:
        raise Invalid([FieldProblem("from", f"more than {MOST_CONVERSIONS} sessions converted; ask for fewer days")])
    return np.array(numbers, np.int64)


ADDED_UP = AddedUp(JourneysQuestion, JourneysAnswer, Table, _about_nobody, _sums, _answered)
