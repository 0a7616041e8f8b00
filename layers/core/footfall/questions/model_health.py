"""The question whether the model in use still fits: its age, and how far what it was trained on has moved."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field
from pymongo.errors import ExecutionTimeout

from footfall.clock import now
from footfall.customers.stability import index_by_chance, stability_index, verdict
from footfall.errors import NotFound
from footfall.models.populations import counted
from footfall.models.registry import in_use
from footfall.questions.model_figures import in_major_units
from footfall.questions.models import ModelQuestion
from footfall.schemas.model import LEARNS_FROM, ModelDocument, ModelName, Verdict
from footfall.schemas.population import Feature
from footfall.sites import find_site
from footfall.stores.mongo import answering, database

STALE_DAYS = 7
"""Training runs daily: a model that none has looked at for a week means that it has not succeeded for a while."""
DRIFT_MILLISECONDS = 5_000


class Drift(BaseModel):
    """How far one feature of customers or visits has moved since a model was trained on it."""

    feature: str = Field(description="what was measured", examples=["recency"])
    index: float = Field(description="population stability index: Σ (q − p) · ln(q / p) over bins", examples=[0.04])
    by_chance: float = Field(
        description="what the index reaches by chance in one case of twenty, although nothing has changed",
        examples=[0.02],
    )
    then: int = Field(description="how many customers or visits the model was trained on", examples=[4338])
    now: int = Field(description="how many customers there are now, or visits since", examples=[4402])
    verdict: Verdict = Field(
        description="`moving` from 0.1, `shifted` from 0.25, and only above chance; `too_little_data` below 100"
    )


class ModelHealth(BaseModel):
    """Whether a model still fits: how old it is, how good it was, and how far what it was trained on has moved."""

    name: ModelName
    version: int = Field(description="the one in use")
    restores: int | None = Field(description="the version whose files these are, where one was put into use again")
    status: Literal["healthy", "stale", "drifting"] = Field(description="drifting before stale")
    reasons: list[str] = Field(description="why it is not healthy")
    trained_at: datetime
    age_days: float = Field(description="since it was trained", examples=[0.6])
    metrics: dict[str, object] = Field(
        description="what the latest training that looked at it found; money in major units of the currency of then"
    )
    drift: list[Drift] | None = Field(description="null when counting takes longer than five seconds")


@answering()
def answer(site_id: str, question: ModelQuestion) -> ModelHealth:
    """Returns how the model in use fits; raises NotFound where none was ever published, or Unavailable."""
    model = in_use(database(), site_id, question.name)
    if model is None:
        raise NotFound("this model was never published")
    drift = _drift(site_id, model)
    age_days = (now() - model["created_at"]) / timedelta(days=1)
    unwatched = (now() - model.get("judged_at", model["created_at"])) / timedelta(days=1)
    shifted = [found.feature for found in drift or [] if found.verdict == "shifted"]
    reasons = {
        f"another population than it was trained on: {', '.join(shifted)}": bool(shifted),
        f"no training has looked at it for more than {STALE_DAYS} days": unwatched > STALE_DAYS,
    }
    return ModelHealth(
        name=question.name,
        version=model["version"],
        restores=model.get("restores"),
        status="drifting" if shifted else "stale" if unwatched > STALE_DAYS else "healthy",
        reasons=[reason for reason, holds in reasons.items() if holds],
        trained_at=model["created_at"],
        age_days=round(age_days, 2),
        metrics=in_major_units(model["metrics"], model["details"]["currency"]),
        drift=drift,
    )


def _drift(site_id: str, model: ModelDocument) -> list[Drift] | None:
    # a model from before populations were kept has none
    site, population = find_site(database(), site_id), model.get("population")
    if site is None or population is None:
        return []
    try:
        found = counted(database(), site, population, LEARNS_FROM[model["name"]], DRIFT_MILLISECONDS)
    except ExecutionTimeout:
        return None
    return [_compared(feature, population["spreads"][feature]["counts"], counts) for feature, counts in found.items()]


def _compared(feature: Feature, then: list[int], counts: list[int]) -> Drift:
    index = stability_index(then, counts)
    by_chance = index_by_chance(len(then), sum(then), sum(counts))
    return Drift(
        feature=feature,
        index=round(index, 4),
        by_chance=round(by_chance, 4),
        then=sum(then),
        now=sum(counts),
        verdict=verdict(index, by_chance, sum(counts)),
    )
