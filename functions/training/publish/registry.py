"""What the registry is told of the models of a run."""

from typing import Any

from footfall.clock import now
from footfall.schemas.model import MODEL_NAMES, Artefact, Evaluated, ModelDocument, ModelName
from footfall.schemas.population import Population


def models_of(run: Evaluated, segments: list[dict[str, Any]], population: Population) -> list[ModelDocument]:
    """A document for each model that the run made; `segments` are the behaviour segments."""
    details = {"as_of": str(run.facts.as_of), "currency": run.facts.currency, "time_zone": run.facts.time_zone}
    more: dict[ModelName, dict[str, Any]] = {"behaviour_segments": {"segments": segments}}
    artefacts: dict[ModelName, dict[str, Artefact]] = {
        "behaviour_segments": {"segments": run.segments},
        "behaviour_vectors": {"projection": run.projection},
    }
    return [
        ModelDocument(
            _id=f"{run.site_id}:{name}:{run.version}",
            site_id=run.site_id,
            name=name,
            version=run.version,
            run_id=run.run_id,
            state="published",
            metrics=run.metrics[name],
            details={**details, **more.get(name, {})},
            artefacts={what: artefact.model_dump() for what, artefact in artefacts.get(name, {}).items()},
            created_at=now(),
            population=population,
        )
        for name in MODEL_NAMES
    ]


def again(run: Evaluated, models: list[ModelDocument]) -> list[ModelDocument]:
    """The documents of models that were trained earlier and are put into use again, under the run's version."""
    return [
        ModelDocument(
            **{
                **model,
                "_id": f"{run.site_id}:{model['name']}:{run.version}",
                "version": run.version,
                "run_id": run.run_id,
                "restores": model["version"],
            }
        )
        for model in models
    ]
