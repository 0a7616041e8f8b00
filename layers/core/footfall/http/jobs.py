"""A route whose question may be too big for one call: what fits is answered at once, the rest becomes a job."""

from collections.abc import Callable
from http import HTTPStatus
from typing import NoReturn, TypeVar

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from footfall.aws.functions import invoke
from footfall.errors import TooManyJobs
from footfall.http.app import PROBLEMS, Responses
from footfall.questions import job
from footfall.questions.how_much import TooBig
from footfall.schemas.job import AskedJob, AskedQuestion, LargeQuestion
from footfall.settings import AnsweringSettings, from_environment

Question = TypeVar("Question", bound=BaseModel)
Answer = TypeVar("Answer", bound=BaseModel)
RETRY_AFTER = 60
OR_A_JOB: Responses = {
    202: {"model": job.Job, "description": "It is too big for one call: `/api/jobs/{job_id}` has it as it comes"},
    429: {**PROBLEMS[422], "description": "As many such questions of the site are waiting as may"},
}
"""What such a route may answer besides."""


def answered_or_begun(
    kind: LargeQuestion, site_id: str, question: Question, answer: Callable[[str, Question], Answer]
) -> Answer | JSONResponse:
    """Returns the answer, or for a question too big for one call a 202 with its job.

    Raises what `answer` does, and TooManyJobs while as many questions of the site are waiting as may.
    """
    try:
        return answer(site_id, question)
    except TooBig as too_big:
        asked = {"step": "ask", **_asked(kind, site_id, question).model_dump()}
        begun = invoke(from_environment(AnsweringSettings).answer_function_name, asked, AskedJob)
        if begun["job_id"] is None:
            _refuse(begun, too_big)
        found = job.answer(site_id, job.JobToFind(job_id=begun["job_id"]))
        return JSONResponse(found.model_dump(mode="json", by_alias=True), HTTPStatus.ACCEPTED)


def _asked(kind: LargeQuestion, site_id: str, question: BaseModel) -> AskedQuestion:
    parameters = question.model_dump(mode="json", by_alias=True, exclude_none=True)
    return AskedQuestion(site_id=site_id, question=kind, parameters=parameters)


def _refuse(begun: AskedJob, too_big: TooBig) -> NoReturn:
    if begun["refused"] == "too_many":
        raise TooManyJobs("other questions of the site are waiting for their answers: try again later", RETRY_AFTER)
    raise too_big
