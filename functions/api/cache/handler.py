"""api/cache: what is remembered of a site's answers, and how it is forgotten or asked anew."""

from typing import Annotated

from fastapi import Depends, Path, Query
from footfall.http.app import AdminSite, ReadSite, as_lambda, create_app, no_body
from footfall.questions import cached as remembered
from footfall.schemas.cache import CacheStats, Forgotten, Refreshed
from footfall.stores.mongo import answering

from . import queries
from .warming import ask_again

app = create_app("cache", [Depends(no_body)])
PersonId = Annotated[str, Path(min_length=1, max_length=256)]


@app.get("/api/cache/stats")
def cache_stats(site_id: ReadSite) -> CacheStats:
    """How many answers are remembered for the site and how often they helped in the last week.

    503 while Redis does not answer; questions are then answered from MongoDB, only more slowly.
    """
    return remembered.statistics(site_id)


@app.delete("/api/cache")
def forget_answers(site_id: AdminSite) -> Forgotten:
    """Forget every answer that is remembered for the site; live activity stays, and so does every other site."""
    return Forgotten(removed=remembered.forget(site_id))


@app.delete("/api/cache/users/{user_id}")
def forget_person(site_id: AdminSite, user_id: PersonId) -> Forgotten:
    """Forget what is remembered of one person or visitor: who is like them, and that they are active."""
    with answering():
        ids = queries.ids_of(site_id, user_id)
    return Forgotten(removed=remembered.forget_person(site_id, ids))


@app.delete("/api/cache/trending")
def forget_trending(site_id: AdminSite) -> Forgotten:
    """Forget which products are remembered as trending."""
    return Forgotten(removed=remembered.forget(site_id, ["trending"]))


@app.post("/api/cache/refresh", status_code=202)
def refresh_cache(
    site_id: AdminSite, warm: Annotated[bool, Query(description="Whether the usual questions are asked again")] = True
) -> Refreshed:
    """Forget every answer that is remembered for the site, then have the dashboard and the funnels computed again."""
    removed = remembered.forget(site_id)
    return Refreshed(removed=removed, warming=ask_again(site_id) if warm else [])


handler = as_lambda(app)
