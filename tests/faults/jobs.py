"""Faults of jobs, which answer questions too big for one call: the answer is the same, or the job says it failed."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from typing import Any

from tests.faults.mongods import Mongod
from tests.faults.pipeline import ANSWER, ROLLUP, Setting
from tests.faults.trial import NeverStruck, Scenario, Trial

SITE = "shop"
TRIES = 4
"""As often infra/answering.asl.yaml has a step done."""
SAMPLE = 9
ASKED_ABOUT = 600
"""Events that jobs are about, in a few parts; the others come afterwards."""
Json = dict[str, Any]


def part_killed(trial: Trial) -> str:
    """jobs/answer is killed before and after each external call of a part, and the part is done again."""
    chosen, fell = (trial.pipeline.folder / ANSWER / name for name in ("point", "died"))
    whole = _stored(trial)
    died = 0
    for point in count(1, SAMPLE if trial.short else 1):
        job = _begun(trial, window=point)
        chosen.write_text(str(point))
        _done(trial, job["parts"][-1])
        struck = fell.exists()
        if struck:
            fell.unlink()
            died += 1
        for part in job["parts"][:-1]:
            _done(trial, part)
        _expect_the_same(trial, _ended(trial, job), whole)
        if not struck:
            break
    chosen.unlink(missing_ok=True)
    if not died:
        raise NeverStruck("jobs/answer came past every point")
    _send_the_rest(trial)
    return f"killed at {died} points of a part"


def steps_come_twice(trial: Trial) -> str:
    """Every step of a job is delivered twice, parts at the same time."""
    whole = _stored(trial)
    job = _begun(trial)
    job = _done(trial, {**job, "step": "begin"})
    with ThreadPoolExecutor(2) as both:
        for part in job["parts"]:
            list(both.map(lambda _, part=part: _done(trial, part), range(2)))
    ended = _ended(trial, job)
    _done(trial, {**job, "step": "fold"})
    _expect_the_same(trial, ended, whole)
    _expect_the_same(trial, _job(trial, job), whole)
    _send_the_rest(trial)
    return f"{len(job['parts'])} parts, each twice"


def store_gone_between_parts(trial: Trial) -> str:
    """MongoDB is killed (−9) between two parts of a job, and comes back while the next one is tried again."""
    whole = _stored(trial)
    job = _begun(trial)
    first, *others = job["parts"]
    _done(trial, first)
    with _without_the_store(trial):
        trial.expect(_tried(trial, others[0]) is None, "a part was done without MongoDB")
    for part in others:
        _done(trial, part)
    ended = _ended(trial, job)
    if ended["state"] == "done":
        _expect_the_same(trial, ended, whole)
    else:
        trial.expect(ended["state"] == "failed" and bool(ended["error"]), f"the job is {ended['state']}")
        trial.expect(ended.get("answer") is None, "a failed job has an answer")
    again = _begun(trial, window=1)
    for part in again["parts"]:
        _done(trial, part)
    _expect_the_same(trial, _ended(trial, again), whole)
    _send_the_rest(trial)
    return f"the job was {ended['state']}; asked again, done"


@contextmanager
def _without_the_store(trial: Trial) -> Iterator[None]:
    store = trial.pipeline.store
    assert isinstance(store, Mongod)
    store.kill()
    yield
    store.start()
    trial.await_strike(lambda: _is_primary(trial), "that MongoDB came back")


def _is_primary(trial: Trial) -> bool:
    return bool(trial.pipeline.database.client.admin.command("hello")["isWritablePrimary"])


def _stored(trial: Trial) -> Json:
    # some events, in the lake; returns what rollups answer
    trial.send(trial.traffic.bodies(min(ASKED_ABOUT, trial.events)))
    trial.pipeline.settle()
    trial.pipeline.invoke(ROLLUP, {})
    answer = trial.pipeline.get("/api/funnel", SITE)
    assert answer
    assert answer.status == 200, answer.body
    found: Json = json.loads(answer.body)
    return found


def _send_the_rest(trial: Trial) -> None:
    if left := trial.events - len(trial.ledger.sent):
        trial.send(trial.traffic.bodies(left))


def _begun(trial: Trial, window: int = 0) -> Json:
    # the parts of a job, whose state machine is played here; a `window` that is longer than any range makes it another
    days = 10_000 + window
    steps = [",".join(step["name"] for step in _steps(trial))]
    asked = {"steps": steps, "window": f"{days}d", "bots": "exclude"}
    begun = _done(trial, {"step": "ask", "site_id": SITE, "question": "funnel", "parameters": asked})
    stored = trial.pipeline.database["jobs"].find_one({"job_id": begun["job_id"]})
    assert stored
    job = _done(trial, {"step": "begin", "site_id": SITE, "job_id": stored["job_id"], "run": stored["run"]})
    trial.expect(len(job["parts"]) > 1, f"a job of {len(job['parts'])} parts")
    return job


def _steps(trial: Trial) -> list[Json]:
    answer = trial.pipeline.get("/api/funnel", SITE)
    assert answer
    found: list[Json] = json.loads(answer.body)["steps"]
    return found


def _ended(trial: Trial, job: Json) -> Json:
    # as the state machine has it: the parts are folded, and where that fails, the failure is noted
    if _tried(trial, {**job, "step": "fold"}) is None:
        run = {name: job[name] for name in ("site_id", "job_id", "run")}
        _done(trial, {**run, "step": "fail", "error": {"Error": "States.TaskFailed"}})
    return _job(trial, job)


def _job(trial: Trial, job: Json) -> Json:
    found: Json | None = trial.pipeline.database["jobs"].find_one({"job_id": job["job_id"]})
    assert found
    return found


def _tried(trial: Trial, step: Json) -> Json | None:
    # what a step returns, tried as often as the state machine tries it; None where it never succeeds
    for _ in range(TRIES):
        answer = trial.pipeline.functions[ANSWER].invoke(json.dumps(step).encode())
        if not answer.failed:
            found: Json = json.loads(answer.payload)
            return found
    return None


def _done(trial: Trial, step: Json) -> Json:
    found = _tried(trial, step)
    assert found is not None, step["step"]
    return found


def _expect_the_same(trial: Trial, job: Json, whole: Json) -> None:
    trial.expect(job["state"] == "done", f"the job is {job['state']}: {job.get('error')}")
    answer = json.loads(job.get("answer") or "{}")
    trial.expect(answer.get("steps") == whole["steps"], f"the job's answer is another: {answer.get('steps')}")


def _big(most_rows: int) -> Setting:
    # each scenario has functions of its own: they remember who visitors turned out to be, and people are numbered anew
    return Setting(dying=True, concurrency=1, retry_seconds=0, most_rows=most_rows)


SCENARIOS = (
    Scenario("part_killed", _big(20), part_killed),
    Scenario("steps_come_twice", _big(21), steps_come_twice),
    Scenario("store_gone_between_parts", _big(22), store_gone_between_parts),
)
