"""The question how long people take from one step of a funnel to another."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, Field

from footfall.errors import FieldProblem, Invalid
from footfall.funnels.bins import bins_of
from footfall.funnels.summary import MILLISECONDS, Durations, durations
from footfall.funnels.totals import Counted, Totals
from footfall.questions.cache import Remembered
from footfall.questions.funnel_attempts import Reached, of_reached
from footfall.questions.funnel_query import MAX_STEPS, FunnelModes, FunnelQuery, Unit, step_of
from footfall.questions.parts import pack, unpack
from footfall.questions.range import Range, RangeAnswer
from footfall.rates import percentage
from footfall.rollups import Part, rollups_of
from footfall.stores.keys import FUNNEL
from footfall.stores.mongo import Moment, answering


class TimeToConvertQuestion(FunnelModes):
    """Between which steps."""

    from_step: int = Field(default=1, ge=1, le=MAX_STEPS, description="A step by its place, from 1")
    to_step: int | None = Field(
        default=None, ge=1, le=MAX_STEPS, description="A later one; without it the last", examples=[4]
    )


class TimeBin(BaseModel):
    """Those who took about as long."""

    from_seconds: int = Field(description="They took so long or longer", examples=[60])
    to_seconds: int | None = Field(description="And not so long; null for a year and more", examples=[120])
    users: int = Field(description="How many people (or sessions)", examples=[412])
    share: float = Field(description="The same of all `users`, in percent", examples=[18.2])


class TimeToConvertAnswer(RangeAnswer):
    """How long those took who reached the later step, from when they reached the earlier one."""

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`")
    unit: Unit = Field(description="What is counted")
    from_step: int = Field(description="The earlier step's place, from 1")
    from_name: str = Field(description="The earlier step", examples=["home"])
    to_step: int = Field(description="The later step's place")
    to_name: str = Field(description="The later step", examples=["confirmation"])
    users: int = Field(description="Those who reached the later step: its `users` in /api/funnel", examples=[2263])
    avg_seconds: float | None = Field(description="Their mean time; null where nobody did", examples=[341.5])
    median_seconds: float | None = Field(description="Its median", examples=[205.0])
    p90_seconds: float | None = Field(description="Nine in ten were quicker", examples=[822.0])
    bins: list[TimeBin] = Field(
        description="From the bin of the quickest to that of the slowest. Edges are always the same: 0, 1, 2, 5, 10, 15"
        " and 30 seconds, 1, 2, 5, 10, 15 and 30 minutes, 1, 2, 3, 6 and 12 hours, 1, 2, 3, 7, 14, 30, 60, 90, 180 and"
        " 365 days"
    )


_answers = Remembered(FUNNEL, TimeToConvertAnswer)


@_answers.or_last
@answering()
def answer(site_id: str, question: TimeToConvertQuestion) -> TimeToConvertAnswer:
    """Returns the times; raises NotFound, Unavailable, or Invalid, also where the later step is not later."""
    with rollups_of(site_id) as rollups:
        query = question.query_of(rollups)
        return _answers.remember(query.asked(question), lambda: _times(query, question))


@answering()
def part(site_id: str, question: TimeToConvertQuestion, moment: Moment, part: Part) -> bytes:
    """Returns what `folded` makes the answer of, as of a moment, for a part of the people; raises as `answer` does."""
    with rollups_of(site_id, moment, part) as rollups:
        query = question.query_of(rollups)
        return pack(query.counted(_about_nobody(query, question)), _totals(query, question).packed())


def folded(parts: Sequence[bytes]) -> TimeToConvertAnswer:
    """Returns the answer that all people's parts come to; raises Conflict where a setting changed between them."""
    about_nobody, totals = unpack(TimeToConvertAnswer, parts)
    return _answered(about_nobody, Totals.added([Totals.unpacked(each) for each in totals]))


def _times(query: FunnelQuery, question: TimeToConvertQuestion) -> TimeToConvertAnswer:
    about_nobody = _about_nobody(query, question)
    return _answered(about_nobody, _totals(query, question))


def _between(query: FunnelQuery, question: TimeToConvertQuestion) -> tuple[int, int]:
    begin, end = question.from_step, step_of(query, "to_step", question.to_step, len(query.funnel.steps))
    if begin >= end:
        raise Invalid([FieldProblem("from_step", "must be before `to_step`")])
    return begin, end


def _about_nobody(query: FunnelQuery, question: TimeToConvertQuestion) -> TimeToConvertAnswer:
    # the answer where nobody is: all that is the same whoever went through the funnel
    begin, end = _between(query, question)
    return TimeToConvertAnswer(
        range=Range.of(query.days),
        complete_to=None,
        funnel=query.funnel.name or None,
        unit=query.unit,
        from_step=begin,
        from_name=query.funnel.steps[begin - 1],
        to_step=end,
        to_name=query.funnel.steps[end - 1],
        users=0,
        **Durations()._asdict(),
        bins=[],
    )


def _totals(query: FunnelQuery, question: TimeToConvertQuestion) -> Totals:
    # of those who went all the way, as of a funnel of the two steps
    begin, end = _between(query, question)

    def of(found: Reached) -> Totals:
        times, places = found.timeline.times, found.attempts.places
        who = np.flatnonzero(found.attempts.reached >= end)
        took = Counted.of(np.zeros(len(who), np.int64), times[places[end - 1, who]] - times[places[begin - 1, who]])
        return Totals([()], np.array([[0, 0, len(who)]]), [took])

    return of_reached(query, question, of)


def _answered(about_nobody: TimeToConvertAnswer, totals: Totals) -> TimeToConvertAnswer:
    (times,) = totals.times
    users = int(totals.ended[0, 2])
    bins = [
        TimeBin(from_seconds=low, to_seconds=high, users=count, share=percentage(count, users))
        for low, high, count in bins_of(np.repeat(times.numbers / MILLISECONDS, times.counts))
    ]
    return about_nobody.model_copy(update={"users": users, **durations(times)._asdict(), "bins": bins})
