"""api/funnel: where people leave on their way, over a range of days and over time."""

from typing import Annotated

from fastapi import Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.rollups import rollups_of
from footfall.schemas.funnel import FunnelAnswer, TrendAnswer
from footfall.stores.mongo import answering

from .question import Asked, StandingQuestion, TrendQuestion
from .standing import standing
from .trend import trend

app = create_app("funnel")


@app.get("/api/funnel", summary="A funnel's steps, conversion and drop-off over a range of days")
def get_funnel(site_id: ReadSite, question: Annotated[StandingQuestion, Query()]) -> FunnelAnswer:
    """How many distinct people reached each step, how fast, and where the others left; bots are left out."""
    with answering(), rollups_of(site_id) as rollups:
        asked = Asked.of(rollups, question)
        return asked.answer(question, FunnelAnswer, lambda: standing(asked, question))


@app.get("/api/funnel/trend", summary="A funnel's conversion by day, week or month, its breaks marked")
def get_trend(site_id: ReadSite, question: Annotated[TrendQuestion, Query()]) -> TrendAnswer:
    """Each period as a funnel of its own, and the periods whose rates are far from those before them."""
    with answering(), rollups_of(site_id) as rollups:
        asked = Asked.of(rollups, question)
        return asked.answer(question, TrendAnswer, lambda: trend(asked, question))


handler = as_lambda(app)
