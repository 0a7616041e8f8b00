"""The question how a shop's business does, as one score with what each of its parts contributes."""

from typing import Literal

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.questions.cache import Asked, Remembered
from footfall.questions.conversion_trends import visit_figures
from footfall.questions.feedback_sums import labelled
from footfall.questions.health_parts import KINDS, Facts, PartName, Told
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.trade import Trade
from footfall.rollups import Rollups, rollups_of
from footfall.scoring import Contribution, Part, score
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering

Grade = Literal["A", "B", "C", "D", "E"]
GRADES: tuple[tuple[float, Grade], ...] = ((80, "A"), (60, "B"), (40, "C"), (20, "D"), (0, "E"))


class HealthScoreQuestion(RangeQuestion):
    """Over which days."""


class HealthPart(BaseModel):
    """One part of the score."""

    name: PartName = Field(description="What is judged")
    judged: str = Field(description="What its figure is")
    figure: float | None = Field(description="Null where it is not judged", examples=[12.5])
    worst: float = Field(description="With this figure, or a worse one, it contributes nothing")
    best: float = Field(description="With this figure, or a better one, it contributes all its weight; evenly between")
    weight: float | None = Field(
        description="The most that it can contribute; of all parts that are judged this comes to 100", examples=[30.0]
    )
    points: float | None = Field(description="What it contributes: the score is the sum of these", examples=[18.75])
    missing: str | None = Field(description="Why it is not judged, and so in no way in the score; null where it is")


class HealthScore(RangeAnswer):
    """How the business does, from 0 to 100: the sum of its parts. A part that gets better never makes it fall."""

    score: float | None = Field(
        description="50 where nothing changes and the rest is middling. Null where parts of less than half of the"
        " weight are judged",
        examples=[61.4],
    )
    grade: Grade | None = Field(description="A from 80, B from 60, C from 40, D from 20, else E")
    compared_with: Range = Field(description="The earlier days that changes are against: as many just before")
    parts: list[HealthPart]
    missing: str | None = Field(description="Why there is no score; null where there is one")


_answers = Remembered(ANALYTICS, HealthScore)


@_answers.or_last
@answering()
def answer(site_id: str, question: HealthScoreQuestion) -> HealthScore:
    """Returns the score of a range of days, with its parts; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        return _answers.remember(Asked(rollups, days, question, earlier=True), lambda: _health(rollups, days))


def _health(rollups: Rollups, days: DayRange) -> HealthScore:
    facts = _facts(rollups, days)
    told = {name: kind.told(facts) for name, kind in KINDS.items()}
    found = score([Part(kind.weight, kind.scale, told[name].figure) for name, kind in KINDS.items()])
    given = zip(KINDS, found.contributions, strict=True)
    return HealthScore(
        range=Range.of(days),
        complete_to=None,
        score=found.value,
        grade=None if found.value is None else grade_of(found.value),
        compared_with=Range.of(days.earlier("previous")),
        parts=[_part(name, told[name], contribution) for name, contribution in given],
        missing="parts of less than half of the weight can be judged" if found.value is None else None,
    )


def grade_of(value: float) -> Grade:
    """Returns the grade of a score."""
    return next(grade for least, grade in GRADES if value >= least)


def _facts(rollups: Rollups, days: DayRange) -> Facts:
    earlier, began = days.earlier("previous"), rollups.first_day()
    sold_before, sold = Trade(rollups, days.last).figures([earlier, days])
    both = DayRange(earlier.first, days.last, days.zone)
    _, visits_before, visits = visit_figures(rollups, [both, earlier, days])
    known = began is not None and began <= earlier.first
    return Facts(
        sold=sold,
        visits=visits,
        sentiment=labelled(rollups, days),
        sold_before=sold_before if known else None,
        visits_before=visits_before if known else None,
    )


def _part(name: PartName, told: Told, contribution: Contribution | None) -> HealthPart:
    kind = KINDS[name]
    return HealthPart(
        name=name,
        judged=kind.judged,
        figure=told.figure,
        worst=kind.scale.worst,
        best=kind.scale.best,
        weight=contribution.weight if contribution else None,
        points=contribution.points if contribution else None,
        missing=told.missing,
    )
