"""Recommendations of a stored shop, gathered, fitted and published without the rest of the training."""

from typing import Any

from footfall.customers.arrays import features_of_all, recency_of_all
from footfall.customers.projection import project
from footfall.models import recommendations
from footfall.models.directions import fit_projection
from footfall.models.trained import Trained
from footfall.schemas.model import Evaluated, Facts, ModelDocument, OrderTotals
from footfall.sites import get_site
from footfall.stores.mongo import database
from pymongo.database import Database

from functions.training.extract.handler import gather
from functions.training.publish.recommendations import replace
from tests.support.builders import NOON

NOTHING = OrderTotals(orders=0, revenue=0)


def recommend(site_id: str, version: int = 1) -> ModelDocument:
    """Publish what the model makes of a site's events and orders; returns its document."""
    gathered = gather(get_site(database(), site_id))
    arrays = gathered.arrays()
    products = gathered.products
    extracted = {
        "features": arrays,
        "products": products.products(len(gathered.people)),
        "baskets": products.baskets(),
    }
    found = recommendations.fit(extracted)
    features, recency = features_of_all(arrays), recency_of_all(arrays)
    vectors = project(fit_projection(features, recency), features, recency)
    facts = Facts(
        people=len(gathered.people),
        customers=len(arrays["customer"]),
        currency="EUR",
        time_zone="UTC",
        visits=gathered.totals["visits"],
        orders=gathered.totals["orders"],
        first_day=gathered.first_day,
        as_of=gathered.as_of,
        before=NOTHING,
        after=NOTHING,
    )
    run = Evaluated(
        site_id=site_id,
        run_id=f"run-{version}",
        version=version,
        facts=facts,
        artefacts={},
        models=[],
        accepted=True,
        reasons=[],
        chosen=[],
    )
    model = ModelDocument(
        _id=f"{site_id}:recommendations:{version}",
        site_id=site_id,
        name="recommendations",
        version=version,
        run_id=run.run_id,
        state="published",
        metrics=found.figures,
        details={"as_of": str(facts.as_of), "currency": "EUR", "time_zone": "UTC", **found.details},
        artefacts={},
        created_at=NOON,
    )
    made = Trained(facts, extracted, found.work, found.artefacts, found.figures)
    replace(database(), run, made, vectors, found.details["walk"]["degraded"])
    return model


def stored(mongo: Database[dict[str, Any]], site_id: str, kind: str) -> dict[str, dict[str, Any]]:
    """Returns a site's lists of one kind by whom or what they are of."""
    return {found["subject"]: found for found in mongo["recommendations"].find({"site_id": site_id, "kind": kind})}
