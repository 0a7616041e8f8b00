"""api/jobs: how far the answers to big questions are."""

from contextlib import suppress
from typing import Annotated

from fastapi import Path
from footfall.aws.functions import invoke, start
from footfall.errors import Unavailable
from footfall.http.app import ReadSite, as_lambda, create_app
from footfall.http.audit import AuditedRoute
from footfall.questions import job
from footfall.schemas.job import JOB_ID
from footfall.settings import AnsweringSettings, from_environment
from footfall.stores.mongo import answering

app = create_app("jobs", AuditedRoute)
JobId = Annotated[str, Path(pattern=JOB_ID, description="As the answer to the question gave it")]


@app.get("/api/jobs/{job_id}", summary="How far the answer to a big question is, and the answer")
def get_job(job_id: JobId, site_id: ReadSite) -> job.Job:
    """Returns the job. It goes on while somebody asks for it: ask every few seconds, at least every ten minutes."""
    with answering():
        found = job.found(site_id, job_id)
    if job.wants_noting(found):
        with suppress(Unavailable):  # who asks again notes it
            start(_writer(), {"step": "poll", "site_id": site_id, "job_id": job_id}, "the job cannot be told")
    return job.told(found)


@app.delete("/api/jobs/{job_id}", summary="Cancel a big question")
def cancel_job(job_id: JobId, site_id: ReadSite) -> job.Job:
    """Have a job stop; returns it. One that has ended stays as it is."""
    with answering():
        job.found(site_id, job_id)
    invoke(_writer(), {"step": "cancel", "site_id": site_id, "job_id": job_id}, dict[str, str])
    return job.answer(site_id, job.JobToFind(job_id=job_id))


def _writer() -> str:
    return from_environment(AnsweringSettings).answer_function_name


handler = as_lambda(app)
