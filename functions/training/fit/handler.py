"""training/fit: scores, segments and behaviour vectors from the extracted features; S3 in, S3 out."""

from typing import Any

import numpy as np
from footfall.customers.arrays import features_of_all, projection_arrays, recency_of_all
from footfall.customers.projection import project
from footfall.customers.rfm import rfm_scores
from footfall.models.artefacts import load_arrays, model_key, save_arrays, save_json, work_key
from footfall.schemas.model import Extracted, Fitted
from numpy.typing import NDArray

from .directions import fit_projection
from .pages import fit_pages
from .segments import fit_segments


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Fit every model of the run, and save what is needed to judge, publish and use them."""
    return fit(Extracted.model_validate(event)).model_dump(mode="json")


def fit(run: Extracted) -> Fitted:
    """Fit the models on a run's features; the same features give the same models."""
    arrays = load_arrays(run.features)
    features, recency = features_of_all(arrays), recency_of_all(arrays)
    projection = fit_projection(features, recency)
    vectors = project(projection, features, recency)
    customer: NDArray[np.int32] = arrays["customer"]
    grouping = fit_segments(features.of_rows(customer), recency[customer])
    pages = fit_pages(load_arrays(run.pages))
    scores = rfm_scores(arrays["recency"], arrays["frequency"], arrays["monetary"])
    return Fitted(
        **run.model_dump(),
        projection=save_arrays(model_key(run, "projection.npz"), projection_arrays(projection)),
        vectors=save_arrays(work_key(run, "vectors.npz"), {"vectors": vectors}),
        page_vectors=save_arrays(work_key(run, "page_vectors.npz"), pages),
        customers=save_arrays(work_key(run, "customers.npz"), {**scores._asdict(), "segment": grouping.labels}),
        segments=save_json(model_key(run, "segments.json"), grouping.segments),
        figures={
            "tokens": len(projection.directions.tokens),
            "pages": len(pages["vectors"]),
            "segments": len(grouping.segments),
            "silhouette": round(grouping.silhouette, 4),
        },
    )
