"""training/fit: one model of a run, fitted on the extracted features, and its champion on the same; S3 in, S3 out."""

from collections.abc import Mapping
from typing import cast

from footfall.aws.invocations import LambdaContext
from footfall.errors import Unavailable
from footfall.models.artefacts import model_key, save_arrays, save_json, saved_files, saved_values, work_key
from footfall.models.table import MODELS
from footfall.models.trained import Champion, Fit
from footfall.observability import logger, telling_codes
from footfall.schemas.model import PARAMETERS, Artefact, Candidate, Fitted, InUse, ModelToFit, ToldDetails


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Fit one model, apply the one in use to the same data, and save what is needed to judge, publish and use both.

    Given the `error` that fitting ended in, or in a run that restores what was fitted earlier, none is fitted.
    """
    return fit(ModelToFit.model_validate(event)).model_dump(mode="json")


def fit(asked: ModelToFit) -> Fitted:
    """Fit a model on a run's features; the same features give the same model."""
    problems = [f"it could not be fitted: {asked.error.error}: {asked.error.cause}"] if asked.error else []
    challenger = None if asked.error or asked.run.restores else _challenger(asked)
    champion = asked.run.champions.get(asked.model)
    try:
        applied = _champion(asked, champion) if champion else None
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the challenger can take its place
        logger().exception("the model in use cannot be applied", extra={"model": asked.model})
        applied = None
        problems.append(f"the model in use could not be applied: {type(error).__name__}: {error}")
    return Fitted(model=asked.model, challenger=challenger, champion=applied, problems=problems)


def _challenger(asked: ModelToFit) -> Candidate:
    made = MODELS[asked.model].fit(saved_files(asked.run.artefacts))
    saved = {name: save_arrays(model_key(asked.run, f"{name}.npz"), files) for name, files in made.artefacts.items()}
    saved[PARAMETERS] = save_json(model_key(asked.run, f"{asked.model}/{PARAMETERS}.json"), made.parameters)
    return _candidate(asked, "challenger", made, saved)


def _champion(asked: ModelToFit, champion: InUse) -> Candidate:
    values = saved_values(champion.artefacts)
    files = saved_files(champion.artefacts)
    in_use = Champion(values[PARAMETERS], cast(ToldDetails, values), files)
    made = MODELS[asked.model].apply(saved_files(asked.run.artefacts), in_use)
    found = _candidate(asked, "champion", made, champion.artefacts)
    return found.model_copy(update={"restores": champion.version})


def _candidate(asked: ModelToFit, which: str, made: Fit, artefacts: dict[str, Artefact]) -> Candidate:
    run, model = asked.run, asked.model
    return Candidate(
        work={
            name: save_arrays(work_key(run, f"{model}/{which}/{name}.npz"), files) for name, files in made.work.items()
        },
        artefacts=artefacts,
        details={
            name: save_json(model_key(run, f"{model}/{which}/{name}.json"), value)
            for name, value in made.details.items()
        },
        figures=made.figures,
    )
