"""training/extract: everybody's behaviour and purchases, streamed out of MongoDB into arrays of numbers."""

from typing import Any

from footfall.customers.behaviour import NOT_READ, visits_of
from footfall.days import zone_named
from footfall.errors import NotFound
from footfall.events.log import events_by_visitor
from footfall.models import runs
from footfall.models.artefacts import save_arrays, work_key
from footfall.orders.log import orders_of
from footfall.people.identities import links
from footfall.schemas.model import Extracted, Facts
from footfall.schemas.site import Site
from footfall.sites import find_site
from footfall.stores.mongo import answering, database

from .gather import Gathering
from .totals import customer_orders


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Extract the features of `site_id` for the run `run_id`; without a site, say which sites there are to train."""
    with answering():
        if "site_id" not in event:
            return {"sites": [{"site_id": site["_id"]} for site in database()["sites"].find({}, {"_id": 1})]}
        return extract(event["site_id"], event["run_id"]).model_dump(mode="json")


def extract(site_id: str, run_id: str) -> Extracted:
    """Save the features of one site and note what was found; raises NotFound for an unknown site."""
    site = find_site(database(), site_id)
    if site is None:
        raise NotFound("there is no such site")
    run = runs.begin(database(), site_id, run_id)
    before = customer_orders(database(), site)
    gathered = gather(site)
    after = customer_orders(database(), site)
    arrays = gathered.arrays()
    facts = Facts(
        people=len(gathered.people),
        customers=len(arrays["customer"]),
        currency=site.currency,
        time_zone=site.time_zone,
        as_of=gathered.as_of,
        before=before,
        after=after,
    )
    features = save_arrays(work_key(run, "features.npz"), arrays)
    pages = save_arrays(work_key(run, "pages.npz"), gathered.pages.arrays())
    runs.note(database(), run, "extract", {**facts.model_dump(mode="json"), **gathered.figures})
    runs.enter(database(), run, "fit")
    return Extracted(**run.model_dump(), facts=facts, features=features, pages=pages)


def gather(site: Site) -> Gathering:
    """Read a site's visits and orders."""
    gathered = Gathering(zone_named(site.time_zone), site.currency, links(database(), site.site_id))
    for events in events_by_visitor(database(), site.site_id, NOT_READ):
        for visit in visits_of(events):
            gathered.add_visit(visit)
    for order in orders_of(database(), site.site_id):
        gathered.add_order(order)
    return gathered
