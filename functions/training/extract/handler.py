"""training/extract: everybody's behaviour and purchases, streamed out of MongoDB into arrays of numbers."""

from collections.abc import Mapping

from footfall.aws.invocations import LambdaContext
from footfall.customers.arrays import Arrays
from footfall.customers.behaviour import NOT_READ, visits_of
from footfall.days import zone_named
from footfall.errors import NotFound
from footfall.events.log import events_by_visitor
from footfall.models import registry, runs
from footfall.models.artefacts import save_arrays, work_key
from footfall.models.behaviour_vectors import EARLIER
from footfall.models.table import MODELS
from footfall.observability import telling_codes
from footfall.orders.log import orders_of
from footfall.people.identities import links
from footfall.propensity.columns import arrays_of
from footfall.rollups import rollups_of
from footfall.schemas.feedback import FeedbackOwner
from footfall.schemas.interest import ToldInterests
from footfall.schemas.model import Artefact, Extracted, Facts, InUse, ModelDocument, ModelName, Run
from footfall.schemas.site import Site
from footfall.sites import get_site, site_ids
from footfall.stores.collections import feedback, interests
from footfall.stores.mongo import Condition, answering, database
from pydantic import BaseModel

from .followed import sessions_followed
from .gather import Gathering
from .totals import customer_orders


class SiteToRead(BaseModel):
    """Which site to read, for which run, and which version to put into use again, if one (0 is none)."""

    site_id: str
    run_id: str
    restore: int = 0


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Extract the features of `site_id` for the run `run_id`; without a site, say which sites there are to train."""
    with answering():
        if "site_id" not in event:
            # none of them has a version to restore
            return {"sites": [{"site_id": site_id, "restore": 0} for site_id in site_ids(database())]}
        asked = SiteToRead.model_validate(event)
        return extract(asked).model_dump(mode="json")


def extract(asked: SiteToRead) -> Extracted:
    """Save the features of one site and note what was found; raises NotFound for an unknown site, or version."""
    site_id, restores = asked.site_id, asked.restore or None
    site = get_site(database(), site_id)
    run = runs.begin(database(), site_id, asked.run_id, restores)
    champions = _champions(run) if restores is None else _earlier_models(run, restores)
    before = customer_orders(database(), site)
    gathered = gather(site)
    after = customer_orders(database(), site)
    arrays = gathered.arrays()
    facts = Facts(
        people=len(gathered.people),
        customers=len(arrays["customer"]),
        currency=site.currency,
        time_zone=site.time_zone,
        visits=gathered.totals["visits"],
        orders=gathered.totals["orders"],
        first_day=gathered.first_day,
        as_of=gathered.as_of,
        before=before,
        after=after,
    )
    products = gathered.products
    files = {
        "features": arrays,
        "pages": gathered.pages.arrays(),
        "trade": gathered.trade.arrays(arrays["customer"], gathered.as_of),
        "products": products.products(facts.people),
        "baskets": products.baskets(),
    }
    artefacts = {name: save_arrays(work_key(run, f"{name}.npz"), found) for name, found in files.items()}
    artefacts["sessions"] = save_arrays(work_key(run, "sessions.npz"), _followed(site_id))
    artefacts |= _earlier(run)
    counted = {**facts.model_dump(mode="json"), **gathered.totals, "products_left_out": products.left_out}
    runs.note(database(), run, "extract", counted)
    runs.enter(database(), run, "fit")
    return Extracted(
        **run.model_dump(),
        facts=facts,
        artefacts=artefacts,
        models=list(MODELS),
        champions=champions,
        restores=restores,
    )


def _champions(run: Run) -> dict[ModelName, InUse]:
    found = [registry.in_use(database(), run.site_id, name) for name in MODELS]
    return _applicable([model for model in found if model and model["version"] < run.version])


def _earlier_models(run: Run, version: int) -> dict[ModelName, InUse]:
    found = _applicable(registry.of_version(database(), run.site_id, version))
    if not found:
        raise NotFound(f"no model of version {version} can be put into use again")
    return found


def _applicable(models: list[ModelDocument]) -> dict[ModelName, InUse]:
    return {
        model["name"]: InUse(version=registry.origin_of(model), artefacts=registry.files_of(model))
        for model in models
        if registry.is_applicable(model)
    }


def _earlier(run: Run) -> dict[str, Artefact]:
    # what the new vectors are turned like
    model = registry.trained_last(database(), run.site_id, "behaviour_vectors", before=run.version)
    return {EARLIER: Artefact.model_validate(model["artefacts"]["projection"])} if model else {}


def _followed(site_id: str) -> Arrays:
    with rollups_of(site_id) as rollups:
        return arrays_of(sessions_followed(rollups))


def gather(site: Site) -> Gathering:
    """Read a site's visits and orders."""
    gathered = Gathering(zone_named(site.time_zone), site.currency, links(database(), site.site_id))
    for events in events_by_visitor(database(), site.site_id, NOT_READ):
        for visit in visits_of(events):
            gathered.add_visit(visit)
    for order in orders_of(database(), site.site_id):
        gathered.add_order(order)
    for given in feedback.read(database(), FeedbackOwner, _complaints(site)):
        gathered.add_complaint(given)
    for found in interests.read(database(), ToldInterests, {"site_id": site.site_id, "told": {"$ne": []}}):
        gathered.add_interests(found)
    return gathered


def _complaints(site: Site) -> Condition:
    return {"site_id": site.site_id, "sentiment.label": "negative", "bot": False}
