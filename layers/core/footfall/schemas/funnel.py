"""Funnels: their daily rollups as stored, and the answers to questions about them."""

from datetime import date, datetime
from typing import Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from footfall.schemas.range import Answer

Device = Literal["Desktop", "Mobile", "Tablet", "Other"]
DEVICES: tuple[Device, ...] = ("Desktop", "Mobile", "Tablet", "Other")


class PackedEntries(TypedDict):
    """Every entry to one step on one day and device, as columns of little-endian 32-bit numbers.

    `people` are dense user ids; `ranks` the entries' places in the day's order, which all steps and devices of the day
    share; `milliseconds` count from the day's beginning.
    """

    count: int
    people: bytes
    ranks: bytes
    milliseconds: bytes


class FunnelDocument(TypedDict):
    """One document of `funnel_analytics`: a step of a funnel on a local day and device, bots left out.

    `users` went through the funnel this far within this day, beginning on this device; `drop_off` are those who reached
    the step before and not this one, `avg_seconds` what it took from there. Days do not add up to distinct people over
    a range; `entries` do: they answer any range and window exactly. `ranked` is how many places the day's order has.
    """

    _id: str
    site_id: str
    date: str
    device: Device
    funnel: str
    step: str
    order: int
    users: int
    conversion_rate: float
    drop_off: int
    avg_seconds: float | None
    ranked: int
    entries: PackedEntries


class FunnelStep(BaseModel):
    """How many people reached one step. Rates in percent with two decimals, 0 where nobody could have."""

    name: str = Field(description="The step: a page type or event name, `a|b` is either", examples=["search"])
    order: int = Field(description="Its place in the funnel, from 1", examples=[2])
    users: int = Field(description="Distinct people (or sessions) that reached it", examples=[45200])
    conversion_rate: float = Field(description="Of those who entered the funnel, in percent", examples=[50.0])
    step_conversion_rate: float = Field(description="Of those who reached the step before, in percent", examples=[50.0])
    drop_off: int = Field(description="Those who reached the step before and not this one", examples=[45200])
    drop_off_rate: float = Field(
        description="The same of those who reached the step before, in percent", examples=[50.0]
    )
    avg_seconds: float | None = Field(
        description="Mean time from the step before; null for the first step and where nobody went on", examples=[41.2]
    )
    median_seconds: float | None = Field(description="Median of the same times", examples=[30.0])
    p90_seconds: float | None = Field(description="Nine in ten were quicker", examples=[95.5])
    revenue: float | None = Field(
        description="Orders placed in the range by those who reached the step, before refunds, in major units of"
        " `currency`; orders in other currencies are left out; null for `unit=session`",
        examples=[1250.5],
    )


class FunnelBreakdown(BaseModel):
    """The same funnel for those who began it on one device; nobody is in two of them."""

    value: str = Field(examples=["Mobile"])
    steps: list[FunnelStep]
    overall_conversion_rate: float


class FunnelAnswer(Answer):
    """Who went how far, as distinct people over the whole range."""

    funnel: str | None = Field(description="The funnel's name; null for a question's own `steps`", examples=["default"])
    unit: Literal["user", "session"] = Field(description="What is counted")
    steps: list[FunnelStep]
    overall_conversion_rate: float = Field(description="Last step of first step, in percent", examples=[0.5])
    currency: str = Field(description="Of `revenue`", examples=["GBP"])
    breakdowns: list[FunnelBreakdown] = Field(description="Empty without `breakdown`")


class TrendAnomaly(BaseModel):
    """A step's rate that is far from what the periods before it let expect."""

    date: date
    step: str
    step_before: str
    rate: float = Field(description="Step conversion rate of the period, in percent", examples=[20.1])
    expected_rate: float = Field(description="Median of the periods before, in percent", examples=[80.0])
    deviation: float = Field(description="Distance in standard deviations, negative for a fall", examples=[-11.4])
    kind: Literal["shift", "spike"] = Field(
        description="`shift`: the rate stayed there, and later periods are compared with the new level;"
        " `spike`: it did not, or not yet"
    )


class TrendStep(BaseModel):
    """One step in one period."""

    name: str
    order: int
    users: int
    conversion_rate: float
    step_conversion_rate: float
    anomaly: Literal["shift", "spike"] | None = Field(description="Set where the step conversion rate is marked")


class TrendPeriod(BaseModel):
    """The funnel of one day, week or month by itself: only what happened on its days."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="date", description="First day of the period that lies in the range")
    last: date = Field(alias="last_date", description="Its last day in the range, counted")
    steps: list[TrendStep]
    overall_conversion_rate: float


class TrendAnswer(Answer):
    """A funnel over time. Each period equals the answer of /api/funnel for its days."""

    funnel: str | None
    period: Literal["day", "week", "month"]
    data: list[TrendPeriod]
    anomalies: list[TrendAnomaly] = Field(
        description="Periods whose step conversion rate is 3.5 or more standard deviations away from the median of up"
        " to 28 periods before it, by the larger of those periods' robust deviation and the binomial one"
    )


class RollupRun(TypedDict):
    """What the last run did for a site.

    `definition` is what all days there are were computed by. `left` days were still stale when the run ended;
    `people_unknown` events and orders wait for etl/events to store their person.
    """

    definition: str | None
    ran_at: datetime
    days: int
    events: int
    left: int
    people_unknown: int
    milliseconds: int


class RollupsDocument(RollupRun):
    """One document of `rollups`: how far the rollups of a site are; `version` changes with every change of one."""

    _id: str
    site_id: str
    version: str
