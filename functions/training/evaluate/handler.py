"""training/evaluate: figures that say how good the fitted models are, and whether they may be published."""

from collections.abc import Mapping

from footfall.aws.invocations import LambdaContext
from footfall.models import runs
from footfall.models.table import MODELS, trained
from footfall.observability import telling_codes
from footfall.schemas.model import AllFitted, Evaluated, Figures
from footfall.stores.mongo import answering, database


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Judge a run's models; a rejected run ends here, with its reasons noted."""
    with answering():
        return evaluate(AllFitted.model_validate(event)).model_dump(mode="json")


def evaluate(run: AllFitted) -> Evaluated:
    """Measure the models of a run and decide."""
    runs.enter(database(), run, "evaluate")
    judged = {name: MODELS[name].judge(model) for name, model in trained(run).items()}
    metrics: dict[str, Figures] = {name: judgement.metrics for name, judgement in judged.items()}
    nobody = [] if run.facts.people else ["the site has nobody to learn from yet"]
    reasons = [*nobody, *(reason for judgement in judged.values() for reason in judgement.reasons)]
    # readers know these figures in the reverse order of the table
    figures = {name: figure for fitted in reversed(run.fitted) for name, figure in fitted.figures.items()}
    runs.note(database(), run, "fit", figures)
    runs.note(database(), run, "evaluate", metrics)
    if reasons:
        runs.end(database(), run, "rejected", reasons)
    return Evaluated(**run.model_dump(), accepted=not reasons, reasons=reasons, metrics=metrics)
