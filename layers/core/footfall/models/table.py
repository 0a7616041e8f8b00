"""The table of models: how each is fitted, judged and written on customers, in the module of its name beside this one.

It needs numpy, so training alone imports it; who reads models finds their names and features in `schemas.model`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from footfall.models import (
    behaviour_segments,
    behaviour_vectors,
    churn,
    lifetime,
    propensity,
    recommendations,
    rfm,
)
from footfall.models.artefacts import saved_files
from footfall.models.trained import Champion, Decisive, Files, Fit, Judgement, Trained
from footfall.schemas.model import Candidate, Evaluated, Extracted, ModelName


class Model(NamedTuple):
    """One model: how it is fitted on what was extracted, how one in use is applied to it, and how both are judged.

    `decides` is the figure of the judgement that must be better for a challenger to take the champion's place; without
    one there is nothing to compare. `fields` gives what it writes on each of some customers, in the order of the
    extracted `customer` array; None where it writes nothing.
    """

    fit: Callable[[Files], Fit]
    apply: Callable[[Files, Champion], Fit]
    judge: Callable[[Trained], Judgement]
    decides: Decisive | None = None
    fields: Callable[[Trained, slice], Iterator[Mapping[str, object]]] | None = None


MODELS: dict[ModelName, Model] = {
    "rfm": Model(rfm.fit, rfm.apply, rfm.judge, fields=rfm.fields),
    "behaviour_segments": Model(
        behaviour_segments.fit,
        behaviour_segments.apply,
        behaviour_segments.judge,
        Decisive("silhouette"),
        behaviour_segments.fields,
    ),
    "behaviour_vectors": Model(
        behaviour_vectors.fit, behaviour_vectors.apply, behaviour_vectors.judge, Decisive("recall_at_10")
    ),
    "lifetime": Model(
        lifetime.fit, lifetime.apply, lifetime.judge, Decisive("purchases_rmse", less_is_better=True), lifetime.fields
    ),
    "churn": Model(churn.fit, churn.apply, churn.judge, Decisive("brier", less_is_better=True), churn.fields),
    "recommendations": Model(recommendations.fit, recommendations.apply, recommendations.judge, Decisive("ndcg_at_20")),
    "propensity": Model(propensity.fit, propensity.apply, propensity.judge, Decisive("log_loss", less_is_better=True)),
}


def trained(run: Extracted, candidate: Candidate) -> Trained:
    """Returns a candidate of a run; its files are read when they are asked for."""
    extracted, work, artefacts = (saved_files(each) for each in (run.artefacts, candidate.work, candidate.artefacts))
    return Trained(run.facts, extracted, work, artefacts, candidate.figures)


def published(run: Evaluated) -> dict[ModelName, Trained]:
    """Returns the models that a run publishes, in the order of the table."""
    return {each.model: trained(run, each.published) for each in run.chosen if each.published}
