"""The table of models: how each is fitted, judged and written on customers, in the module of its name beside this one.

It needs numpy, so training alone imports it; who reads models finds their names and features in `schemas.model`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from footfall.models import behaviour_segments, behaviour_vectors, churn, lifetime, propensity, rfm
from footfall.models.artefacts import SavedFiles
from footfall.models.trained import Files, Fit, Judgement, Trained
from footfall.schemas.model import AllFitted, ModelName


class Model(NamedTuple):
    """One model: how it is fitted on what was extracted, how it is judged, and what it writes on each customer.

    `fields` gives one mapping a customer, in the order of the extracted `customer` array; None where it writes nothing.
    """

    fit: Callable[[Files], Fit]
    judge: Callable[[Trained], Judgement]
    fields: Callable[[Trained], Iterator[Mapping[str, object]]] | None = None


MODELS: dict[ModelName, Model] = {
    "rfm": Model(rfm.fit, rfm.judge, rfm.fields),
    "behaviour_segments": Model(behaviour_segments.fit, behaviour_segments.judge, behaviour_segments.fields),
    "behaviour_vectors": Model(behaviour_vectors.fit, behaviour_vectors.judge),
    "lifetime": Model(lifetime.fit, lifetime.judge, lifetime.fields),
    "churn": Model(churn.fit, churn.judge, churn.fields),
    "propensity": Model(propensity.fit, propensity.judge),
}


def trained(run: AllFitted) -> dict[ModelName, Trained]:
    """Returns the models of a run in the order of the table; their files are read when they are asked for."""
    extracted = SavedFiles(run.artefacts)
    return {
        each.model: Trained(run.facts, extracted, SavedFiles(each.work), SavedFiles(each.artefacts), each.figures)
        for each in run.fitted
    }
