"""The question how what people feel goes over time."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field

from footfall.days import DayRange, Period, PeriodName, beginning_of, day_of, periods_of
from footfall.questions.cache import Asked, Remembered
from footfall.questions.range import Range, RangeAnswer, RangeQuestion
from footfall.questions.sentiment_figures import SUMS, SentimentFigures, SentimentSums, figures_of, texts_of
from footfall.rollups import Rollups, rollups_of
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
    pipeline: Pipeline = [
        {"$match": texts_of(rollups.site.site_id, days, question.path)},
        {"$group": {"_id": QUARTER, **SUMS}},
    ]
    quarters = feedback.aggregate(database(), _QuarterSums, pipeline, session=rollups.session, allow_disk_use=True)
    summed = _by_period(quarters, days.zone, question.period)
    return SentimentTrend(
        range=Range.of(days),
        complete_to=None,
        period=question.period,
        data=[
            _period(each, summed[beginning_of(each.first, question.period)])
            for each in periods_of(days, question.period)
        ],
    )


def _by_period(
    quarters: Iterable[_QuarterSums], zone: ZoneInfo, period: PeriodName
) -> defaultdict[date, SentimentSums]:
    summed: defaultdict[date, SentimentSums] = defaultdict(_nothing)
    for quarter in quarters:
        sums = summed[beginning_of(day_of(quarter["_id"], zone), period)]
        for name in ("positive", "neutral", "negative", "unsupported", "unread", "score", "squares"):
            sums[name] += quarter[name]
    return summed


def _nothing() -> SentimentSums:
    return SentimentSums(positive=0, neutral=0, negative=0, unsupported=0, unread=0, score=0.0, squares=0.0)


def _period(period: Period, sums: SentimentSums) -> SentimentPeriod:
    return SentimentPeriod(first=period.first, last=period.last, **figures_of(sums).model_dump())
