"""api/similar: people who behave like somebody, and pages on which people do the same."""

from typing import Annotated

from fastapi import Path, Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import similar, similar_pages, similar_to_each

app = create_app("similar")


@app.get("/api/similar", summary="People who behave like each of several")
def get_similar_to_each(
    site_id: ReadSite, question: Annotated[similar_to_each.SimilarToEachQuestion, Query()]
) -> similar_to_each.SimilarToEachAnswer:
    """Returns for each of up to fifty people those with the nearest behaviour vectors, by one search."""
    return similar_to_each.answer(site_id, question)


@app.get("/api/similar/pages/{page:path}", summary="Pages on which people do the same as on one")
def get_similar_pages(
    site_id: ReadSite,
    page: Annotated[
        str,
        Path(
            min_length=1,
            max_length=2_048,
            description="The page's path, with its slashes as %2F, or its type",
            examples=["/checkout"],
        ),
    ],
    question: Annotated[similar.NearestQuestion, Query()],
) -> similar_pages.SimilarPagesAnswer:
    """Returns the pages that people come to, use and leave alike; a page hardly seen before the training is a 404."""
    return similar_pages.answer(site_id, page, question)


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
