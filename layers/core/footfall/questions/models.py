"""The question which models a site has, and how its training goes."""

from datetime import datetime
from hashlib import sha256

from pydantic import BaseModel, Field

from footfall.questions.model_figures import in_major_units
from footfall.schemas.model import (
    Choice,
    ModelDocument,
    ModelName,
    ModelState,
    RunState,
    Stage,
    TrainedOn,
    TrainingRunDocument,
)
from footfall.schemas.paging import PagedAnswer, PagedQuestion, paged
from footfall.stores import collections
from footfall.stores.collections import training_runs
from footfall.stores.mongo import Pipeline, answering, database


class ModelQuestion(BaseModel):
    """Which model."""

    name: ModelName


class TrainingRun(BaseModel):
    """One run of the training state machine: how far it is, what each stage found, and how it ended."""

    run_id: str
    version: int = Field(description="what the models that it makes are called; versions grow with time")
    state: RunState = Field(description="how far it is, or how it ended")
    stage: Stage = Field(description="where it is")
    started_at: datetime
    ended_at: datetime | None
    figures: dict[str, dict[str, object]] = Field(
        description="what each stage found; money in major units of the `currency` that `extract` tells"
    )
    reasons: list[str] = Field(default=[], description="why a run was rejected as a whole")
    choices: dict[ModelName, Choice] = Field(
        default={}, description="what was published of each model, and why its challenger was withheld, if so"
    )
    error: dict[str, str] | None = Field(default=None, description="why a run failed")
    restores: int | None = Field(default=None, description="the version that a run put into use again, if it did")

    @classmethod
    def of(cls, run: TrainingRunDocument) -> "TrainingRun":
        """Returns a stored run."""
        return cls(
            run_id=run["run_id"],
            version=run["version"],
            state=run["state"],
            stage=run["stage"],
            started_at=run["started_at"],
            ended_at=run["ended_at"],
            figures={stage: in_major_units(found, _currency(run)) for stage, found in run["figures"].items()},
            reasons=run.get("reasons", []),
            choices=run.get("choices", {}),
            error=run.get("error"),
            restores=run.get("restores"),
        )


def _currency(run: TrainingRunDocument) -> str:
    # a run that has not read anything yet has no money in its figures
    return str(run["figures"].get("extract", {}).get("currency", ""))


class ModelVersion(BaseModel):
    """One version of one model; `details` is what readers of its results need to know, such as its segments' names."""

    name: ModelName
    version: int = Field(description="of the run that made it")
    run_id: str
    state: ModelState = Field(description="whether it was put into use, or withheld")
    champion: bool = Field(description="whether it is the one in use")
    metrics: dict[str, object] = Field(
        description="what its evaluation found; money in major units of the `currency` in `details`"
    )
    details: dict[str, object] = Field(description="what readers of its results need, such as its segments' names")
    created_at: datetime = Field(description="when it was trained")
    restores: int | None = Field(
        default=None, description="the version that was trained, where one stayed in use or was put into use again"
    )
    reasons: list[str] = Field(default=[], description="why it was withheld, if so")
    checksum: str = Field(description="the SHA-256 of the SHA-256 of its files, in the order of their names")
    trained_on: TrainedOn | None = Field(
        description="the days and rows that it was trained on, and by which code; null of one of before 0.1.0"
    )

    @classmethod
    def of(cls, model: ModelDocument, champion: int) -> "ModelVersion":
        """Returns a stored version; `champion` is the version in use."""
        return cls(
            name=model["name"],
            version=model["version"],
            run_id=model["run_id"],
            state=model["state"],
            metrics=in_major_units(model["metrics"], model["details"]["currency"]),
            details={**model["details"]},
            created_at=model["created_at"],
            restores=model.get("restores"),
            champion=model["state"] == "published" and model["version"] == champion,
            reasons=model.get("reasons", []),
            checksum=checksum_of(model),
            trained_on=model.get("trained_on"),
        )


def checksum_of(model: ModelDocument) -> str:
    """Returns one fingerprint of all files of a model."""
    return sha256("".join(file["sha256"] for _, file in sorted(model["artefacts"].items())).encode()).hexdigest()


class Models(PagedAnswer):
    """The newest version of every model, and a page of the training runs."""

    models: list[ModelVersion]
    runs: list[TrainingRun] = Field(description="the newest first; pages and `total` are of these")


@answering()
def answer(site_id: str, question: PagedQuestion) -> Models:
    """Returns the newest version of every model, and a page of the training runs, newest first; raises Unavailable."""
    newest: Pipeline = [
        {"$match": {"site_id": site_id, "state": "published"}},
        {"$sort": {"name": 1, "version": -1}},
        {"$group": {"_id": "$name", "newest": {"$first": "$$ROOT"}}},
        {"$replaceRoot": {"newRoot": "$newest"}},
        {"$sort": {"name": 1}},
    ]
    found = collections.models.aggregate(database(), ModelDocument, newest)
    return Models(
        models=[ModelVersion.of(model, model["version"]) for model in found],
        runs=newest_runs(site_id, question.page_size, question.skip),
        **paged(question, training_runs.count(database(), {"site_id": site_id})),
    )


@answering()
def newest_runs(site_id: str, limit: int, skip: int = 0) -> list[TrainingRun]:
    """Returns a site's newest training runs, the newest first; raises Unavailable."""
    newest = training_runs.of(database()).find({"site_id": site_id}).sort("started_at", -1).skip(skip).limit(limit)
    return [TrainingRun.of(run) for run in newest]
