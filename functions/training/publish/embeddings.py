"""The vectors of people and pages, put in place of those that an earlier run made."""

from datetime import datetime

from footfall.customers.arrays import features_of_all, subjects_of, unpack_texts
from footfall.errors import NotFound
from footfall.models import registry
from footfall.models.embedding import embed, load, rows, segments_of
from footfall.models.trained import Trained
from footfall.people.identities import links, people_seen_since
from footfall.schemas.model import Run
from footfall.sites import get_site
from footfall.stores import vectors
from footfall.stores.mongo import database
from footfall.stores.vectors import PAGES, PEOPLE, Row


def store(run: Run, model: Trained) -> int:
    """Store the vectors of people, with the segments of customers, and those of pages; returns how many pages."""
    arrays = model.extracted["features"]
    people = subjects_of(arrays)
    segments = segments_of(database(), run.site_id, (people[row] for row in arrays["customer"].tolist()))
    found = model.work["vectors"]["vectors"]
    vectors.upsert(PEOPLE, run.site_id, rows(people, features_of_all(arrays).people(), segments, found, run.version))
    return _store_pages(run, model)


def _store_pages(run: Run, model: Trained) -> int:
    arrays = model.work["page_vectors"]
    pages = zip(subjects_of(arrays), unpack_texts(arrays["types"]), arrays["vectors"], strict=True)
    found = [Row(page, {"page_type": page_type}, run.version, vector) for page, page_type, vector in pages]
    vectors.upsert(PAGES, run.site_id, found)
    return len(found)


def catch_up(run: Run, made: Trained, since: datetime) -> None:
    """Project again, from all they have done by now, whoever was on the site since the features were read.

    A visitor who has turned out to be somebody since then leaves no vector.
    """
    model = registry.in_use(database(), run.site_id, "behaviour_vectors")
    if model is None:
        raise NotFound("the model that was just published is gone")
    site = get_site(database(), run.site_id)
    linked = links(database(), run.site_id).keys() & set(subjects_of(made.extracted["features"]))
    embed(database(), site, people_seen_since(database(), run.site_id, since) | linked, load(model))


def remove_older(run: Run) -> None:
    """Remove what an earlier run made, and index what there is now."""
    for collection in (PEOPLE, PAGES):
        vectors.remove_older(collection, run.site_id, run.version)
        vectors.settle(collection)
