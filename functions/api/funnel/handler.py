"""api/funnel: where people leave, which ways they take, who comes back, and what they do on a page."""

from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import JSONResponse
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.http.jobs import OR_A_JOB, answered_or_begun
from footfall.questions import (
    dropoff,
    funnel,
    funnel_people,
    funnel_trend,
    heatmap,
    journeys,
    lifecycle,
    paths,
    retention,
    stickiness,
    time_to_convert,
)

app = create_app("funnel")


@app.get(
    "/api/funnel",
    summary="A funnel's steps, conversion and drop-off over a range of days",
    response_model=funnel.FunnelAnswer,
    responses=OR_A_JOB,
)
def get_funnel(
    site_id: ReadSite, question: Annotated[funnel.FunnelQuestion, Query()]
) -> funnel.FunnelAnswer | JSONResponse:
    """Returns how many distinct people reached each step, how fast, and where the others left; bots are left out.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("funnel", site_id, question, funnel.answer)


@app.get(
    "/api/funnel/dropoff",
    summary="Where a funnel loses people, and what they had in common",
    response_model=dropoff.DropoffAnswer,
    responses=OR_A_JOB,
)
def get_dropoff(
    site_id: ReadSite, question: Annotated[dropoff.DropoffQuestion, Query()]
) -> dropoff.DropoffAnswer | JSONResponse:
    """Returns each transition by its loss, what is more frequent among those who left, and since when they leave.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("dropoff", site_id, question, dropoff.answer)


@app.get(
    "/api/funnel/trend",
    summary="A funnel's conversion by day, week or month, its breaks marked",
    response_model=funnel_trend.TrendAnswer,
    responses=OR_A_JOB,
)
def get_trend(
    site_id: ReadSite, question: Annotated[funnel_trend.TrendQuestion, Query()]
) -> funnel_trend.TrendAnswer | JSONResponse:
    """Returns each period as a funnel of its own, and where a rate broke; weekdays are compared with like weekdays.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("trend", site_id, question, funnel_trend.answer)


@app.get(
    "/api/funnel/people",
    summary="Who reached a step of a funnel, or left before it",
    response_model=funnel_people.FunnelPeopleAnswer,
    responses=OR_A_JOB,
)
def get_people(
    site_id: ReadSite, question: Annotated[funnel_people.FunnelPeopleQuestion, Query()]
) -> funnel_people.FunnelPeopleAnswer | JSONResponse:
    """Returns a page of the people behind a number of /api/funnel, the latest first, each with what they bought.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("people", site_id, question, funnel_people.answer)


@app.get(
    "/api/funnel/time-to-convert",
    summary="How long people take from one step of a funnel to another",
    response_model=time_to_convert.TimeToConvertAnswer,
    responses=OR_A_JOB,
)
def get_time_to_convert(
    site_id: ReadSite, question: Annotated[time_to_convert.TimeToConvertQuestion, Query()]
) -> time_to_convert.TimeToConvertAnswer | JSONResponse:
    """Returns the mean, median and 90th percentile of the times, and how many took how long.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("time-to-convert", site_id, question, time_to_convert.answer)


@app.get(
    "/api/retention",
    summary="Who comes back: cohorts by day, week or month",
    response_model=retention.RetentionAnswer,
    responses=OR_A_JOB,
)
def get_retention(
    site_id: ReadSite, question: Annotated[retention.RetentionQuestion, Query()]
) -> retention.RetentionAnswer | JSONResponse:
    """Returns how many of those who did something first in a period did it, or something else, again in later ones.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("retention", site_id, question, retention.answer)


@app.get(
    "/api/analytics/stickiness",
    summary="How often people are there",
    response_model=stickiness.Stickiness,
    responses=OR_A_JOB,
)
def get_stickiness(
    site_id: ReadSite, question: Annotated[stickiness.StickinessQuestion, Query()]
) -> stickiness.Stickiness | JSONResponse:
    """Returns people by day, week and month, their ratios, and on how many days of the range each was there.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("stickiness", site_id, question, stickiness.answer)


@app.get(
    "/api/analytics/lifecycle",
    summary="New, returning, resurrecting and dormant people by period",
    response_model=lifecycle.Lifecycle,
    responses=OR_A_JOB,
)
def get_lifecycle(
    site_id: ReadSite, question: Annotated[lifecycle.LifecycleQuestion, Query()]
) -> lifecycle.Lifecycle | JSONResponse:
    """Returns at which stage the people of each period are; the stages add up to who is there and who was before.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("lifecycle", site_id, question, lifecycle.answer)


@app.get(
    "/api/paths",
    summary="From where to where sessions go: links of a Sankey diagram",
    response_model=paths.PathsAnswer,
    responses=OR_A_JOB,
)
def get_paths(site_id: ReadSite, question: Annotated[paths.PathsQuestion, Query()]) -> paths.PathsAnswer | JSONResponse:
    """Returns the ways from a page, to a page or from the beginning of sessions, step by step, repeats folded.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("paths", site_id, question, paths.answer)


@app.get(
    "/api/journeys",
    summary="The commonest journeys, and how many of them convert",
    response_model=journeys.JourneysAnswer,
    responses=OR_A_JOB,
)
def get_journeys(
    site_id: ReadSite, question: Annotated[journeys.JourneysQuestion, Query()]
) -> journeys.JourneysAnswer | JSONResponse:
    """Returns what people (or sessions) visited one after the other, the commonest first.

    Over more events than one call reads, it answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("journeys", site_id, question, journeys.answer)


@app.get(
    "/api/heatmap/{page:path}",
    summary="Where on a page people click and hover, and how far they scroll",
    response_model=heatmap.HeatmapAnswer,
    responses=OR_A_JOB,
)
def get_heatmap(
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
    question: Annotated[heatmap.HeatmapQuestion, Query()],
) -> heatmap.HeatmapAnswer | JSONResponse:
    """Returns clicks by their place in the view and on the page, rage clicks, elements and scroll depth, by device.

    A page that was not seen in these days is a 404 that tells those near it. Over more events than one call reads, it
    answers 202 with a job, whose answer is the same.
    """
    return answered_or_begun("heatmap", site_id, heatmap.of_page(page, question), heatmap.answer_of)


handler = as_lambda(app)
