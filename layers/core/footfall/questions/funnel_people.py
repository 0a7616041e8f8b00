"""The question who reached a step of a funnel, or left before it: the people behind its numbers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Indices, Integers
from footfall.funnels.summary import Summary
from footfall.money import major_units
from footfall.people.identities import people_numbered, users_among
from footfall.questions.figures import Currency
from footfall.questions.funnel_attempts import Reached, of_reached, purchases
from footfall.questions.funnel_groups import MOST_DIMENSIONS, BrokenDown, Groups
from footfall.questions.funnel_query import MAX_STEPS, FunnelQuery, Unit, step_of
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion, Place
from footfall.questions.range import Range, RangeAnswer
from footfall.rollups import rollups_of
from footfall.schemas.paging import paged
from footfall.stores.mongo import answering, database

Outcome = Literal["reached", "dropped"]


class FunnelPeopleQuestion(KeyedQuestion, BrokenDown):
    """Which people, of which step."""

    step: int | None = Field(
        default=None, ge=1, le=MAX_STEPS, description="A step by its place, from 1; without it the last", examples=[2]
    )
    outcome: Outcome = Field(
        default="reached",
        description="`reached`: its `users`; `dropped`: its `drop_off`, who reached the step before and not this one",
    )
    value: list[str] | None = Field(
        default=None,
        max_length=MOST_DIMENSIONS,
        description="Only those of one value of `breakdown`, as /api/funnel gives it; of two dimensions two values",
        examples=[["Mobile"]],
    )

    def check(self, query: FunnelQuery) -> None:
        """Raises Invalid for a value without a breakdown, or the reverse."""
        self.telling_step(query)
        if len(self.value or ()) != len(query.told):
            raise Invalid([FieldProblem("value", "give one for each dimension of `breakdown`")])


class FunnelPerson(BaseModel):
    """One of the people (or sessions), who are by one of two ids; both are null for somebody not stored yet."""

    user_id: str | None = Field(
        description="The shop's id of them, under which /api/customers has them if they are a customer",
        examples=["12347"],
    )
    visitor_id: str | None = Field(description="Of a person whom the shop does not know, the visitor's id")
    entered_at: datetime = Field(description="When they reached the first step")
    at: datetime = Field(description="When they reached the step; who dropped out: the step before")
    steps: int = Field(description="How many steps they reached", examples=[2])
    revenue: float | None = Field(
        description="What the orders amount to, before refunds, that they placed in the range, as in `revenue` of the"
        " step; null for `unit=session`",
        examples=[59.9],
    )
    net_revenue: float | None = Field(description="The same less what was given back of these orders", examples=[59.9])


class FunnelPeopleAnswer(KeyedAnswer, RangeAnswer):
    """A page of those who reached a step or left before it, the latest first; `total` is the number in /api/funnel."""

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`")
    unit: Unit = Field(description="What is counted")
    step: int = Field(description="The step's place, from 1")
    name: str = Field(description="The step, as it was asked for", examples=["search"])
    outcome: Outcome = Field(description="Whether they reached it, or left before it")
    currency: Currency
    people: list[FunnelPerson] = Field(description="For `unit=session` one for each session: whose it is")


@answering()
def answer(site_id: str, question: FunnelPeopleQuestion) -> FunnelPeopleAnswer:
    """Returns a page of people; raises NotFound, Unavailable, or Invalid. Nothing of it is remembered."""
    with rollups_of(site_id) as rollups:
        query = question.query_of(rollups)
        step = step_of(query, "step", question.step, len(query.funnel.steps))
        question.check(query)
        return query.counted(_answer(query, question, step))


def _answer(query: FunnelQuery, question: FunnelPeopleQuestion, step: int) -> FunnelPeopleAnswer:
    behind = question.behind(_sorted_by(question, step))
    found = _People.of(query, question, step)
    begin = question.skip if behind is None else found.behind(behind)
    page = found.attempts[begin : begin + question.page_size]
    is_last = begin + len(page) >= len(found.attempts)
    return FunnelPeopleAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        step=step,
        name=query.funnel.steps[step - 1],
        outcome=question.outcome,
        currency=query.rollups.site.currency,
        people=_people(query, found, page),
        next=None if is_last else found.place(_sorted_by(question, step), begin + len(page) - 1).text,
        **paged(question, len(found.attempts)),
    )


def _sorted_by(question: FunnelPeopleQuestion, step: int) -> str:
    return f"{question.unit} {question.outcome} {step}"


class _People:
    # the attempts that are listed, and of each when it came so far and by which number its owner is known

    @classmethod
    def of(cls, query: FunnelQuery, question: FunnelPeopleQuestion, step: int) -> "_People":
        def listed(found: Reached) -> "_People":
            reached = found.attempts.reached
            ours = reached >= step if question.outcome == "reached" else reached == step - 1
            if question.value:
                summary = Summary(len(query.funnel.steps), found.attempts, found.timeline)
                ours &= Groups.of(query, summary, question.telling_step(query)).having(tuple(question.value))
            return cls(found, step, question.outcome, np.flatnonzero(ours))

        return of_reached(query, question, listed)

    def __init__(self, found: Reached, step: int, outcome: Outcome, listed: Indices) -> None:
        self.timeline, self.all, self._numbers_of = found.timeline, found.attempts, found.owners
        self._last = step - 1 if outcome == "reached" else step - 2
        at, owners = self.timeline.times[self.all.places[self._last, listed]], self._owners(listed)
        order = np.lexsort((owners, -at))
        self.attempts, self.at, self.owners = listed[order], at[order], owners[order]

    def _owners(self, attempts: Indices) -> Integers:
        people = self.all.people[attempts]
        return people.astype(np.int64) if self._numbers_of is None else self._numbers_of[people]

    def place(self, sorted_by: str, number: int) -> Place:
        return Place(sorted_by, int(self.at[number]), str(self.owners[number]))

    def behind(self, place: Place) -> int:
        if place.value is None or not place.item_id.isdecimal():
            raise Invalid([FieldProblem("after", "is not the `next` of a list of people")])
        before = (self.at > place.value) | ((self.at == place.value) & (self.owners <= int(place.item_id)))
        return int(np.count_nonzero(before))

    def times(self, step: int, attempts: Indices) -> list[datetime]:
        found = self.timeline.times[self.all.places[step, attempts]]
        return [datetime.fromtimestamp(milliseconds / 1000, UTC) for milliseconds in found.tolist()]

    def reached_at(self, attempts: Indices) -> list[datetime]:
        return self.times(self._last, attempts)

    def numbers(self, attempts: Indices) -> list[int]:
        # the dense numbers of whose attempts they are
        people = self.timeline.people
        whose = self.all.people[attempts] if people is None else people[self.all.places[0, attempts]]
        return [int(number) for number in whose]


def _people(query: FunnelQuery, found: _People, page: Indices) -> list[FunnelPerson]:
    site, session = query.rollups.site, query.rollups.session
    numbers = found.numbers(page)
    names = people_numbered(database(), site.site_id, numbers, session)
    known = users_among(database(), site.site_id, names.values(), session)
    rows = zip(
        (names.get(number) for number in numbers),
        found.times(0, page),
        found.reached_at(page),
        found.all.reached[page].tolist(),
        _money(query, found, page),
        strict=True,
    )
    return [
        FunnelPerson(
            user_id=name if name in known else None,
            visitor_id=None if name in known else name,
            entered_at=entered_at,
            at=at,
            steps=steps,
            revenue=revenue,
            net_revenue=net,
        )
        for name, entered_at, at, steps, (revenue, net) in rows
    ]


def _money(query: FunnelQuery, found: _People, page: Indices) -> Sequence[tuple[float | None, float | None]]:
    bought = purchases(query, found.all)
    if bought is None:
        return [(None, None)] * len(page)
    totals, refunded = bought.by_attempt(len(found.all.people))
    currency = query.rollups.site.currency
    return [
        (major_units(total, currency), major_units(total - back, currency))
        for total, back in zip(totals[page].tolist(), refunded[page].tolist(), strict=True)
    ]
