"""Lists of implicit's recommenders, as .npz: `python implicit_lists.py GIVEN MADE`, in the environment that has it.

Given are the weights of people × products as a sparse matrix, and the people who are asked for.
"""

import sys
import time
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from scipy.sparse import csr_matrix

AT = 20


def main(given: str, made: str) -> None:
    """Write each recommender's lists, and the seconds that fitting took."""
    with np.load(given) as file:
        people = file["people"]
        weights = csr_matrix((file["data"], file["indices"], file["indptr"]), shape=tuple(file["shape"]))
    found: dict[str, Any] = {}
    for name, model in _models().items():
        started = time.process_time()
        model.fit(weights, show_progress=False)
        found[f"{name}_seconds"] = np.array(time.process_time() - started)
        found[name], _ = model.recommend(people, weights[people], N=AT, filter_already_liked_items=False)
    np.savez(made, **found)


def _models() -> dict[str, Any]:
    als = AlternatingLeastSquares(factors=64, regularization=0.05, iterations=15, random_state=20, num_threads=1)
    neighbours = {"cosine": CosineRecommender(K=100, num_threads=1), "bm25": BM25Recommender(K=100, num_threads=1)}
    return {**neighbours, "als": als}


if __name__ == "__main__":
    main(*sys.argv[1:])
