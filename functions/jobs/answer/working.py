"""What the state machine does of a job: say in how many parts, answer each, fold them; or note that it failed.

Every step looks first whether the job still goes on, and does nothing where it does not; done twice, it is as done
once.
"""

from collections.abc import Mapping
from datetime import timedelta

from footfall.clock import now
from footfall.errors import Conflict, FieldProblem, Invalid, NotFound, Unavailable
from footfall.lake.periods import folder_of
from footfall.observability import logger
from footfall.people.links import last_number
from footfall.questions.how_much import most_changed, parts_of
from footfall.questions.lake_rows import changed_days, estimate
from footfall.questions.large import LARGE
from footfall.questions.recent_rows import changed_events
from footfall.rollups import Part, Rollups, rollups_of
from footfall.schemas.job import JobMessage, JobQuestion
from footfall.stores import lake
from footfall.stores.collections import jobs
from footfall.stores.mongo import Moment, database
from pydantic import BaseModel, Field

from .asking import MOST_PARTS, WHOLE, end, key_of

NOBODY_ASKS_AFTER = timedelta(minutes=10)
NOBODY_ASKED = "nobody asked for it for ten minutes"
REFUSALS = (Conflict, Invalid, NotFound)
"""Failures that another try would not mend."""


class Run(JobMessage):
    """One execution of a job."""

    run: str


class Work(Run):
    """A part of the people, to be read as of a moment."""

    step: str = "part"
    moment: Moment
    number: int
    of: int


class Parts(Run):
    """All parts of a job."""

    parts: list[Work]


class Cause(BaseModel):
    """What Step Functions tells of the error that ended an execution."""

    error: str = Field(alias="Error")
    cause: str = Field(default="", alias="Cause")


class Failure(Run):
    """Which execution failed, and by what."""

    error: Cause


def begin(run: Run) -> dict[str, object]:
    """Returns the parts that a job is answered of, all as of the same moment; none for a job that does not go on."""
    parts: list[Work] = []
    job = _going_on(run)
    if job is not None:
        try:
            parts = _parts(run, job)
        except REFUSALS as error:
            _fail(run, error.detail)
        _note(run, {"$set": {"parts": len(parts)}})
    return Parts(**run.model_dump(), parts=parts).model_dump()


def _parts(run: Run, job: JobQuestion) -> list[Work]:
    moment = Moment.now()
    with rollups_of(run.site_id, moment, WHOLE) as rollups:
        count = _count(rollups, job)
    if count > MOST_PARTS:
        raise Invalid([FieldProblem("from", "too many events are to be read; ask for fewer days")])
    return [Work(**run.model_dump(), moment=moment, number=number, of=count) for number in range(count)]


def _count(rollups: Rollups, job: JobQuestion) -> int:
    # in how many parts the people are looked at
    large = LARGE[job["question"]]
    queries = large.reads(rollups, job["parameters"])
    most = most_changed() * MOST_PARTS
    changed = sum(changed_events(query, changed_days(query), most) for query in queries)
    looks_at_people = any(row.needs_person for query in queries for row in query.dimensions.values())
    people = last_number(database(), rollups.site.site_id, rollups.session) if looks_at_people else 0
    return parts_of(estimate(queries)["rows"], large.most_rows(), changed, people)


def part(work: Work) -> dict[str, object]:
    """Answer a part of a job and keep what it comes to."""
    job = _going_on(work)
    if job is not None:
        try:
            large = LARGE[job["question"]]
            found = large.part(work.site_id, job["parameters"], work.moment, Part(work.number, work.of))
            lake.put(_name(work), found)
            _note(work, {"$addToSet": {"done": work.number}})
        except REFUSALS as error:
            _fail(work, error.detail)
    return {"number": work.number}


def fold(parts: Parts) -> dict[str, object]:
    """Make the answer of a job's parts, and remove them; raises Unavailable where one is missing."""
    job = _going_on(parts)
    if job is not None:
        found = lake.get_all(map(_name, parts.parts))
        kept = [each for each in found if each is not None]
        if len(kept) < len(found) or not found:
            raise Unavailable("a part of the answer is missing")
        try:
            answer = LARGE[job["question"]].folded(job["parameters"], kept)
            end(parts, {"state": "done", "answer": answer.model_dump_json(by_alias=True)}, {"run": parts.run})
        except REFUSALS as error:
            _fail(parts, error.detail)
    for work in parts.parts:
        lake.remove(_name(work))
    return {"job_id": parts.job_id}


def fail(failure: Failure) -> dict[str, object]:
    """Note that an execution failed for good; its log says of what."""
    logger().error("a question was not answered", extra={"job": failure.job_id, "why": failure.error.error})
    _fail(failure, "the answer could not be made: ask again")
    return {"job_id": failure.job_id}


def _going_on(run: Run) -> JobQuestion | None:
    job = next(jobs.read(database(), JobQuestion, {"_id": key_of(run), "run": run.run, "state": "running"}), None)
    if job is None or job["expires_at"] <= now():
        return None
    if now() - job["polled_at"] > NOBODY_ASKS_AFTER:
        end(run, {"state": "cancelled", "error": NOBODY_ASKED}, {"run": run.run})
        return None
    return job


def _fail(run: Run, why: str) -> None:
    end(run, {"state": "failed", "error": why}, {"run": run.run})


def _note(run: Run, change: Mapping[str, object]) -> None:
    jobs.of(database()).update_one({"_id": key_of(run), "run": run.run}, change)


def _name(work: Work) -> str:
    # beside the lake's own files, so that jobs/retention removes what a broken run leaves there
    return f"{folder_of(work.site_id)}answers/{work.run}/{work.moment.seconds}-{work.number}-of-{work.of}"
