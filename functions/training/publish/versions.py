"""The documents of the models that a run made, or that it puts into use again."""

from collections.abc import Sequence
from typing import cast

from footfall.clock import now
from footfall.models.artefacts import load_json
from footfall.schemas.model import Evaluated, Fitted, ModelDetails, ModelDocument, ToldDetails
from footfall.schemas.population import Population

from .customers import CustomerTotals


def models_of(run: Evaluated, population: Population) -> list[ModelDocument]:
    """Returns a document for each model that the run made."""
    return [
        ModelDocument(
            _id=f"{run.site_id}:{fitted.model}:{run.version}",
            site_id=run.site_id,
            name=fitted.model,
            version=run.version,
            run_id=run.run_id,
            state="published",
            metrics=run.metrics[fitted.model],
            details=_details(run, fitted),
            artefacts={name: file.model_dump() for name, file in (fitted.details | fitted.artefacts).items()},
            created_at=now(),
            population=population,
        )
        for fitted in run.fitted
    ]


def _details(run: Evaluated, fitted: Fitted) -> ModelDetails:
    told = cast(ToldDetails, {name: load_json(file) for name, file in fitted.details.items()})
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


def again(run: Evaluated, models: Sequence[ModelDocument]) -> list[ModelDocument]:
    """Returns the documents of models that were trained earlier and are put into use again, under the run's version."""
    return [
        {
            **model,
            "_id": f"{run.site_id}:{model['name']}:{run.version}",
            "version": run.version,
            "run_id": run.run_id,
            "restores": model["version"],
        }
        for model in models
    ]
