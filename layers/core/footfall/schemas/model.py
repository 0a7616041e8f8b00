"""Models, and the training runs that make them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, NotRequired, Self, TypedDict

from pydantic import BaseModel, model_validator

from footfall.schemas.customer import RiskLevel
from footfall.schemas.population import OF_CUSTOMERS, OF_VISITS, Feature, Population

ModelName = Literal["rfm", "behaviour_segments", "behaviour_vectors", "lifetime", "churn", "propensity"]
SegmentingModel = Literal["rfm", "behaviour_segments"]
LifetimeKind = Literal["pareto_nbd", "bg_nbd", "pooled"]
ChurnKind = Literal["recency", "pareto_nbd", "logistic", "boosting"]
LEARNS_FROM: Mapping[ModelName, tuple[Feature, ...]] = {
    "rfm": OF_CUSTOMERS,
    "behaviour_segments": (*OF_CUSTOMERS, *OF_VISITS),
    "behaviour_vectors": OF_VISITS,
    "lifetime": OF_CUSTOMERS,
    "churn": (*OF_CUSTOMERS, *OF_VISITS),
    "propensity": OF_VISITS,
}
"""What each model learns from: it drifts as these features move."""
Stage = Literal["extract", "fit", "evaluate", "publish"]
HabitKind = Literal["page", "event", "category"]
ScoredBy = Literal["ranks", "limits"]
"""How the RFM scores were found: among all customers, or, of too few, by limits that are the same in every shop."""
Verdict = Literal["stable", "moving", "shifted", "too_little_data"]
RunState = Literal["running", "published", "rejected", "superseded", "failed"]
Figures = dict[str, object]
"""What a stage found, by name: numbers, and groups of numbers."""


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
    """What extract hands on: the files that models are fitted on, and the models to fit."""

    facts: Facts
    artefacts: dict[str, Artefact]
    models: list[ModelName]


class ModelToFit(BaseModel):
    """What fit is given: one model of a run."""

    run: Extracted
    model: ModelName


class Fitted(BaseModel):
    """What fit hands on of one model.

    `work` are files that the run alone reads; `artefacts` those that the published model is used from, and `details`
    those of its details, all of them by name.
    """

    model: ModelName
    work: dict[str, Artefact]
    artefacts: dict[str, Artefact]
    details: dict[str, Artefact]
    figures: Figures


class AllFitted(Extracted):
    """What evaluate is given: every model of a run, in the order of the table of models."""

    fitted: list[Fitted]

    @model_validator(mode="after")
    def _has_every_model(self) -> Self:
        if [fitted.model for fitted in self.fitted] != self.models:
            raise ValueError("not every model was fitted")
        return self


class Evaluated(AllFitted):
    """What evaluate hands on: whether the models are good enough to publish, and if not, why."""

    accepted: bool
    reasons: list[str]
    metrics: dict[str, Figures]


class Ended(BaseModel):
    """How a run ended; what the state machine answers for each site."""

    site_id: str
    run_id: str
    state: RunState


class Habit(TypedDict):
    """What a larger share of a segment's customers did than of the others.

    `customers` and `others` are how many of each did it; `lift` is the ratio of the shares, from `low` to `high`.
    """

    kind: HabitKind
    name: str
    customers: int
    others: int
    lift: float
    low: float
    high: float


class BehaviourSegment(TypedDict):
    """A group of customers who shop alike; `deviations` of each trait from the mean, in standard deviations.

    `stability` says how much of it is found again among other customers, from 0 to 1, and `habits` what its customers
    do more often than others; a model of before 0.1.0 says neither.
    """

    name: str
    customers: int
    deviations: dict[str, float]
    stability: NotRequired[float]
    habits: NotRequired[list[Habit]]


class SegmentSums(TypedDict):
    """What the customers of a segment add up to; money in minor units, `days` since their last orders."""

    name: str
    customers: int
    revenue: int
    refunds: int
    orders: int
    days: int


class RiskSums(TypedDict):
    """The customers at a level of risk, and what they have brought so far, in minor units."""

    risk_level: RiskLevel
    customers: int
    revenue: int


class ValueSums(TypedDict):
    """The customers in the bin of predicted value that begins at `low`, and their values together, in minor units."""

    low: int
    customers: int
    predicted: int


class LifetimeDetails(TypedDict):
    """How lifetime values of the next `days` were found: by which kind of model, and its parameters by model and name.

    `degraded` where it is not the first choice, and `reason` says why.
    """

    kind: LifetimeKind
    days: int
    parameters: dict[str, dict[str, float]]
    degraded: bool
    reason: str | None


class ChurnDetails(TypedDict):
    """How chances were found not to buy within `horizon_days`: by which kind of model, learnt as of which days.

    `kind` is None, and `degraded` true, where the shop is too small for a model; `reason` says why.
    """

    kind: ChurnKind | None
    horizon_days: int
    learnt_as_of: list[str]
    degraded: bool
    reason: str | None


class Scorer(TypedDict):
    """What a session's chance of an order is scored with after its first `events`: the parts of a logit.

    `share` weighs each kind of event by its share, `last` the kind of the last one, `device` and `source` what the
    first view tells, and `seconds` how long they took. Each has `other` for what is not named.
    """

    events: int
    intercept: float
    share: dict[str, float]
    last: dict[str, float]
    device: dict[str, float]
    source: dict[str, float]
    seconds: float


class PropensityDetails(TypedDict):
    """The scorers that were better than their baselines; `degraded` where none was, and `reason` says why."""

    scorers: list[Scorer]
    degraded: bool
    reason: str | None


class ToldDetails(TypedDict, total=False):
    """What a model tells its readers of itself."""

    segments: list[BehaviourSegment]
    lifetime: LifetimeDetails
    churn: ChurnDetails
    scored_by: ScoredBy
    propensity: PropensityDetails


class ModelDetails(ToldDetails):
    """What readers need to know of a model: also what it was trained on."""

    as_of: str
    currency: str
    time_zone: str


class ModelDocument(TypedDict):
    """One version of one model.

    `population` is how customers and visits were spread when it was trained. `segments` are what the customers add up
    to of each segment it puts them into, as they were published with it; `risks` and `values`, of the model `rfm`
    alone, how what other models foresaw is spread over them. `restores` is the version whose files these are, where one
    that was trained earlier was put into use again.
    """

    _id: str
    site_id: str
    name: ModelName
    version: int
    run_id: str
    state: Literal["published"]
    metrics: Figures
    details: ModelDetails
    artefacts: dict[str, dict[str, str]]
    created_at: datetime
    population: NotRequired[Population]
    segments: NotRequired[list[SegmentSums]]
    risks: NotRequired[list[RiskSums]]
    values: NotRequired[list[ValueSums]]
    restores: NotRequired[int]


class RunStart(TypedDict):
    """When a training run began."""

    started_at: datetime


class KeptRun(TypedDict):
    """What publish was given, from which it can put the same models into use again."""

    evaluated: NotRequired[Mapping[str, object]]


class TrainingRunDocument(RunStart, KeptRun):
    """One run of the training state machine for one site: how far it is, what it found, and why it ended.

    `restores` is the version that a run put into use again instead of training.
    """

    _id: str
    site_id: str
    run_id: str
    version: int
    state: RunState
    stage: Stage
    updated_at: datetime
    ended_at: datetime | None
    figures: dict[str, Figures]
    restores: NotRequired[int]
    reasons: NotRequired[list[str]]
    error: NotRequired[dict[str, str]]
