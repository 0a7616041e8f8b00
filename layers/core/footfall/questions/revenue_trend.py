"""The question how revenue, refunds, orders and customers go over time. Money is in major units of `currency`."""

from pydantic import Field

from footfall.days import DayRange
from footfall.questions.cache import Asked, Remembered
from footfall.questions.figures import Currency
from footfall.questions.filters import FilteredOrders
from footfall.questions.left_out import LeftOut
from footfall.questions.narrowed_trade import NarrowedTrade
from footfall.questions.periods import PeriodPart, PeriodsAnswer, PeriodsQuestion, trend_of
from footfall.questions.range import Range
from footfall.questions.trade import Trade, TradeFigures
from footfall.rollups import Rollups, rollups_of
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering


class RevenueTrendQuestion(PeriodsQuestion, FilteredOrders):
    """Over which days, of which orders, by which periods, and what to compare them with.

    Filters go by the session that an order came of, by its person, and by what was bought.
    """

    def asked(self, rollups: Rollups, days: DayRange) -> Asked:
        """Returns what the answer is remembered by."""
        rows = [wanted.row for wanted in self.filters_of(rollups.site).values()]
        if not rows:
            return super().asked(rollups, days)
        return Asked(rollups, days, self, "events", rows, earlier=True, also=rollups.today.isoformat())


class RevenuePeriod(TradeFigures, PeriodPart):
    """What was sold in one period: only what was ordered and given back on its days."""


class RevenueTrend(LeftOut, PeriodsAnswer):
    """Revenue over time. The customers of periods do not add up to those of the range: somebody may be in several.

    With filters, figures are of the orders that pass, and nothing is left out; who is new had no order of any kind.
    """

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
    filters = question.filters_of(rollups.site)
    trade = Trade(rollups, days.last, NarrowedTrade(rollups, filters).sold if filters else None)
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
