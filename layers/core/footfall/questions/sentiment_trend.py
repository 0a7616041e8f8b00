"""The question how what people feel goes over time."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from pydantic import ConfigDict, Field

from footfall.days import DayRange, Period, PeriodName, beginning_of, day_of, periods_of
from footfall.questions.cache import Asked, Remembered
from footfall.questions.feedback_sums import FeedbackDays, added
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import SUMS, SentimentFigures, figures_of, texts_of
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.feedback import SentimentSums
from footfall.stores.collections import feedback
from footfall.stores.keys import SENTIMENT
from footfall.stores.mongo import Pipeline, answering, database

QUARTER = {"$dateTrunc": {"date": "$timestamp", "unit": "minute", "binSize": 15}}
"""Local days begin with a quarter of an hour (UTC) in every zone; which ones they are of is told by our own zones."""


class SentimentTrendQuestion(RangeQuestion):
    """Over which days, by which periods."""

    period: PeriodName = Field(default="day", description="Weeks begin on Monday")
    path: str | None = Field(
        default=None,
        max_length=2_048,
        description="Only of this page of the shop: its path, or its type where it came without a path",
        examples=["/checkout"],
    )


class SentimentPeriod(SentimentFigures):
    """What people felt in one period: only what they wrote on its days."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")


class SentimentTrend(RangeAnswer):
    """What people feel over time. Each period equals the answer of /api/sentiment for its days."""

    period: PeriodName = Field(description="What each item of `data` covers")
    data: list[SentimentPeriod] = Field(description="Every period of the range, in order")


class _QuarterSums(SentimentSums):
    _id: datetime


_answers = Remembered(SENTIMENT, SentimentTrend)


@_answers.or_last
@answering()
def answer(site_id: str, question: SentimentTrendQuestion) -> SentimentTrend:
    """Returns what people feel in each period; raises NotFound, Invalid or Unavailable."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        asked = Asked(rollups, days, question, "events")
        return _answers.remember(asked, lambda: _trend(rollups, days, question))


def _trend(rollups: Rollups, days: DayRange, question: SentimentTrendQuestion) -> SentimentTrend:
    found = FeedbackDays.of(rollups, days)
    summed: defaultdict[date, list[SentimentSums]] = defaultdict(list)
    for day, sums in (*_kept(found, question.path), *_read(found, question.path)):
        summed[beginning_of(day, question.period)].append(sums)
    return SentimentTrend(
        range=Range.of(days),
        complete_to=None,
        period=question.period,
        data=[
            _period(each, added(summed[beginning_of(each.first, question.period)]))
            for each in periods_of(days, question.period)
        ],
    )


def _kept(found: FeedbackDays, path: str | None) -> Iterator[tuple[date, SentimentSums]]:
    if path is None:
        for whole in found.whole():
            yield date.fromisoformat(whole["date"]), whole["whole"]
    else:
        for day in found.of_pages([path]):
            yield date.fromisoformat(day["date"]), added(day["pages"])


def _read(found: FeedbackDays, path: str | None) -> Iterator[tuple[date, SentimentSums]]:
    rollups = found.rollups
    for days in found.others:
        pipeline: Pipeline = [
            {"$match": texts_of(rollups.site.site_id, days, path)},
            {"$group": {"_id": QUARTER, **SUMS}},
        ]
        for quarter in feedback.aggregate(
            database(), _QuarterSums, pipeline, session=rollups.session, allow_disk_use=True
        ):
            yield day_of(quarter["_id"], days.zone), quarter


def _period(period: Period, sums: SentimentSums) -> SentimentPeriod:
    return SentimentPeriod(first=period.first, last=period.last, **figures_of(sums).model_dump())
