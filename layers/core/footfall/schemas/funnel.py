"""Daily rollups of funnels as they are stored."""

from datetime import datetime
from typing import Literal, NotRequired, TypedDict

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


class StepEntries(TypedDict):
    """Who entered a funnel's step on a local day; `order` is the step's place in the funnel, from 1."""

    date: str
    order: int
    entries: PackedEntries


class DeviceEntries(StepEntries):
    """The same on one device; `ranked` is how many places the day's order has."""

    device: Device
    ranked: int


class FunnelDocument(DeviceEntries):
    """One document of `funnel_analytics`: the entries to a step of a funnel on a local day and device, bots left out.

    A day's own figures are not kept: days do not add up to distinct people over a range. `entries` do, and answer any
    range and window exactly.
    """

    _id: str
    site_id: str
    funnel: str
    step: str


class RollupRun(TypedDict):
    """What the last run did for a site.

    `definition` is what all days there are were computed by. `left` days were still stale when the run ended;
    `people_unknown` events and orders wait for etl/events to store their person. What was taken before `received_to`
    was stored when the run began, and what was taken before `complete_to` is in every day's figures.
    """

    definition: str | None
    ran_at: datetime
    days: int
    events: int
    left: int
    people_unknown: int
    milliseconds: int
    received_to: NotRequired[datetime]
    complete_to: NotRequired[datetime]


class RollupsProgress(TypedDict, total=False):
    """How far the rollups of a site are; nothing before the first."""

    version: str
    definition: str | None
    received_to: datetime
    complete_to: datetime


class CountedDocuments(TypedDict):
    """How many documents a site had at a moment, of the collections in which it has many."""

    at: datetime
    documents: dict[str, int]


class RollupTurn(TypedDict):
    """Which run is at a site's days, by its request id; when that ends unless it is renewed."""

    by: str
    until: datetime


class LastRun(TypedDict, total=False):
    """When the days of a site were computed last; no `ran_at` before the first time."""

    site_id: str
    ran_at: datetime


class RollupFailure(TypedDict):
    """That the rollups of a site fail: since when, when last, and the kind of error."""

    since: datetime
    at: datetime
    error: str


class RollupsDocument(RollupRun):
    """One document of `rollups`: how far the rollups of a site are; `version` changes with every change of one.

    While a run is under way it has its `turn`, and `asked` says that another one was asked for since.
    """

    _id: str
    site_id: str
    version: str
    counted: NotRequired[CountedDocuments]
    turn: NotRequired[RollupTurn]
    asked: NotRequired[bool]
    failing: NotRequired[RollupFailure]
