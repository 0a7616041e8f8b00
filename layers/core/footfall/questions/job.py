"""The question how far the answer to a big question is, and the answer once it is there."""

from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from footfall.clock import now
from footfall.codec import decode
from footfall.errors import NotFound
from footfall.schemas.event import Json
from footfall.schemas.job import JobState, JobStatus, LargeQuestion
from footfall.stores.collections import jobs
from footfall.stores.mongo import answering, database

GOING_ON = ("queued", "running")
NOTED_EVERY = timedelta(minutes=1)
"""That somebody asks for a job is written down so often."""


class JobToFind(BaseModel):
    """Which job."""

    job_id: str


class Reads(BaseModel):
    """What the question reads, as far as it was known before anything was read."""

    rows: int = Field(description="Rows of the lake's files", examples=[41_000_000])
    bytes: int = Field(description="What these files come to", examples=[430_000_000])
    changed_days: int = Field(
        description="Days that changed lately, or are not in the lake: their events are read one by one", examples=[1]
    )


class Progress(BaseModel):
    """How many parts of the people are done."""

    done: int = Field(description="Parts that are done", examples=[3])
    of: int = Field(description="All parts; 0 until it is known", examples=[8])


class Job(BaseModel):
    """A question too big for one call: how far it is, and the answer, which is the one that one call would give."""

    job_id: str = Field(
        description="What `/api/jobs/{job_id}` is asked by", examples=["9f86d081884c7d659a2feaa0c55ad015"]
    )
    question: LargeQuestion = Field(description="Which question it is: the last word of its path", examples=["funnel"])
    state: JobState = Field(
        description="`queued`: it waits for others of the site; `running`; `done`: `answer` is there; `failed`: `error`"
        " says why; `cancelled`, also where nobody asked for it for ten minutes; `expired`: what there was is gone,"
        " ask the question again",
        examples=["running"],
    )
    progress: Progress
    reads: Reads
    asked_at: datetime = Field(description="When the question was asked")
    ended_at: datetime | None = Field(description="When it was done, failed or cancelled; null before")
    expires_at: datetime = Field(description="Until when the job is there: an hour for an answer to come, then a day")
    error: str | None = Field(description="Why it failed or was cancelled; else null")
    answer: Json | None = Field(description="As the question's own route answers; null until it is done")


@answering()
def answer(site_id: str, question: JobToFind) -> Job:
    """Returns a site's job; raises NotFound, also for another site's."""
    return told(found(site_id, question.job_id))


def found(site_id: str, job_id: str) -> JobStatus:
    """Returns what is stored of a site's job; raises NotFound."""
    known = next(jobs.read(database(), JobStatus, {"_id": f"{site_id}:{job_id}"}), None)
    if known is None:
        raise NotFound("the site has no such job; it is kept for a day after it has expired")
    return known


def wants_noting(job: JobStatus) -> bool:
    """Returns whether the job's writer should hear that somebody asks for it."""
    return job["state"] in GOING_ON and now() - job["polled_at"] > NOTED_EVERY


def told(job: JobStatus) -> Job:
    """Returns what a caller hears of a job."""
    is_over = job["expires_at"] <= now()
    text = None if is_over else job.get("answer")
    return Job(
        job_id=job["job_id"],
        question=job["question"],
        state="expired" if is_over else job["state"],
        progress=Progress(done=len(job["done"]), of=job["parts"]),
        reads=Reads(**job["estimate"]),
        asked_at=job["asked_at"],
        ended_at=job["ended_at"],
        expires_at=job["expires_at"],
        error=job.get("error"),
        answer=None if text is None else decode(text.encode()),
    )
