"""api/cache: what is remembered of a site's answers, and how it is forgotten or computed anew."""

from typing import Annotated, Literal

from fastapi import Path, Query
from footfall.aws.functions import start
from footfall.http.app import AdminSite, ReadSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.people.identities import person_of
from footfall.questions import cache_contents
from footfall.schemas.person import PersonIdentity
from footfall.settings import WarmingSettings, from_environment
from footfall.stores.collections import users
from footfall.stores.mongo import answering, database
from pydantic import BaseModel, Field

PersonId = Annotated[str, Path(min_length=1, max_length=256, description="A user's or a visitor's id")]
WARMED = ("/api/metrics/dashboard", "/api/funnel", "/api/funnel?breakdown=device", "/api/funnel/trend")
"""What jobs/warm has remembered, as somebody would ask for it."""

app = create_app("cache", AuditedRoute)


class Forgotten(BaseModel):
    """Remembered answers are gone; the next question is answered from MongoDB."""

    removed: int = Field(description="how many there were", examples=[12])


class Refreshed(Forgotten):
    """Remembered answers are gone, and the usual questions are being asked again."""

    status: Literal["started"] = "started"
    warming: list[str] = Field(description="what is being asked, so that the answers are there before anybody asks")


@app.get("/api/cache/stats", summary="How much the cache holds and helps")
def get_stats(site_id: ReadSite) -> cache_contents.CacheStats:
    """Returns how many answers are remembered for the site and how often they helped in the last week.

    503 while Redis does not answer; questions are then answered from MongoDB, only more slowly.
    """
    return cache_contents.answer(site_id)


@app.delete("/api/cache", summary="Forget the site's answers")
def forget_answers(site_id: AdminSite) -> Forgotten:
    """Forget every answer that is remembered for the site; returns how many there were.

    Live activity stays, and so does every other site.
    """
    return Forgotten(removed=cache_contents.forget(site_id))


@app.delete("/api/cache/users/{user_id}", summary="Forget what is remembered of one person")
def forget_person(site_id: AdminSite, user_id: PersonId) -> Forgotten:
    """Forget what is remembered of somebody: who is like them, and that they are active; returns how much that was."""
    return Forgotten(removed=cache_contents.forget_person(site_id, _ids_of(site_id, user_id)))


@app.delete("/api/cache/trending", summary="Forget the trending products")
def forget_trending(site_id: AdminSite) -> Forgotten:
    """Forget which products are remembered as trending; returns how many answers that were."""
    return Forgotten(removed=cache_contents.forget(site_id, ["trending"]))


@app.post("/api/cache/refresh", status_code=202, summary="Forget the site's answers and compute the usual ones")
def refresh(
    site_id: AdminSite, warm: Annotated[bool, Query(description="Whether the usual questions are asked again")] = True
) -> Refreshed:
    """Forget every answer that is remembered for the site, then have the dashboard and the funnels computed again.

    Returns how many there were, and which questions are being asked.
    """
    removed = cache_contents.forget(site_id)
    if warm:
        function = from_environment(WarmingSettings).warm_function_name
        start(function, {"site_id": site_id}, "the questions cannot be asked again")
    return Refreshed(removed=removed, warming=list(WARMED) if warm else [])


@answering()
def _ids_of(site_id: str, person_id: str) -> list[str]:
    # a visitor may have turned out to be somebody
    found = users.read(database(), PersonIdentity, {"_id": f"{site_id}:{person_id}"})
    return [person_id, *(person_of(person) for person in found)]


handler = as_lambda(app)
