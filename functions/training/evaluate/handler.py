"""training/evaluate: figures that say how good the fitted models are, and whether they may be published."""

from typing import Any

import numpy as np
from footfall.customers.arrays import features_of_all, projection_of
from footfall.models import runs
from footfall.models.artefacts import Arrays, load_arrays
from footfall.schemas.model import Evaluated, Fitted
from footfall.stores.mongo import answering, database

from .gate import reasons_against
from .neighbours import recall, shared_products


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Judge a run's models; a rejected run ends here, with its reasons noted."""
    with answering():
        return evaluate(Fitted.model_validate(event)).model_dump(mode="json")


def evaluate(run: Fitted) -> Evaluated:
    """Measure the models of a run and decide."""
    runs.enter(database(), run, "evaluate")
    arrays, vectors = load_arrays(run.features), load_arrays(run.vectors)["vectors"]
    metrics = {
        "rfm": _rfm(arrays, load_arrays(run.customers)),
        "behaviour_segments": {name: run.figures[name] for name in ("segments", "silhouette")},
        "behaviour_vectors": {
            **recall(projection_of(load_arrays(run.projection)), arrays),
            "shared_products": shared_products(vectors, features_of_all(arrays)),
        },
    }
    reasons = reasons_against(run.facts, metrics, vectors)
    runs.note(database(), run, "fit", run.figures)
    runs.note(database(), run, "evaluate", metrics)
    if reasons:
        runs.end(database(), run, "rejected", reasons=reasons)
    return Evaluated(**run.model_dump(), accepted=not reasons, reasons=reasons, metrics=metrics)


def _rfm(arrays: Arrays, scores: Arrays) -> dict[str, Any]:
    """What the customers amount to, and how evenly the scores are spread."""
    shares = {
        name: np.bincount(scores[name], minlength=6)[1:].tolist() for name in ("recency", "frequency", "monetary")
    }
    return {
        "customers": len(arrays["customer"]),
        "orders": int(arrays["frequency"].sum()),
        "revenue": int(arrays["monetary"].sum()),
        "refunded": int(arrays["refunded"].sum()),
        "customers_by_score": shares,
    }
