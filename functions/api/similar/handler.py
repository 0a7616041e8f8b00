"""api/similar: people who behave like somebody."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import similar

app = create_app("similar")


@app.get("/api/similar/{user_id}", summary="People who behave like somebody")
def get_similar(
    site_id: ReadSite,
    user_id: Annotated[similar.PersonId, Path(description="A user's or a visitor's id")],
    only: Annotated[similar.SimilarFilter, Query()],
) -> similar.SimilarAnswer:
    """Returns the people with the nearest behaviour vectors, and what they have in common with the one asked about.

    Without the vector store, or for somebody without a vector yet, the answer is `degraded`: people of the same
    segments, or else on the same device.
    """
    return similar.answer(site_id, similar.SimilarQuestion(user_id=user_id, **only.model_dump()))


handler = as_lambda(app)
