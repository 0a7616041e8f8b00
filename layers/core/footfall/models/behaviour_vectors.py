"""The model `behaviour_vectors`: vectors whose cosine says how alike people behave, or what is done on pages."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from footfall.customers.arrays import (
    Arrays,
    features_of_all,
    pack_texts,
    projection_arrays,
    projection_of,
    recency_of_all,
    subjects_of,
)
from footfall.customers.profile import foremost
from footfall.customers.projection import PAGE_BLOCKS, Projection, project, turn, unit
from footfall.models.artefacts import Corrupted
from footfall.models.neighbours import recall, shared_products
from footfall.models.trained import Champion, Files, Fit, Judgement, Trained
from footfall.observability import logger

EARLIER = "earlier_projection"
"""The file of the model trained before, where there is one."""
FEWEST_VISITS = 3
"""A page seen in fewer visits has not shown yet what is done on it."""
ENOUGH_PEOPLE = 200
"""Where fewer people can be split in two, what is found again says nothing."""
BETTER_THAN_CHANCE = 1.5


def fit(extracted: Files) -> Fit:
    """Returns the projection, everybody's vectors and the pages'; the same behaviour gives the same vectors."""
    from footfall.models.directions import fit_projection  # fit alone has scikit-learn in its layers

    arrays = extracted["features"]
    features, recency = features_of_all(arrays), recency_of_all(arrays)
    projection = fit_projection(features, recency, _before(extracted))
    return replace(_made(extracted, projection), artefacts={"projection": projection_arrays(projection)})


def apply(extracted: Files, champion: Champion) -> Fit:
    """Returns everybody's vectors by the champion's projection; those of pages are found anew."""
    return _made(extracted, projection_of(champion.artefacts["projection"]))


def _made(extracted: Files, projection: Projection) -> Fit:
    arrays, pages = extracted["features"], page_vectors(extracted["pages"])
    vectors = project(projection, features_of_all(arrays), recency_of_all(arrays))
    return Fit(
        work={"vectors": {"vectors": vectors}, "page_vectors": pages},
        figures={"tokens": len(projection.directions.tokens), "pages": len(pages["vectors"])},
    )


def _before(extracted: Files) -> Projection | None:
    try:
        return projection_of(extracted[EARLIER]) if EARLIER in extracted else None
    except Corrupted:  # without it the vectors only point elsewhere than before
        logger().warning("the earlier projection cannot be read")
        return None


def page_vectors(arrays: Arrays) -> Arrays:
    """Returns the pages that were seen often enough, with their types and vectors.

    Near are those where people come from, do and go on to the same things.
    """
    from footfall.models.directions import fit_directions

    kept = np.flatnonzero(arrays["visits"] >= FEWEST_VISITS).astype(np.int32)
    features = features_of_all(arrays).of_rows(kept)
    pages = subjects_of(arrays)
    types = [foremost(tokens, "type:", 1)[0] for tokens in features.people()]
    return {
        "subjects": pack_texts([pages[row] for row in kept.tolist()]),
        "types": pack_texts(types),
        "vectors": unit(turn(fit_directions(features, PAGE_BLOCKS), PAGE_BLOCKS, features)),
    }


def judge(trained: Trained) -> Judgement:
    """Returns whether people are found again by their vectors, and share products with their nearest."""
    arrays = trained.extracted["features"]
    vectors: NDArray[np.float32] = trained.work["vectors"]["vectors"]
    again = recall(projection_of(trained.artefacts["projection"]), arrays)
    by_chance = again["recall_at_10"] < BETTER_THAN_CHANCE * again["random"]
    against = {
        "not every vector has length 1": not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3),
        "the vectors find people again hardly better than chance": again["people"] >= ENOUGH_PEOPLE and by_chance,
    }
    metrics = {**again, "shared_products": shared_products(vectors, features_of_all(arrays))}
    return Judgement(metrics, [reason for reason, holds in against.items() if holds])
