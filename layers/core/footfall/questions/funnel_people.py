"""The question who reached a step of a funnel, or left before it: the people behind its numbers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.engine import Indices, Integers
from footfall.money import major_units
from footfall.people.identities import people_numbered, users_among
from footfall.questions.added_up import AddedUp
from footfall.questions.figures import Currency
from footfall.questions.filters import FilteredList
from footfall.questions.funnel_attempts import Reached, of_reached, purchases
from footfall.questions.funnel_groups import MOST_DIMENSIONS, BrokenDown, Groups
from footfall.questions.funnel_query import MAX_STEPS, FunnelQuery, Unit, step_of
from footfall.questions.keyed_list import KeyedAnswer, KeyedQuestion, Place
from footfall.questions.range import Range, RangeAnswer
from footfall.questions.table import NONE, Table
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.paging import paged
from footfall.stores.mongo import answering, database

Outcome = Literal["reached", "dropped"]


class FunnelPeopleQuestion(KeyedQuestion, FilteredList, BrokenDown):
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
        return ADDED_UP.answer(rollups, question)


class _Listed(NamedTuple):
    # those behind a place, as far as a page of them reaches: by their ids; when they came so far, whose they are,
    # when they entered, how many steps they reached, what they bought and what is left of it
    total: int
    behind: int
    people: Table


def _about_nobody(rollups: Rollups, question: FunnelPeopleQuestion) -> FunnelPeopleAnswer:
    query = question.query_of(rollups)
    step = _step(query, question)
    found = FunnelPeopleAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        step=step,
        name=query.funnel.steps[step - 1],
        outcome=question.outcome,
        currency=query.rollups.site.currency,
        people=[],
        next=None,
        **paged(question, 0),
    )
    return query.counted(found)


def _step(query: FunnelQuery, question: FunnelPeopleQuestion) -> int:
    return step_of(query, "step", question.step, len(query.funnel.steps))


def _sums(rollups: Rollups, question: FunnelPeopleQuestion) -> _Listed:
    query = question.query_of(rollups)
    question.check(query)
    step = _step(query, question)
    place = question.behind(_sorted_by(question, step))
    found = _People.of(query, question, step)
    begin = 0 if place is None else found.behind(place)
    page = slice(begin, begin + question.skip + question.page_size)
    return _Listed(len(found.attempts), len(found.attempts) - begin, _told(query, found, page))


def _answered(question: FunnelPeopleQuestion, about_nobody: FunnelPeopleAnswer, sums: _Listed) -> FunnelPeopleAnswer:
    at, owners, *_ = sums.people.numbers
    page = np.lexsort((owners, -at))[question.skip :][: question.page_size].tolist()
    is_last = question.skip + len(page) >= sums.behind
    sorted_by = _sorted_by(question, about_nobody.step)
    after = None if is_last else Place(sorted_by, int(at[page[-1]]), str(owners[page[-1]])).text
    people = [_person(sums.people, row, about_nobody) for row in page]
    return about_nobody.model_copy(update={"people": people, "next": after, **paged(question, sums.total)})


def _person(found: Table, row: int, about: FunnelPeopleAnswer) -> FunnelPerson:
    at, _, entered_at, steps, total, net = found.numbers[:, row].tolist()
    money = [None if about.unit == "session" else major_units(amount, about.currency) for amount in (total, net)]
    return FunnelPerson(
        user_id=found.text(0, row),
        visitor_id=found.text(1, row),
        entered_at=datetime.fromtimestamp(entered_at / 1000, UTC),
        at=datetime.fromtimestamp(at / 1000, UTC),
        steps=steps,
        revenue=money[0],
        net_revenue=money[1],
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
                ours &= Groups.of(query, found, question.telling_step(query)).having(tuple(question.value))
            return cls(found, step, question.outcome, np.flatnonzero(ours))

        return of_reached(query, question, listed)

    def __init__(self, found: Reached, step: int, outcome: Outcome, listed: Indices) -> None:
        self.found, self.all = found, found.attempts
        self._last = step - 1 if outcome == "reached" else step - 2
        at, owners = found.timeline.times(self.all.places[self._last, listed]), self._owners(listed)
        order = np.lexsort((owners, -at))
        self.attempts, self.at, self.owners = listed[order], at[order], owners[order]

    def _owners(self, attempts: Indices) -> Integers:
        return self.found.owners_of(attempts)

    def behind(self, place: Place) -> int:
        if place.value is None or not place.item_id.isdecimal():
            raise Invalid([FieldProblem("after", "is not the `next` of a list of people")])
        before = (self.at > place.value) | ((self.at == place.value) & (self.owners <= int(place.item_id)))
        return int(np.count_nonzero(before))

    def entered_at(self, attempts: Indices) -> Integers:
        return self.found.timeline.times(self.all.places[0, attempts])

    def numbers(self, attempts: Indices) -> Integers:
        # the dense numbers of whose attempts they are
        return self.found.persons(attempts)


def _told(query: FunnelQuery, found: _People, page: slice) -> Table:
    attempts = found.attempts[page]
    names, user_ids, visitor_ids = _ids(query, found.numbers(attempts).tolist())
    totals, net = _money(query, found, attempts)
    numbers = [found.at[page], found.owners[page], found.entered_at(attempts), found.all.reached[attempts], totals, net]
    return Table.of(names, [user_ids, visitor_ids], numbers)


def _ids(query: FunnelQuery, numbers: Sequence[int]) -> tuple[list[str], Integers, Integers]:
    # the names of people, and of each its place where it is a user's, and where it is a visitor's
    site, session = query.rollups.site, query.rollups.session
    named = people_numbered(database(), site.site_id, numbers, session)
    known = users_among(database(), site.site_id, named.values(), session)
    names = sorted(set(named.values()))
    places = {name: place for place, name in enumerate(names)}
    codes = np.array([places.get(named.get(number, ""), NONE) for number in numbers], np.int64)
    is_user = np.array([named.get(number) in known for number in numbers], bool)
    return names, np.where(is_user, codes, NONE), np.where(is_user, NONE, codes)


def _money(query: FunnelQuery, found: _People, page: Indices) -> tuple[Integers, Integers]:
    # what the orders of each come to, and what is left of it, in minor units; nothing of sessions
    bought = purchases(query, found.all)
    if bought is None:
        return np.zeros(len(page), np.int64), np.zeros(len(page), np.int64)
    totals, refunded = bought.by_attempt(len(found.all.people))
    return totals[page], (totals - refunded)[page]


ADDED_UP = AddedUp(FunnelPeopleQuestion, FunnelPeopleAnswer, _Listed, _about_nobody, _sums, _answered)
