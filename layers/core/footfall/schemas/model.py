"""Models, and the training runs that make them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal, NotRequired, Self, TypedDict

from pydantic import BaseModel, Field, model_validator

from footfall.schemas.customer import RiskLevel
from footfall.schemas.population import OF_CUSTOMERS, OF_VISITS, Feature, Population
from footfall.schemas.recommendation import WalkSettings

ModelName = Literal[
    "rfm", "behaviour_segments", "behaviour_vectors", "lifetime", "churn", "recommendations", "propensity"
]
SegmentingModel = Literal["rfm", "behaviour_segments"]
LifetimeKind = Literal["pareto_nbd", "bg_nbd", "pooled"]
ChurnKind = Literal["recency", "pareto_nbd", "logistic", "boosting"]
LEARNS_FROM: Mapping[ModelName, tuple[Feature, ...]] = {
    "rfm": OF_CUSTOMERS,
    "behaviour_segments": (*OF_CUSTOMERS, *OF_VISITS),
    "behaviour_vectors": OF_VISITS,
    "lifetime": OF_CUSTOMERS,
    "churn": (*OF_CUSTOMERS, *OF_VISITS),
    "recommendations": (*OF_CUSTOMERS, *OF_VISITS),
    "propensity": OF_VISITS,
}
"""What each model learns from: it drifts as these features move."""
Stage = Literal["extract", "fit", "evaluate", "publish", "score"]
HabitKind = Literal["page", "event", "category"]
ScoredBy = Literal["ranks", "limits"]
"""How the RFM scores were found: among all customers, or, of too few, by limits that are the same in every shop."""
Verdict = Literal["stable", "moving", "shifted", "too_little_data"]
ModelState = Literal["published", "withheld"]
RunState = Literal["running", "published", "rejected", "superseded", "failed"]
PARAMETERS = "parameters"
"""The file of a model by which, and by its other files, it is applied again."""
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
    """What was read: how much, of which days, in which currency and time zone.

    Recency counts from the local day `as_of`; `first_day` is the first with an order or a visit. `before` and `after`
    are the store's own sums from before and after reading; a shop goes on selling meanwhile.
    """

    people: int
    customers: int
    currency: str
    time_zone: str
    visits: int
    orders: int
    first_day: date | None
    as_of: date | None
    before: OrderTotals
    after: OrderTotals


class InUse(BaseModel):
    """A model in use, the champion: the version that was trained, and its files, by name."""

    version: int
    artefacts: dict[str, Artefact]


class Extracted(Run):
    """What extract hands on: the files that models are fitted on, the models to fit, and the champions there are.

    Where a version is to be put into use again, which `restores` says, its models are the champions; none is fitted.
    """

    facts: Facts
    artefacts: dict[str, Artefact]
    models: list[ModelName]
    champions: dict[ModelName, InUse] = {}
    restores: int | None = None


class ModelToFit(BaseModel):
    """What fit is given: one model of a run; with the `error` that its fit ended in, only the champion is looked at."""

    run: Extracted
    model: ModelName
    error: "Failure | None" = None


class Failure(BaseModel):
    """What Step Functions tells of the error that ended a state."""

    error: str = Field(alias="Error")
    cause: str = Field(alias="Cause")


class Candidate(BaseModel):
    """A model as it is on a run's data: `restores` is the version that was trained, of a champion.

    `work` are files that the run alone reads; `artefacts` those that the published model is used from, and `details`
    those of its details, all of them by name.
    """

    work: dict[str, Artefact]
    artefacts: dict[str, Artefact]
    details: dict[str, Artefact]
    figures: Figures
    restores: int | None = None


class Fitted(BaseModel):
    """What fit hands on of one model: the challenger that was fitted, and the champion on the same data.

    Either is None where there is none, and the `problems` say what went wrong with it.
    """

    model: ModelName
    challenger: Candidate | None
    champion: Candidate | None
    problems: list[str]


class AllFitted(Extracted):
    """What evaluate is given: every model of a run, in the order of the table of models."""

    fitted: list[Fitted]

    @model_validator(mode="after")
    def _has_every_model(self) -> Self:
        if [fitted.model for fitted in self.fitted] != self.models:
            raise ValueError("not every model was fitted")
        return self


class Choice(TypedDict):
    """Which of a model's candidates is published, and why the challenger is not, if so.

    `figure` is what decides between the two where both have it, as it is of each on the latest window.
    """

    published: Annotated[
        Literal["challenger", "champion"] | None, Field(description="Which is put into use; null for neither")
    ]
    reasons: Annotated[list[str], Field(description="Why the challenger is not")]
    figure: Annotated[str | None, Field(description="The metric that decides; null where only one has it")]
    challenger: Annotated[float | None, Field(description="That metric of the newly trained one")]
    champion: Annotated[float | None, Field(description="That metric of the one in use, on the same days")]


class Chosen(BaseModel):
    """One model of a run after the choice: what is published of it, and the challenger where that is withheld."""

    model: ModelName
    choice: Choice
    published: Candidate | None
    metrics: Figures
    withheld: Candidate | None = None
    withheld_metrics: Figures = {}


class Evaluated(Extracted):
    """What evaluate hands on: what was chosen of each model; where nothing can be published, the reasons."""

    accepted: bool
    reasons: list[str]
    chosen: list[Chosen]


class Shard(BaseModel):
    """Customers from the one numbered `start` to before `stop`, to be scored together."""

    start: int
    stop: int


class Published(Run):
    """What publish hands on: how the run goes on, and in which shards the customers are scored."""

    state: "RunState"
    shards: list[Shard]


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
    walk: WalkSettings
    propensity: PropensityDetails


class ModelDetails(ToldDetails):
    """What readers need to know of a model: also what it was trained on."""

    as_of: str
    currency: str
    time_zone: str


class TrainedOn(TypedDict):
    """What a model was trained on: the days from `first` to `last`, how many rows of each kind, and by which code."""

    first: Annotated[str | None, Field(description="The first day")]
    last: Annotated[str | None, Field(description="The last day")]
    rows: Annotated[dict[str, int], Field(description="How many there were of each kind")]
    code_version: Annotated[str, Field(description="Of the code that trained it")]


class ModelDocument(TypedDict):
    """One version of one model; of one that is `withheld`, `reasons` say why it was not put into use.

    It was trained at `created_at`; its `metrics` were found at `judged_at`, by the run that published it.

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
    state: ModelState
    metrics: Figures
    details: ModelDetails
    artefacts: dict[str, dict[str, str]]
    created_at: datetime
    population: NotRequired[Population]
    segments: NotRequired[list[SegmentSums]]
    risks: NotRequired[list[RiskSums]]
    values: NotRequired[list[ValueSums]]
    restores: NotRequired[int]
    trained_on: NotRequired[TrainedOn]
    judged_at: NotRequired[datetime]
    reasons: NotRequired[list[str]]


class RunStart(TypedDict):
    """When a training run began."""

    started_at: datetime


class KeptRun(TypedDict):
    """What publish was given: scoring and what comes after it go by the same."""

    evaluated: NotRequired[Mapping[str, object]]


class TrainingRunDocument(RunStart, KeptRun):
    """One run of the training state machine for one site: how far it is, what it found, and why it ended.

    `restores` is the version that a run put into use again instead of training; `choices` are what it publishes.
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
    choices: NotRequired[dict[ModelName, Choice]]
    error: NotRequired[dict[str, str]]
