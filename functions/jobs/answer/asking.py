"""What callers do to jobs: ask for one, ask how far it is, cancel it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta

from footfall.aws.executions import start_once
from footfall.clock import now
from footfall.errors import Invalid
from footfall.questions.event_rows import EventsQuery
from footfall.questions.how_much import parts_of
from footfall.questions.job import GOING_ON
from footfall.questions.lake_rows import estimate
from footfall.questions.large import LARGE
from footfall.rollups import Part, Rollups, rollups_of
from footfall.schemas.job import AskedJob, AskedQuestion, Estimate, JobDocument, JobMessage, JobStart
from footfall.settings import AnsweringMachineSettings, from_environment
from footfall.stores.collections import jobs
from footfall.stores.mongo import Condition, database
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

MOST_RUNNING = 2
MOST_WAITING = 10
MOST_PARTS = 40
"""All run at once: a moment of the database is there for five minutes."""
LONGEST = timedelta(hours=1)
KEPT = timedelta(days=1)
LOST_AFTER = timedelta(minutes=1)
WHOLE = Part(0, 1)
"""Everybody, of whom events are read as of a part: not from what rollups keep."""


def ask(asked: AskedQuestion) -> AskedJob:
    """Returns the job of a question, a new one unless it is asked already; none for too much, or too many of a site."""
    parameters = json.dumps(asked.parameters, sort_keys=True)
    large = LARGE[asked.question]
    with rollups_of(asked.site_id, part=WHOLE) as rollups:
        try:
            queries = large.reads(rollups, parameters)
        except Invalid:  # of something else there is too much, as orders
            return AskedJob(job_id=None, refused="too_big")
        reads = estimate(queries)
        version = _version(rollups, queries)
    if parts_of(reads["rows"], large.most_rows()) > MOST_PARTS:
        return AskedJob(job_id=None, refused="too_big")
    job_id = hashlib.sha256(json.dumps([asked.question, parameters, version]).encode()).hexdigest()[:32]
    message = JobMessage(site_id=asked.site_id, job_id=job_id)
    if not _is_there(message):
        if _count(asked.site_id, "queued") >= MOST_WAITING:
            return AskedJob(job_id=None, refused="too_many")
        _add(asked, parameters, job_id, reads)
    poll(message)
    return AskedJob(job_id=job_id, refused=None)


def _version(rollups: Rollups, queries: Sequence[EventsQuery]) -> str:
    days = [query.days for query in queries]
    known = [rollups.version_of(each, "events") for each in sorted(set(days), key=lambda each: (each.first, each.last))]
    return json.dumps(known) if known and None not in known else rollups.moment.isoformat()


def poll(message: JobMessage) -> dict[str, str]:
    """Note that somebody asks for a job, and see to it that it runs as soon as it may."""
    moment = now()
    jobs.of(database()).update_one({"_id": key_of(message)}, {"$set": {"polled_at": moment}})
    start_waiting(message.site_id)
    # who started it may have ended before it was: a name is started once
    lost = {"_id": key_of(message), "state": "running", "parts": 0, "started_at": {"$lt": moment - LOST_AFTER}}
    for job in jobs.read(database(), JobStart, lost):
        _start(message.site_id, job)
    return {"job_id": message.job_id}


def cancel(message: JobMessage) -> dict[str, str]:
    """Cancel a job that goes on; its parts see it and stop."""
    end(message, {"state": "cancelled", "error": "somebody cancelled it"})
    return {"job_id": message.job_id}


def end(message: JobMessage, fields: dict[str, object], condition: Condition | None = None) -> None:
    """Note how a job ended that goes on, and start those that wait for it; `condition` says of which run."""
    moment = now()
    going_on = {"_id": key_of(message), "state": {"$in": list(GOING_ON)}, **(condition or {})}
    ended = {**fields, "ended_at": moment, "expires_at": moment + KEPT}
    jobs.of(database()).update_one(going_on, {"$set": ended})
    start_waiting(message.site_id)


def start_waiting(site_id: str) -> None:
    """Start as many of a site's waiting jobs as may run, the oldest first."""
    while _count(site_id, "running") < MOST_RUNNING:
        moment = now()
        job = jobs.of(database()).find_one_and_update(
            {"site_id": site_id, "state": "queued", "expires_at": {"$gt": moment}},
            {"$set": {"state": "running", "started_at": moment}},
            sort=[("asked_at", ASCENDING)],
        )
        if job is None:
            return
        _start(site_id, job)


def key_of(message: JobMessage) -> str:
    """Returns the key of a job's document."""
    return f"{message.site_id}:{message.job_id}"


def _is_there(message: JobMessage) -> bool:
    known = {"_id": key_of(message), "state": {"$in": [*GOING_ON, "done"]}, "expires_at": {"$gt": now()}}
    return jobs.of(database()).find_one(known, {"_id": 1}) is not None


def _count(site_id: str, state: str) -> int:
    return jobs.count(database(), {"site_id": site_id, "state": state, "expires_at": {"$gt": now()}})


def _add(asked: AskedQuestion, parameters: str, job_id: str, reads: Estimate) -> None:
    moment = now()
    key = f"{asked.site_id}:{job_id}"
    over = {"$or": [{"state": {"$in": ["failed", "cancelled"]}}, {"expires_at": {"$lte": moment}}]}
    job = JobDocument(
        _id=key,
        site_id=asked.site_id,
        job_id=job_id,
        question=asked.question,
        parameters=parameters,
        state="queued",
        estimate=reads,
        run=f"{job_id}-{round(moment.timestamp() * 1000)}",
        parts=0,
        done=[],
        asked_at=moment,
        polled_at=moment,
        started_at=None,
        ended_at=None,
        expires_at=moment + LONGEST,
    )
    try:
        jobs.of(database()).replace_one({"_id": key, **over}, job, upsert=True)
    except DuplicateKeyError:
        return  # somebody asked the same at the same time


def _start(site_id: str, job: JobStart | JobDocument) -> None:
    machine = from_environment(AnsweringMachineSettings).answering_state_machine_arn
    given = {"site_id": site_id, "job_id": job["job_id"], "run": job["run"]}
    start_once(machine, job["run"], given, "the question cannot be answered now")
