"""training/evaluate: figures that say how good models are, and which of each, the new or the old, is published."""

from collections.abc import Mapping

from footfall.aws.invocations import LambdaContext
from footfall.models import runs
from footfall.observability import telling_codes
from footfall.schemas.model import AllFitted, Chosen, Evaluated, Extracted
from footfall.stores.mongo import answering, database

from .choosing import choose

FIRST = "rfm"
"""Without this model there are no customers to write anything on."""


@telling_codes
def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    """Judge a run's models and choose; a run that has nothing to publish ends here, with its reasons noted."""
    with answering():
        return evaluate(AllFitted.model_validate(event)).model_dump(mode="json")


def evaluate(run: AllFitted) -> Evaluated:
    """Measure the models of a run, compare each with the one in use, and decide."""
    runs.enter(database(), run, "evaluate")
    chosen = [choose(run, fitted) for fitted in run.fitted]
    reasons = _against(run, chosen)
    # readers know these figures in the reverse order of the table
    candidates = [each.challenger for each in reversed(run.fitted) if each.challenger]
    figures = {name: figure for candidate in candidates for name, figure in candidate.figures.items()}
    runs.note(database(), run, "fit", figures)
    runs.note(database(), run, "evaluate", {each.model: each.metrics for each in chosen if each.published})
    runs.note_choices(database(), run, {each.model: each.choice for each in chosen})
    if reasons:
        runs.end(database(), run, "rejected", reasons)
    extracted = Extracted.model_validate(run.model_dump(exclude={"fitted"}))
    return Evaluated(**extracted.model_dump(), accepted=not reasons, reasons=reasons, chosen=chosen)


def _against(run: AllFitted, chosen: list[Chosen]) -> list[str]:
    if not run.facts.people:
        return ["the site has nobody to learn from yet"]
    return [
        reason for each in chosen if each.model == FIRST and not each.published for reason in each.choice["reasons"]
    ]
