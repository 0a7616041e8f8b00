"""training/publish: scores into MongoDB and vectors into Milvus, in place of those of the run before."""

from datetime import datetime
from itertools import repeat
from typing import Any

from footfall.customers.arrays import Arrays, features_of_all, subjects_of, unpack_texts
from footfall.errors import NotFound
from footfall.models import registry as models
from footfall.models import runs
from footfall.models.artefacts import load_arrays, load_json
from footfall.models.embedding import embed, load, rows, segments_of
from footfall.models.populations import measured
from footfall.people.identities import people_seen_since
from footfall.schemas.model import Ended, Evaluated, ModelDocument, RunState
from footfall.schemas.site import Site
from footfall.sites import find_site
from footfall.stores import vectors
from footfall.stores.mongo import answering, database
from footfall.stores.vectors import PAGES, PEOPLE, Row

from .customers import customers_of, replace
from .registry import again, models_of


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish what a run made; or, given a version to `restore`, that one again; or note the `error` that ended one."""
    with answering():
        if "restore" in event:
            return restore(event["site_id"], event["run_id"], event["restore"]).model_dump(mode="json")
        if "error" in event:
            ended = Ended(site_id=event["site_id"], run_id=event["run_id"], state="failed")
            runs.fail(database(), ended.site_id, ended.run_id, event["error"]["Error"], event["error"]["Cause"])
            return ended.model_dump(mode="json")
        return publish(Evaluated.model_validate(event)).model_dump(mode="json")


def publish(run: Evaluated) -> Ended:
    """Put a run's models into use, unless a newer run was quicker; done twice, it is as done once."""
    newest = models.in_use(database(), run.site_id, "behaviour_vectors")
    overtaken = newest is not None and newest["version"] > run.version
    if not overtaken:
        runs.enter(database(), run, "publish")
        runs.keep(database(), run)
        segments = load_json(run.segments)
        made = models_of(run, segments, measured(database(), _site(run.site_id)))
        _replace_everything(run, made, segments, runs.started_at(database(), run))
    state: RunState = "superseded" if overtaken else "published"
    runs.end(database(), run, state)
    return Ended(site_id=run.site_id, run_id=run.run_id, state=state)


def restore(site_id: str, run_id: str, version: int) -> Ended:
    """Put models that were trained earlier into use again, as a version of their own; raises NotFound without them.

    Versions only ever grow, so readers, the vectors' writer and runs that go on meanwhile see nothing but a newer one.
    """
    given, trained = runs.kept(database(), site_id, version), models.of_version(database(), site_id, version)
    if given is None or not trained:
        raise NotFound(f"nothing was kept of version {version}")
    since = runs.started_at(database(), given)
    run = given.model_copy(update=runs.begin(database(), site_id, run_id).model_dump())
    runs.enter(database(), run, "publish")
    runs.keep(database(), run, restores=version)
    _replace_everything(run, again(run, trained), load_json(run.segments), since)
    runs.end(database(), run, "published")
    return Ended(site_id=site_id, run_id=run_id, state="published")


def _replace_everything(
    run: Evaluated, made: list[ModelDocument], segments: list[dict[str, Any]], since: datetime
) -> None:
    """New vectors are stored, then the models switched, then what is old removed: answers never go missing.

    `since` is when the features began to be read: who was on the site later is projected again.
    """
    arrays = load_arrays(run.features)
    customers = customers_of(run, arrays, load_arrays(run.customers), [segment["name"] for segment in segments])
    replace(database(), run.site_id, run.version, customers)
    _store_vectors(run, arrays)
    _store_page_vectors(run)
    models.publish(database(), made)
    _catch_up(run, since)
    for collection in (PEOPLE, PAGES):
        vectors.remove_older(collection, run.site_id, run.version)
        vectors.settle(collection)
    figures = {"customers": run.facts.customers, "vectors": run.facts.people, "page_vectors": run.figures["pages"]}
    runs.note(database(), run, "publish", figures)


def _store_vectors(run: Evaluated, arrays: Arrays) -> None:
    people = subjects_of(arrays)
    customers = [people[row] for row in arrays["customer"].tolist()]
    segments = segments_of(database(), run.site_id, customers)
    found = load_arrays(run.vectors)["vectors"]
    vectors.upsert(PEOPLE, run.site_id, rows(people, features_of_all(arrays).people(), segments, found, run.version))


def _store_page_vectors(run: Evaluated) -> None:
    arrays = load_arrays(run.page_vectors)
    types = ({"page_type": page_type} for page_type in unpack_texts(arrays["types"]))
    found = zip(subjects_of(arrays), types, repeat(run.version), arrays["vectors"], strict=False)
    vectors.upsert(PAGES, run.site_id, (Row(*each) for each in found))


def _catch_up(run: Evaluated, since: datetime) -> None:
    """Whoever was on the site since the features were read is projected again, from all they have done by now."""
    model = models.in_use(database(), run.site_id, "behaviour_vectors")
    if model is None:
        raise NotFound("the site is gone")
    embed(database(), _site(run.site_id), people_seen_since(database(), run.site_id, since), load(model))


def _site(site_id: str) -> Site:
    site = find_site(database(), site_id)
    if site is None:
        raise NotFound("the site is gone")
    return site
