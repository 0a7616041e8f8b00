"""Routes of the models' registry that change what is in use, and that say whether it still fits."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from footfall.clock import now
from footfall.customers.stability import index_by_chance, stability_index, verdict
from footfall.errors import Conflict, NotFound
from footfall.http.app import PROBLEMS, AdminSite, ReadSite
from footfall.models import registry as models
from footfall.models import runs
from footfall.models.populations import counted
from footfall.models.table import model_named
from footfall.schemas.model import ModelDocument, ModelName
from footfall.schemas.operations import Drift, ModelHealth, RestoreStarted
from footfall.schemas.population import Feature
from footfall.sites import find_site
from footfall.stores.mongo import answering, database
from pymongo.errors import ExecutionTimeout

from .training import start_restoring

router = APIRouter()
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {**PROBLEMS[422], "description": "In use already, nothing to go back to, or a run is under way"}
}
STALE_DAYS = 7
"""Training runs daily: a model of last week means that it has not succeeded for a while."""
DRIFT_MILLISECONDS = 5_000


@router.post("/api/models/{name}/promote", status_code=202, responses=CONFLICT)
def promote(
    site_id: AdminSite,
    name: ModelName,
    version: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="A version that was published; without it the newest")
    ] = None,
) -> RestoreStarted:
    """Put a version that was published before into use again, with all models that were trained with it.

    It is published anew, from its own files, under a newer version: `/api/models` says when it is in use.
    """
    with answering():
        current = _in_use(site_id, name)
        if version is None:
            wanted = models.trained_last(database(), site_id, name)
        else:
            wanted = models.published(database(), site_id, name, version)
        if wanted is None:
            raise NotFound("no such version of this model was ever published")
        return _restore(site_id, models.origin_of(wanted), current)


@router.post("/api/models/{name}/rollback", status_code=202, responses=CONFLICT)
def rollback(site_id: AdminSite, name: ModelName) -> RestoreStarted:
    """Put into use again what was trained before the version in use, with all models that were trained with it.

    It is published anew, from its own files, under a newer version; the next training publishes its own as ever.
    """
    with answering():
        current = _in_use(site_id, name)
        earlier = models.trained_last(database(), site_id, name, before=models.origin_of(current))
        if earlier is None:
            raise Conflict("nothing was trained before the version in use")
        return _restore(site_id, earlier["version"], current)


@router.get("/api/models/{name}/health")
def model_health(site_id: ReadSite, name: ModelName) -> ModelHealth:
    """How old the model in use is, how good it was when it was trained, and how far its data have moved since."""
    with answering():
        model = _in_use(site_id, name)
        drift = _drift(site_id, model)
    age = (now() - model["created_at"]).total_seconds() / 86_400
    shifted = [found.feature for found in drift or [] if found.verdict == "shifted"]
    reasons = {
        f"another population than it was trained on: {', '.join(shifted)}": bool(shifted),
        f"trained more than {STALE_DAYS} days ago": age > STALE_DAYS,
    }
    return ModelHealth(
        name=name,
        version=model["version"],
        restores=model.get("restores"),
        status="drifting" if shifted else "stale" if age > STALE_DAYS else "healthy",
        reasons=[reason for reason, holds in reasons.items() if holds],
        trained_at=model["created_at"],
        age_days=round(age, 2),
        metrics=model["metrics"],
        drift=drift,
    )


def _in_use(site_id: str, name: ModelName) -> ModelDocument:
    model = models.in_use(database(), site_id, name)
    if model is None:
        raise NotFound("this model was never published")
    return model


def _restore(site_id: str, version: int, current: ModelDocument) -> RestoreStarted:
    if version == models.origin_of(current):
        raise Conflict("this version is in use")
    if runs.kept(database(), site_id, version) is None:
        raise Conflict("what this version was published from was not kept")
    made = models.of_version(database(), site_id, version)
    return start_restoring(site_id, version, sorted(model["name"] for model in made))


def _drift(site_id: str, model: ModelDocument) -> list[Drift] | None:
    """Each feature that the model learnt from, compared; nothing for a model from before populations were kept."""
    site, population = find_site(database(), site_id), model.get("population")
    if site is None or population is None:
        return []
    try:
        found = counted(database(), site, population, model_named(model["name"]).learns_from, DRIFT_MILLISECONDS)
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
