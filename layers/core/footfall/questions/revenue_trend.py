"""The question how revenue, refunds, orders and customers go over time. Money is in major units of `currency`."""

from pydantic import Field

from footfall.days import DayRange
from footfall.questions.cache import Remembered
from footfall.questions.figures import Currency
from footfall.questions.left_out import LeftOut
from footfall.questions.periods import PeriodPart, PeriodsAnswer, PeriodsQuestion, trend_of
from footfall.questions.range import Range
from footfall.questions.trade import Trade, TradeFigures
from footfall.rollups import Rollups, rollups_of
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering


class RevenueTrendQuestion(PeriodsQuestion):
    """Over which days, by which periods, and what to compare them with."""


class RevenuePeriod(TradeFigures, PeriodPart):
    """What was sold in one period: only what was ordered and given back on its days."""


class RevenueTrend(LeftOut, PeriodsAnswer):
    """Revenue over time. The customers of periods do not add up to those of the range: somebody may be in several."""

    currency: Currency
    overall: TradeFigures = Field(description="The figures of the whole range")
    data: list[RevenuePeriod] = Field(description="Every period of the range, in order")


_answers = Remembered(ANALYTICS, RevenueTrend)


@_answers.or_last
@answering()
def answer(site_id: str, question: RevenueTrendQuestion) -> RevenueTrend:
    """Returns what was sold in each period; raises NotFound, Unavailable, or Invalid, also for too many periods."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        return _answers.remember(question.asked(rollups, days), lambda: _trend(rollups, days, question))


def _trend(rollups: Rollups, days: DayRange, question: RevenueTrendQuestion) -> RevenueTrend:
    trade = Trade(rollups, days.last)
    found = trend_of(rollups, days, question, trade.figures)
    return RevenueTrend(
        range=Range.of(days),
        complete_to=None,
        period=question.period,
        currency=rollups.site.currency,
        overall=found.overall,
        comparison=found.comparison,
        data=[RevenuePeriod(**dict(part), **dict(figures)) for part, figures in found.periods],
        **trade.left_out(days).model_dump(),
    )
