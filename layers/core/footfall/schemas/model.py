"""Models, and the training runs that make them."""

from datetime import date, datetime
from typing import Any, Literal, NotRequired, TypedDict

from pydantic import BaseModel

from footfall.schemas.population import Population

ModelName = Literal["rfm", "behaviour_segments", "behaviour_vectors"]
MODEL_NAMES: tuple[ModelName, ...] = ("rfm", "behaviour_segments", "behaviour_vectors")
Stage = Literal["extract", "fit", "evaluate", "publish"]
Verdict = Literal["stable", "moving", "shifted", "too_little_data"]
RunState = Literal["running", "published", "rejected", "superseded", "failed"]


class Artefact(BaseModel):
    """A file in the artefacts bucket, and the fingerprint it must have when it is read."""

    key: str
    sha256: str


class Run(BaseModel):
    """Which training run a state works for; `version` is what the models it makes will be called.

    Versions grow with time: the millisecond at which the run began.
    """

    site_id: str
    run_id: str
    version: int


class OrderTotals(BaseModel):
    """How many priced orders known people placed, and what they add up to in minor units."""

    orders: int
    revenue: int


class Facts(BaseModel):
    """What was read: how much, in which currency and time zone, and the local day that recency counts from.

    `before` and `after` are the store's own sums from before and after reading; a shop goes on selling meanwhile.
    """

    people: int
    customers: int
    currency: str
    time_zone: str
    as_of: date | None
    before: OrderTotals
    after: OrderTotals


class Extracted(Run):
    """What extract hands on: the features of everybody on the site, and of every page."""

    facts: Facts
    features: Artefact
    pages: Artefact


class Fitted(Extracted):
    """What fit hands on: the projection, everybody's and the pages' vectors, the customers' scores and segments."""

    projection: Artefact
    vectors: Artefact
    page_vectors: Artefact
    customers: Artefact
    segments: Artefact
    figures: dict[str, Any]


class Evaluated(Fitted):
    """What evaluate hands on: whether the models are good enough to publish, and if not, why."""

    accepted: bool
    reasons: list[str]
    metrics: dict[str, dict[str, Any]]


class Ended(BaseModel):
    """How a run ended; what the state machine answers for each site."""

    site_id: str
    run_id: str
    state: RunState


class ModelDocument(TypedDict):
    """One version of one model. `details` is what readers need to know of it, such as the names of its segments.

    `population` is how customers and visits were spread when it was trained. `restores` is the version whose files
    these are, where one that was trained earlier was put into use again.
    """

    _id: str
    site_id: str
    name: ModelName
    version: int
    run_id: str
    state: Literal["published"]
    metrics: dict[str, Any]
    details: dict[str, Any]
    artefacts: dict[str, dict[str, str]]
    created_at: datetime
    population: NotRequired[Population]
    restores: NotRequired[int]


class TrainingRunDocument(TypedDict):
    """One run of the training state machine for one site: how far it is, what it found, and why it ended.

    `evaluated` is what publish was given, from which it can put the same models into use again; `restores` the version
    that a run put into use again instead of training.
    """

    _id: str
    site_id: str
    run_id: str
    version: int
    state: RunState
    stage: Stage
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    figures: dict[str, dict[str, Any]]
    evaluated: NotRequired[dict[str, Any]]
    restores: NotRequired[int]
    reasons: NotRequired[list[str]]
    error: NotRequired[dict[str, str]]
