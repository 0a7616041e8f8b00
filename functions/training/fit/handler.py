"""training/fit: one model of a run, fitted on the extracted features; S3 in, S3 out."""

from collections.abc import Mapping

from footfall.aws.invocations import LambdaContext
from footfall.models.artefacts import SavedFiles, model_key, save_arrays, save_json, work_key
from footfall.models.table import MODELS
from footfall.observability import telling_codes
from footfall.schemas.model import Fitted, ModelToFit


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Fit one model, and save what is needed to judge, publish and use it."""
    return fit(ModelToFit.model_validate(event)).model_dump(mode="json")


def fit(asked: ModelToFit) -> Fitted:
    """Fit a model on a run's features; the same features give the same model."""
    run, model = asked.run, MODELS[asked.model].fit(SavedFiles(asked.run.artefacts))
    return Fitted(
        model=asked.model,
        work={
            name: save_arrays(work_key(run, f"{asked.model}/{name}.npz"), files) for name, files in model.work.items()
        },
        artefacts={name: save_arrays(model_key(run, f"{name}.npz"), files) for name, files in model.artefacts.items()},
        details={name: save_json(model_key(run, f"{name}.json"), value) for name, value in model.details.items()},
        figures=model.figures,
    )
