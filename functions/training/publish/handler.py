"""training/publish: scores into MongoDB and vectors into Milvus, in place of those of the run before."""

from itertools import repeat
from typing import Any

from footfall.customers.arrays import Arrays, features_of_all, subjects_of, unpack_texts
from footfall.errors import NotFound
from footfall.schemas.model import Ended, Evaluated, RunState
from footfall.stores import models, runs, vectors
from footfall.stores.artefacts import load_arrays, load_json
from footfall.stores.behaviour import people_seen_since
from footfall.stores.embedding import embed, load, rows, segments_of
from footfall.stores.mongo import answering, database
from footfall.stores.sites import find_site
from footfall.stores.vectors import PAGES, PEOPLE, Row

from .customers import customers_of, replace
from .registry import models_of


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Publish what a run made; or, given the `error` that ended a run, note that."""
    with answering():
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
        _replace_everything(run)
    state: RunState = "superseded" if overtaken else "published"
    runs.end(database(), run, state)
    return Ended(site_id=run.site_id, run_id=run.run_id, state=state)


def _replace_everything(run: Evaluated) -> None:
    """New vectors are stored, then the models switched, then what is old removed: answers never go missing."""
    arrays, segments = load_arrays(run.features), load_json(run.segments)
    customers = customers_of(run, arrays, load_arrays(run.customers), [segment["name"] for segment in segments])
    replace(database(), run.site_id, run.version, customers)
    _store_vectors(run, arrays)
    _store_page_vectors(run)
    models.publish(database(), models_of(run, segments))
    _catch_up(run)
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


def _catch_up(run: Evaluated) -> None:
    """Whoever was on the site since the features were read is projected again, from all they have done by now."""
    site = find_site(database(), run.site_id)
    model = models.in_use(database(), run.site_id, "behaviour_vectors")
    if site is None or model is None:
        raise NotFound("the site is gone")
    seen = people_seen_since(database(), run.site_id, runs.started_at(database(), run))
    embed(database(), site, seen, load(model))
