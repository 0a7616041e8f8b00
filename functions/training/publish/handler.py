"""training/publish: scores into MongoDB and vectors into Milvus, in place of those of the run before."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from footfall.aws.invocations import LambdaContext
from footfall.errors import NotFound
from footfall.models import registry, runs
from footfall.models.populations import measured
from footfall.models.table import trained
from footfall.models.trained import Trained
from footfall.observability import telling_codes
from footfall.schemas.model import Ended, Evaluated, ModelDocument, ModelName, RunState
from footfall.sites import get_site
from footfall.stores.mongo import answering, database
from pydantic import BaseModel, Field

from . import embeddings, recommendations
from .customers import customers_of, replace
from .index_recall import check_recall
from .versions import again, models_of, with_totals


class Restoration(BaseModel):
    """Which version to put into use again, in which run."""

    site_id: str
    run_id: str
    restore: int


class Failure(BaseModel):
    """What Step Functions tells of the error that ended a run."""

    error: str = Field(alias="Error")
    cause: str = Field(alias="Cause")


class FailedRun(BaseModel):
    """Which run failed, and why."""

    site_id: str
    run_id: str
    error: Failure


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Publish what a run made; or, given a version to `restore`, that one again; or note the `error` that ended one.

    Given what to `check`, look how many true neighbours the index of vectors finds.
    """
    with answering():
        if "check" in event:
            return check_recall()
        return _ended(event).model_dump(mode="json")


def _ended(event: Mapping[str, object]) -> Ended:
    if "restore" in event:
        asked = Restoration.model_validate(event)
        return restore(asked.site_id, asked.run_id, asked.restore)
    if "error" in event:
        failed = FailedRun.model_validate(event)
        runs.fail(database(), failed.site_id, failed.run_id, failed.error.error, failed.error.cause)
        return Ended(site_id=failed.site_id, run_id=failed.run_id, state="failed")
    return publish(Evaluated.model_validate(event))


def publish(run: Evaluated) -> Ended:
    """Put a run's models into use, unless a newer run was quicker; done twice, it is as done once."""
    newest = registry.in_use(database(), run.site_id, "behaviour_vectors")
    overtaken = newest is not None and newest["version"] > run.version
    if not overtaken:
        runs.enter(database(), run, "publish")
        runs.keep(database(), run)
        made = models_of(run, measured(database(), get_site(database(), run.site_id)))
        _replace_everything(run, made, runs.started_at(database(), run))
    state: RunState = "superseded" if overtaken else "published"
    runs.end(database(), run, state)
    return Ended(site_id=run.site_id, run_id=run.run_id, state=state)


def restore(site_id: str, run_id: str, version: int) -> Ended:
    """Put models that were trained earlier into use again, as a version of their own; raises NotFound without them.

    Versions only ever grow, so readers, the vectors' writer and runs that go on meanwhile see nothing but a newer one.
    """
    given, made = runs.kept(database(), site_id, version), registry.of_version(database(), site_id, version)
    if given is None or not made:
        raise NotFound(f"nothing was kept of version {version}")
    since = runs.started_at(database(), given)
    run = given.model_copy(update=runs.begin(database(), site_id, run_id).model_dump())
    runs.enter(database(), run, "publish")
    runs.keep(database(), run, restores=version)
    _replace_everything(run, again(run, made), since)
    runs.end(database(), run, "published")
    return Ended(site_id=site_id, run_id=run_id, state="published")


def _replace_everything(run: Evaluated, made: Sequence[ModelDocument], since: datetime) -> None:
    # new vectors are stored, then the models switched, then what is old removed, so that answers never go missing;
    # whoever was on the site `since` the features began to be read is projected again
    models = trained(run)
    vectors = models["behaviour_vectors"]
    found = customers_of(run, vectors.extracted["features"], models)
    totals = replace(database(), run.site_id, run.version, found)
    pages = embeddings.store(run, vectors)
    recommended = _recommend(run, models, made)
    registry.publish(database(), with_totals(made, totals))
    embeddings.catch_up(run, vectors, since)
    embeddings.remove_older(run)
    figures = {"customers": run.facts.customers, "vectors": run.facts.people, "page_vectors": pages}
    runs.note(database(), run, "publish", {**figures, "recommended_to": recommended})


def _recommend(run: Evaluated, models: Mapping[ModelName, Trained], made: Sequence[ModelDocument]) -> int:
    # what was trained before 0.1.0 has no recommendations: those that are there stay
    told = [model for model in made if model["name"] == "recommendations"]
    return sum(recommendations.replace(database(), run, models[model["name"]], model) for model in told)
