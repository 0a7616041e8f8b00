"""training/publish: scores into MongoDB and vectors into Milvus, in place of those of the run before.

Its steps are states of infra/training.asl.yaml: `publish` what was chosen, `score` each shard of customers, `finish` or
`fail`; and `check` is the nightly look at the index of vectors.
"""

from collections.abc import Callable, Mapping

from footfall.aws.invocations import LambdaContext
from footfall.errors import FootfallError
from footfall.models import registry, runs
from footfall.models.populations import measured
from footfall.models.table import published
from footfall.observability import telling_codes
from footfall.schemas.model import Ended, Evaluated, Failure, Published, Run, Shard
from footfall.sites import get_site
from footfall.stores.mongo import answering, database
from pydantic import BaseModel

from . import embeddings, recommendations
from .customers import customers_of, remove_older, replace, shards_of, totals_of
from .index_recall import check_recall
from .versions import models_of, with_totals, withheld_of

Event = Mapping[str, object]


class ShardOfRun(BaseModel):
    """Which customers of which run to score."""

    run: Run
    shard: Shard


class Scored(BaseModel):
    """How many customers of a shard were scored."""

    customers: int = 0


class ScoredRun(BaseModel):
    """Which run was scored, and how many customers in each shard."""

    run: Run
    scored: list[Scored]


class NotAllScored(FootfallError):
    """Raised when a shard of a run was not scored."""

    title = "Not all scored"


class FailedRun(BaseModel):
    """Which run failed, and why."""

    site_id: str
    run_id: str
    error: Failure


@telling_codes
def handler(event: Event, context: LambdaContext) -> dict[str, object]:
    """Do one step; returns what the next needs."""
    with answering():
        return STEPS[str(event["step"])](event)


def publish(run: Evaluated) -> Published:
    """Put the lists of a run in place, unless a newer run was quicker; returns in which shards to score its customers.

    Done twice, it is as done once.
    """
    newest = registry.in_use(database(), run.site_id, "rfm")
    if newest is not None and newest["version"] > run.version:
        runs.end(database(), run, "superseded")
        return Published(**_run(run).model_dump(), state="superseded", shards=[])
    runs.enter(database(), run, "publish")
    runs.keep(database(), run)
    runs.note(database(), run, "publish", {"recommended_to": recommendations.publish(database(), run)})
    runs.enter(database(), run, "score")
    return Published(**_run(run).model_dump(), state="running", shards=shards_of(run.facts.customers))


def _run(run: Evaluated) -> Run:
    return Run(site_id=run.site_id, run_id=run.run_id, version=run.version)


def score(asked: ShardOfRun) -> dict[str, object]:
    """Write some customers of a run as its models find them; returns how many."""
    run, those = runs.kept(database(), asked.run), slice(asked.shard.start, asked.shard.stop)
    return {"customers": replace(database(), customers_of(run, published(run), those))}


def finish(asked: ScoredRun) -> Ended:
    """Put the models of a run into use and remove what is older; raises NotAllScored where a customer is missing."""
    run = runs.kept(database(), asked.run)
    if (customers := sum(each.customers for each in asked.scored)) != run.facts.customers:
        raise NotAllScored(f"{customers} of {run.facts.customers} customers were scored")
    remove_older(database(), run)
    vectors = published(run).get("behaviour_vectors")
    pages = embeddings.store(run, vectors) if vectors else 0
    # new vectors are stored, then the models switched, then what is old removed, so that answers never go missing;
    # whoever was on the site since the features began to be read is projected again
    made = models_of(database(), run, measured(database(), get_site(database(), run.site_id)))
    registry.publish(database(), [*with_totals(made, totals_of(database(), run)), *withheld_of(run)])
    if vectors:
        embeddings.catch_up(run, vectors, runs.started_at(database(), run))
        embeddings.remove_older(run)
    people = run.facts.people if vectors else 0
    runs.note(database(), run, "score", {"customers": run.facts.customers, "vectors": people, "page_vectors": pages})
    runs.end(database(), run, "published")
    return Ended(site_id=run.site_id, run_id=run.run_id, state="published")


def fail(failed: FailedRun) -> Ended:
    """Note that a run failed, and why; what was in use stays in use."""
    runs.fail(database(), failed.site_id, failed.run_id, failed.error.error, failed.error.cause)
    return Ended(site_id=failed.site_id, run_id=failed.run_id, state="failed")


STEPS: Mapping[str, Callable[[Event], dict[str, object]]] = {
    "publish": lambda event: publish(Evaluated.model_validate(event["run"])).model_dump(mode="json"),
    "score": lambda event: score(ShardOfRun.model_validate(event)),
    "finish": lambda event: finish(ScoredRun.model_validate(event)).model_dump(mode="json"),
    "fail": lambda event: fail(FailedRun.model_validate(event)).model_dump(mode="json"),
    "check": lambda _: check_recall(),
}
