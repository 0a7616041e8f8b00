"""api/funnel: where people leave on their way, over a range of days and over time."""

from typing import Annotated

from fastapi import Query
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.questions import funnel, funnel_trend

app = create_app("funnel")


@app.get("/api/funnel", summary="A funnel's steps, conversion and drop-off over a range of days")
def get_funnel(site_id: ReadSite, question: Annotated[funnel.FunnelQuestion, Query()]) -> funnel.FunnelAnswer:
    """Returns how many distinct people reached each step, how fast, and where the others left; bots are left out."""
    return funnel.answer(site_id, question)


@app.get("/api/funnel/trend", summary="A funnel's conversion by day, week or month, its breaks marked")
def get_trend(site_id: ReadSite, question: Annotated[funnel_trend.TrendQuestion, Query()]) -> funnel_trend.TrendAnswer:
    """Returns each period as a funnel of its own, and where a rate broke; weekdays are compared with like weekdays."""
    return funnel_trend.answer(site_id, question)


handler = as_lambda(app)
