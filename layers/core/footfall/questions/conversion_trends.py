"""The question how sessions, people and conversions go over time."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence

from pydantic import BaseModel, Field

from footfall.days import DayRange
from footfall.questions.behaviour import BehaviourQuery
from footfall.questions.cache import Asked, Remembered
from footfall.questions.event_rows import narrowed
from footfall.questions.filters import Filtered, Wanted
from footfall.questions.key_figures import BATCH
from footfall.questions.narrowed_visits import narrowed_visits
from footfall.questions.periods import PeriodPart, PeriodsAnswer, PeriodsQuestion, trend_of
from footfall.questions.range import Range
from footfall.questions.visits import Visits, people_on
from footfall.rollups import Rollups, rollups_of
from footfall.schemas.funnel import DEVICES, Device
from footfall.schemas.metrics import DayVisits
from footfall.stores.collections import daily_metrics
from footfall.stores.keys import ANALYTICS
from footfall.stores.mongo import answering, database


class ConversionTrendsQuestion(PeriodsQuestion, Filtered):
    """Over which days, of whom, by which periods, and what to compare them with."""

    def devices(self, filters: Mapping[str, Wanted]) -> list[Device] | None:
        """Returns the devices that are asked for where the figures of days tell, which are kept by no other dimension.

        None where they do not.
        """
        if filters.keys() - {"device"} or self.bots == "include":
            return None
        return [device for device in DEVICES if "device" not in filters or filters["device"].takes([device])]

    def asked(self, rollups: Rollups, days: DayRange) -> Asked:
        """Returns what the answer is remembered by."""
        filters = self.filters_of(rollups.site)
        if self.devices(filters) is not None:
            return super().asked(rollups, days)
        rows = [wanted.row for wanted in filters.values()]
        compared, today = self.compare is not None, rollups.today.isoformat()
        return Asked(rollups, days, self, "events", rows, earlier=compared, also=today)


class VisitFigures(BaseModel):
    """The visits of some days, and what came of them. Rates in percent, 0 where there is nothing to divide by."""

    users: int = Field(description="Distinct people who viewed a page or did something", examples=[1204])
    sessions: int = Field(description="Sessions that began on these days", examples=[1530])
    page_views: int = Field(description="Of these days")
    conversions: int = Field(
        description="Sessions that an order came of, wherever it was told, on the days they began", examples=[41]
    )
    session_conversion_rate: float = Field(description="Conversions, of all sessions, in percent", examples=[2.68])
    bounce_rate: float = Field(description="Sessions that bounced, of all, in percent")
    avg_session_seconds: float = Field(description="Mean seconds from a session's first event to its last")


class ConversionPeriod(VisitFigures, PeriodPart):
    """The visits of one period: only those that began on its days."""


class ConversionTrends(PeriodsAnswer):
    """Visits and conversions over time. People of periods do not add up to those of the range."""

    overall: VisitFigures = Field(description="The figures of the whole range")
    data: list[ConversionPeriod] = Field(description="Every period of the range, in order")


_answers = Remembered(ANALYTICS, ConversionTrends)


@_answers.or_last
@answering()
def answer(site_id: str, question: ConversionTrendsQuestion) -> ConversionTrends:
    """Returns the visits of each period; raises NotFound, Unavailable, or Invalid, also for too many periods."""
    with rollups_of(site_id) as rollups:
        days = question.days_of(rollups)
        return _answers.remember(question.asked(rollups, days), lambda: _trend(rollups, days, question))


def _trend(rollups: Rollups, days: DayRange, question: ConversionTrendsQuestion) -> ConversionTrends:
    found = trend_of(rollups, days, question, lambda ranges: _figures_of(rollups, question, ranges))
    return ConversionTrends(
        range=Range.of(days),
        complete_to=None,
        period=question.period,
        overall=found.overall,
        comparison=found.comparison,
        data=[ConversionPeriod(**dict(part), **dict(figures)) for part, figures in found.periods],
    )


def _figures_of(rollups: Rollups, question: ConversionTrendsQuestion, ranges: Sequence[DayRange]) -> list[VisitFigures]:
    narrowed(rollups.site, question)
    filters = question.filters_of(rollups.site)
    devices = question.devices(filters)
    if devices is not None:
        return visit_figures(rollups, ranges, devices)
    query = BehaviourQuery(rollups, ranges[0], filters, {}, bots=question.bots == "include")
    return [VisitFigures(**found._asdict()) for found in narrowed_visits(query, ranges)]


def visit_figures(
    rollups: Rollups, ranges: Sequence[DayRange], devices: Collection[Device] = DEVICES
) -> list[VisitFigures]:
    """Returns the figures of some ranges, the first of which holds all others, on some devices."""
    query = {"site_id": rollups.site.site_id, "date": ranges[0].dates}
    found = daily_metrics.read(database(), DayVisits, query, session=rollups.session, batch_size=BATCH)
    known = found.sort([("site_id", 1), ("date", 1)]).to_list()
    dates = [day["date"] for day in known]
    ends = [(each.first.isoformat(), each.last.isoformat()) for each in ranges]
    return [_figures(known[bisect_left(dates, first) : bisect_right(dates, last)], devices) for first, last in ends]


def _figures(days: Sequence[DayVisits], devices: Collection[Device]) -> VisitFigures:
    parts = [day["by_device"][device] for day in days for device in devices if device in day["by_device"]]
    visits = Visits.of(parts)
    return VisitFigures(
        users=people_on(parts),
        sessions=visits.sessions,
        page_views=visits.page_views,
        conversions=visits.conversions,
        session_conversion_rate=visits.conversion_rate,
        bounce_rate=visits.bounce_rate,
        avg_session_seconds=visits.mean_seconds,
    )
