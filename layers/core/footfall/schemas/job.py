"""A job: a question too big for one call, and how far its answer is."""

from datetime import datetime
from typing import Literal, NotRequired

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

JobState = Literal["queued", "running", "done", "failed", "cancelled", "expired"]
LargeQuestion = Literal[
    "funnel",
    "time-to-convert",
    "trend",
    "dropoff",
    "people",
    "retention",
    "stickiness",
    "lifecycle",
    "paths",
    "journeys",
    "heatmap",
    "traffic-sources",
    "pages",
    "searches",
    "products",
    "carts",
    "web-vitals",
]
"""Which questions can be jobs: the last word of their path, but for what an address says of a page."""
JOB_ID = r"^[0-9a-f]{32}$"


class Estimate(TypedDict):
    """What a question reads: rows and bytes of the lake's files, and of how many days MongoDB's events instead."""

    rows: int
    bytes: int
    changed_days: int


class JobStatus(TypedDict):
    """What a caller may know of a job, and whether it was asked for lately.

    Without `expired` among its states: a job is expired once `expires_at` is over. `parts` is 0 until it is known;
    `done` are the numbers of those that are.
    """

    job_id: str
    question: LargeQuestion
    state: JobState
    estimate: Estimate
    parts: int
    done: list[int]
    asked_at: datetime
    polled_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    error: NotRequired[str]
    answer: NotRequired[str]


class JobDocument(JobStatus):
    """One document of `jobs`. `parameters` are the question's, `run` names the execution that answers it.

    `answer` is JSON.
    """

    _id: str
    site_id: str
    parameters: str
    run: str
    started_at: datetime | None


class JobQuestion(TypedDict):
    """What a job's steps need of it."""

    question: LargeQuestion
    parameters: str
    run: str
    state: JobState
    polled_at: datetime
    expires_at: datetime


class JobStart(TypedDict):
    """What a job is started by."""

    job_id: str
    run: str


class JobMessage(BaseModel):
    """Somebody asked how far a job is, or wants it no more."""

    site_id: str
    job_id: str


class AskedQuestion(BaseModel):
    """A question that was too big for one call."""

    site_id: str
    question: LargeQuestion
    parameters: dict[str, object] = Field(description="As the route takes them")


class AskedJob(TypedDict):
    """The job that answers a question; without one, why there is none."""

    job_id: str | None
    refused: Literal["too_many", "too_big"] | None
