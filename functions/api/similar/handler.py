"""api/similar: people who behave like somebody."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.schemas.similar import SimilarAnswer
from footfall.stores.mongo import answering

from .question import SimilarQuestion
from .similar import similar_to

app = create_app("similar")


@app.get("/api/similar/{user_id}", summary="People who behave like somebody")
def get_similar(
    site_id: ReadSite,
    user_id: Annotated[str, Path(min_length=1, max_length=256)],
    question: Annotated[SimilarQuestion, Query()],
) -> SimilarAnswer:
    """The people with the nearest behaviour vectors, and what they have in common with the one asked about.

    Without the vector store, or for somebody without a vector yet, the answer is `degraded`: people of the same
    segments, or else on the same device.
    """
    with answering():
        return similar_to(site_id, user_id, question)


handler = as_lambda(app)
