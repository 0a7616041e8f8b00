"""api/sites: sites, their settings and their keys."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response, status
from footfall.errors import FieldProblem, Invalid, NotFound
from footfall.http.app import PROBLEMS, Administrator, Operator, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.questions import audit
from footfall.schemas.paging import PagedQuestion
from footfall.stores.mongo import answering

from . import keys, rates, registry
from .keys import HOURS_KEPT, KeyRequest, Keys, MadeKey, RevokedKey
from .rates import GivenRates, KnownRates, RatesRequest
from .registry import MadeSite, SiteOut, Sites
from .settings import NewSite, SiteChanges

KeyId = Annotated[str, Path(alias="key", max_length=64, description="The key's id", examples=["0123456789ab"])]
CONFLICT: dict[int | str, dict[str, Any]] = {409: {**PROBLEMS[422], "description": "There is one already, or no room"}}

app = create_app("sites", AuditedRoute)


def _own_site(
    caller: Administrator, site_id: Annotated[str, Path(alias="id", max_length=64, description="The site's id")]
) -> str:
    if not caller.is_operator and caller.site_id != site_id:
        raise NotFound("no site has this id")
    return site_id


def _not_kept(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


OwnSite = Annotated[str, Depends(_own_site)]
HOLDS_A_SECRET = [Depends(_not_kept)]


@app.get("/api/sites", summary="The sites")
def list_sites(caller: Administrator, question: Annotated[PagedQuestion, Query()]) -> Sites:
    """Returns the settings of every site for the operator's key, of its own one for a site's."""
    with answering():
        return registry.list_sites(question, None if caller.is_operator else caller.site_id)


@app.post(
    "/api/sites",
    status_code=status.HTTP_201_CREATED,
    summary="Make a site",
    responses=CONFLICT,
    dependencies=HOLDS_A_SECRET,
)
def make_site(caller: Operator, wanted: NewSite, request: Request) -> MadeSite:
    """Make a site; returns it with its first API key and its first write key. Only the operator's key may.

    The API key may do everything to the site; it is shown in this answer and never again.
    """
    with answering():
        made = registry.make_site(wanted)
    request.state.made_site = made.site_id
    return made


@app.get("/api/sites/{id}", summary="A site's settings")
def get_site(site_id: OwnSite) -> SiteOut:
    """Returns the site's settings as they are stored."""
    with answering():
        return registry.read_site(site_id)


@app.patch("/api/sites/{id}", summary="Change a site's settings", responses=CONFLICT)
def change_site(
    site_id: OwnSite,
    changes: SiteChanges,
    version: Annotated[
        int | None,
        Query(ge=0, le=10**9, description="Of the settings that the change is meant for: 409 once there are others"),
    ] = None,
) -> SiteOut:
    """Change the settings that are given; returns them all. A list replaces the list that was there.

    Everything reads them within a minute. Days are computed anew for another currency, time zone or other funnels. Page
    rules and how long events are kept hold for what is stored from then on.
    """
    if not changes:
        raise Invalid([FieldProblem("body", "say what to change")])
    with answering():
        return registry.change_site(site_id, changes, version)


@app.get("/api/sites/{id}/keys", summary="A site's keys")
def list_keys(site_id: OwnSite, question: Annotated[PagedQuestion, Query()]) -> Keys:
    """Returns a page of the keys that are not revoked. An API key's secret is not there: only a hash of it is kept."""
    with answering():
        return keys.list_keys(site_id, question)


@app.post(
    "/api/sites/{id}/keys",
    status_code=status.HTTP_201_CREATED,
    summary="Make a key",
    responses=CONFLICT,
    dependencies=HOLDS_A_SECRET,
)
def make_key(site_id: OwnSite, wanted: KeyRequest) -> MadeKey:
    """Make an API key with scopes, or a write key; returns it. An API key is shown in this answer and never again."""
    with answering():
        return keys.make_key(site_id, wanted)


@app.post(
    "/api/sites/{id}/keys/{key}/rotate",
    status_code=status.HTTP_201_CREATED,
    summary="Follow a key by a new one",
    responses=CONFLICT,
    dependencies=HOLDS_A_SECRET,
)
def rotate_key(
    site_id: OwnSite,
    key_id: KeyId,
    hours_kept: Annotated[
        int, Query(ge=0, le=720, description="How long the old API key goes on, unless it ends sooner")
    ] = HOURS_KEPT,
) -> MadeKey:
    """Make a key that may do the same as another one, which goes on for a while: both work until then; returns it.

    A write key goes on until it is revoked: it is in pages, and what they send is lost without it.
    """
    with answering():
        return keys.rotate_key(site_id, key_id, hours_kept)


@app.delete("/api/sites/{id}/keys/{key}", summary="Revoke a key", responses=CONFLICT)
def revoke_key(site_id: OwnSite, key_id: KeyId) -> RevokedKey:
    """End a key; returns its id. Everything refuses it within a minute."""
    with answering():
        return keys.revoke_key(site_id, key_id)


@app.get("/api/sites/{id}/audit", summary="Who did what to a site")
def get_audit(site_id: OwnSite, question: Annotated[PagedQuestion, Query()]) -> audit.Audit:
    """Returns a page of what was changed of the site or exported, and what was refused for want of a right."""
    return audit.answer(site_id, question)


@app.get("/api/audit", summary="Who did what to all sites")
def get_whole_audit(caller: Operator, question: Annotated[PagedQuestion, Query()]) -> audit.Audit:
    """Returns a page of what was done to every site, and to all at once. Only the operator may ask."""
    return audit.answer(None, question)


@app.get("/api/sites/{id}/rates", summary="A site's exchange rates")
def list_rates(site_id: OwnSite, question: Annotated[PagedQuestion, Query()]) -> KnownRates:
    """Returns a page of the rates that orders in other currencies are converted by, the newest first."""
    with answering():
        return rates.known_rates(site_id, question)


@app.put("/api/sites/{id}/rates", summary="Give exchange rates")
def give_rates(site_id: OwnSite, given: RatesRequest) -> GivenRates:
    """Give what one unit of a currency was worth in the site's own, by day; returns how many orders that changes.

    A rate replaces that of the same day. An order in another currency is converted at the rate of its day, or the
    newest of the week before. Orders that are here already are computed anew, and their days with them.
    """
    with answering():
        return rates.give_rates(site_id, given.rates)


handler = as_lambda(app)
