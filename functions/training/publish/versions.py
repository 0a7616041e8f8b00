"""The documents of the models that a run published, and of those it withheld."""

from collections.abc import Sequence
from typing import cast

from footfall.clock import now
from footfall.models import registry
from footfall.models.artefacts import load_json
from footfall.models.code import code_version
from footfall.schemas.model import (
    Candidate,
    Chosen,
    Evaluated,
    Figures,
    ModelDetails,
    ModelDocument,
    ModelState,
    ToldDetails,
    TrainedOn,
)
from footfall.schemas.population import Population
from footfall.stores.mongo import Mongo

from .customers import CustomerTotals


def models_of(database: Mongo, run: Evaluated, population: Population) -> list[ModelDocument]:
    """Returns a document for each model that a run publishes; a champion's says which version it `restores`."""
    return [
        _again(database, document, chosen.published.restores) if chosen.published.restores else document
        for chosen in run.chosen
        if chosen.published
        for document in (_new(run, chosen, chosen.published, population),)
    ]


def _new(run: Evaluated, chosen: Chosen, candidate: Candidate, population: Population) -> ModelDocument:
    return {**_document(run, chosen, candidate, chosen.metrics, "published"), "population": population}


def _again(database: Mongo, document: ModelDocument, version: int) -> ModelDocument:
    # what it was trained on is what it was trained on; how good it is by now is of this run
    found: ModelDocument = {**document, "restores": version}
    origin = registry.published(database, document["site_id"], document["name"], version)
    if origin:
        found["created_at"] = origin["created_at"]
        if "population" in origin:
            found["population"] = origin["population"]
        if "trained_on" in origin:
            found["trained_on"] = origin["trained_on"]
    return found


def withheld_of(run: Evaluated) -> list[ModelDocument]:
    """Returns a document for each model that was fitted and is not put into use, with the reasons."""
    return [
        {
            **_document(run, chosen, chosen.withheld, chosen.withheld_metrics, "withheld"),
            "_id": f"{run.site_id}:{chosen.model}:{run.version}:withheld",
            "reasons": chosen.choice["reasons"],
        }
        for chosen in run.chosen
        if chosen.withheld
    ]


def _document(
    run: Evaluated, chosen: Chosen, candidate: Candidate, metrics: Figures, state: ModelState
) -> ModelDocument:
    files = {**candidate.artefacts, **candidate.details}
    return ModelDocument(
        _id=f"{run.site_id}:{chosen.model}:{run.version}",
        site_id=run.site_id,
        name=chosen.model,
        version=run.version,
        run_id=run.run_id,
        state=state,
        metrics=metrics,
        details=details_of(run, candidate),
        artefacts={name: file.model_dump() for name, file in files.items()},
        created_at=now(),
        judged_at=now(),
        trained_on=_trained_on(run),
    )


def _trained_on(run: Evaluated) -> TrainedOn:
    facts = run.facts
    return TrainedOn(
        first=str(facts.first_day) if facts.first_day else None,
        last=str(facts.as_of) if facts.as_of else None,
        rows={"people": facts.people, "customers": facts.customers, "visits": facts.visits, "orders": facts.orders},
        code_version=code_version(),
    )


def details_of(run: Evaluated, candidate: Candidate) -> ModelDetails:
    """Returns what readers need to know of a candidate, and what it was looked at on."""
    told = cast(ToldDetails, {name: load_json(file) for name, file in candidate.details.items()})
    facts = run.facts
    return ModelDetails(as_of=str(facts.as_of), currency=facts.currency, time_zone=facts.time_zone, **told)


def with_totals(models: Sequence[ModelDocument], totals: CustomerTotals) -> list[ModelDocument]:
    """Returns the documents of models with what the customers add up to that are published with them."""
    return [_with_totals(model, totals) for model in models]


def _with_totals(model: ModelDocument, totals: CustomerTotals) -> ModelDocument:
    whole: ModelDocument = {**model, "segments": totals.segments.of_model(model["name"])}
    if model["name"] == "rfm":  # the one that answers about customers go by
        whole |= {"risks": totals.forecasts.risks, "values": totals.forecasts.values}
    return whole
