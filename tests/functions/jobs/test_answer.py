"""Questions too big for one call: a job of parts, that ends whatever happens, with the answer that one call gives."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
from footfall.http import jobs
from footfall.questions import how_much, person_values, placed_orders
from footfall.questions.added_up import AddedUp
from footfall.settings import read_environment
from footfall.stores import lake, redis
from pymongo.database import Database

from functions.api.funnel.handler import handler as funnel_handler
from functions.api.jobs.handler import handler as jobs_handler
from functions.api.metrics.handler import handler as metrics_handler
from functions.jobs.answer import asking, working
from functions.jobs.answer.handler import handler
from infra.local.aws import AwsAddresses, start_aws
from infra.local.processes import ProcessSupervisor
from tests.functions.training.machine import ROLE, Functions, lambda_endpoint
from tests.functions.training.machine import definition as of_functions
from tests.support.asking import ask, refusal, request
from tests.support.builders import LambdaContext
from tests.support.caches import forget_redis
from tests.support.interrupting import Died, before_next_call, die, interrupted
from tests.support.visits import TODAY, a_shop, happen, know, person, roll_up, view

Mongo = Database[dict[str, Any]]
Json = dict[str, Any]
FUNNEL = "/api/funnel"
ASKED = {"steps": "home,search,payment|home", "breakdown": "device", "from": TODAY, "to": TODAY}
DEFINITION = Path(__file__).parents[3] / "infra" / "answering.asl.yaml"
PEOPLE = 12


class Answering(Functions):
    """Lambda's Invoke for jobs/answer."""

    handlers: ClassVar = {"JobsAnswerFunction": handler}


@pytest.fixture
def shop(database: Mongo) -> Iterator[Mongo]:
    """The site `demo`: a dozen people on two devices, two thirds of whom search."""
    know(database, a_shop("home", "cart"))
    names = [f"v{number:02}" for number in range(PEOPLE)]
    database["users"].insert_many([person(number, name) for number, name in enumerate(names, 1)])
    devices = ["Mobile", "Desktop"]
    homes = [view("home", name, number, device=devices[number % 2], path="/home") for number, name in enumerate(names)]
    searches = [view("search", name, 30 + number / 7) for number, name in enumerate(names) if number % 3]
    happen(database, *homes, *searches)
    roll_up()
    forget_redis()
    yield database
    forget_redis()


@pytest.fixture
def whole(shop: Mongo) -> Json:
    """The answer in one call."""
    return ask(funnel_handler, FUNNEL, ASKED)


def one_call_reads(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOST_ROWS", str(rows))
    read_environment.cache_clear()
    redis.client().flushdb()  # what was answered before is remembered


@pytest.fixture
def machine(whole: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The state machine, run by Step Functions, with functions of which each reads eight rows."""
    supervisor = ProcessSupervisor(tmp_path)
    try:
        with lambda_endpoint(Answering) as endpoint:
            for name, value in start_aws(supervisor, None, endpoint).environment().items():
                monkeypatch.setenv(name, value)
            _answer_with(json.dumps(of_functions(DEFINITION, Answering)), "answering", monkeypatch)
            yield
    finally:
        supervisor.stop()


@pytest.fixture
def parked(whole: Json, aws: AwsAddresses, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state machine that does nothing: a test does its steps."""
    nothing = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Succeed"}}}
    _answer_with(json.dumps(nothing), f"parked-{worker}", monkeypatch)


def _answer_with(definition: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = boto3.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=ROLE)
    monkeypatch.setenv("ANSWERING_STATE_MACHINE_ARN", made["stateMachineArn"])
    monkeypatch.setenv("ANSWER_FUNCTION_NAME", "JobsAnswerFunction")
    one_call_reads(8, monkeypatch)


def wait_for(job_id: str, seconds: float = 120) -> Json:
    """The job once it has ended."""
    deadline = time.monotonic() + seconds
    while (job := ask(jobs_handler, f"/api/jobs/{job_id}"))["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, job
        time.sleep(0.2)
    return job


def step(name: str, **event: Any) -> Any:
    return handler({"step": name, **event}, LambdaContext())


def begun(**query: str) -> Json:
    """The run of a job that was asked for without HTTP."""
    found = step("ask", site_id="demo", question="funnel", parameters={**ASKED, **query} | listed(ASKED | query))
    return {"site_id": "demo", "job_id": found["job_id"], "run": run_of(found["job_id"])}


def listed(query: Json) -> Json:
    return {name: [query[name]] for name in ("steps", "breakdown") if name in query}


def run_of(job_id: str) -> str:
    return str(stored(job_id)["run"])


def stored(job_id: str) -> Json:
    from footfall.stores.mongo import database

    found: Json | None = database()["jobs"].find_one({"job_id": job_id})
    assert found is not None
    return found


def answered(run: Json) -> None:
    """Do all steps of a job, as the state machine does."""
    found = step("begin", **run)
    for work in found["parts"]:
        handler(work, LambdaContext())
    step("fold", **found)


def told(job: Json) -> Json:
    return {name: value for name, value in job["answer"].items() if name != "complete_to"}


def expected(whole: Json) -> Json:
    return {name: value for name, value in whole.items() if name != "complete_to"}


def test_a_question_too_big_for_one_call_is_answered_by_a_job(machine: None, whole: Json) -> None:
    status, job = request(funnel_handler, "GET", FUNNEL, ASKED)
    assert (status, job["question"], job["reads"]["rows"], job["reads"]["changed_days"]) == (202, "funnel", 20, 0)
    assert job["reads"]["bytes"] > 0
    found = wait_for(job["job_id"])
    assert (found["state"], found["progress"], found["error"]) == ("done", {"done": 3, "of": 3}, None)
    assert found["answer"] == whole
    assert list(lake.listed("lake/site=demo/answers/")) == []
    again = request(funnel_handler, "GET", FUNNEL, ASKED)
    assert (again[0], again[1]["job_id"], again[1]["answer"]) == (202, job["job_id"], whole)
    assert refusal(jobs_handler, f"/api/jobs/{job['job_id']}", site_id="other") == (404, [])
    assert refusal(jobs_handler, "/api/jobs/1")[0] == 422


def test_a_part_that_fails_for_good_fails_the_job(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> bytes:
        raise RuntimeError("secret")

    monkeypatch.setattr(AddedUp, "part", broken)
    job = request(funnel_handler, "GET", FUNNEL, ASKED)[1]
    found = wait_for(job["job_id"])
    assert (found["state"], found["error"], found["answer"]) == (
        "failed",
        "the answer could not be made: ask again",
        None,
    )


def test_every_step_done_twice_is_as_done_once(parked: None, whole: Json) -> None:
    run = begun()
    assert begun() == run
    step("begin", **run)
    found = step("begin", **run)
    for work in [*found["parts"], *found["parts"]]:
        handler(work, LambdaContext())
    assert ask(jobs_handler, f"/api/jobs/{run['job_id']}")["progress"] == {"done": 3, "of": 3}
    step("fold", **found)
    step("fold", **found)
    step("fail", **run, error={"Error": "States.Timeout"})
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], told(job)) == ("done", expected(whole))


@pytest.mark.parametrize("write", range(1, 9))
def test_a_process_that_ends_at_any_write_leaves_a_job_that_ends(
    parked: None, whole: Json, write: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with interrupted(write, die, monkeypatch) as happened:
        run = retried(begun)
        found = retried(lambda: step("begin", **run))
        for work in found["parts"]:
            retried(lambda work=work: handler(work, LambdaContext()))
        retried(lambda: step("fold", **found))
    assert happened() or write == 8
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], told(job)) == ("done", expected(whole))


def retried(do: Any) -> Any:
    try:
        return do()
    except Died:
        return do()


@pytest.mark.parametrize(
    ("module", "name"), [(asking, "start_once"), (lake, "put"), (lake, "get_all"), (lake, "remove")]
)
def test_a_process_that_ends_at_any_call_leaves_a_job_that_ends(
    parked: None, whole: Json, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_next_call(module, name, lambda: die(False), monkeypatch)
    run = retried(begun)
    found = retried(lambda: step("begin", **run))
    for work in found["parts"]:
        retried(lambda work=work: handler(work, LambdaContext()))
    retried(lambda: step("fold", **found))
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], told(job)) == ("done", expected(whole))
    assert list(lake.listed("lake/site=demo/answers/")) == []


def test_an_execution_that_was_never_started_is_started_when_somebody_asks(
    shop: Mongo, parked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_next_call(asking, "start_once", lambda: die(False), monkeypatch)
    with pytest.raises(Died):
        begun()
    (job,) = shop["jobs"].find()
    long_ago = job["started_at"] - 2 * asking.LOST_AFTER
    shop["jobs"].update_one({}, {"$set": {"started_at": long_ago}})
    started = []
    monkeypatch.setattr(asking, "start_once", lambda _, name, *__: started.append(name))
    step("poll", site_id="demo", job_id=job["job_id"])
    assert started == [job["run"]]


def test_a_job_is_cancelled_by_whoever_asks_and_its_steps_stop(parked: None) -> None:
    run = begun()
    found = step("begin", **run)
    step("cancel", site_id="demo", job_id=run["job_id"])
    for work in found["parts"]:
        handler(work, LambdaContext())
    step("fold", **found)
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], job["answer"], job["progress"]["done"]) == ("cancelled", None, 0)
    assert step("begin", **run)["parts"] == []
    again = begun()
    assert (again["job_id"], again["run"] == run["run"]) == (run["job_id"], False)


def test_delete_cancels_a_job_of_the_callers_site_alone(machine: None) -> None:
    job_id = request(funnel_handler, "GET", FUNNEL, ASKED)[1]["job_id"]
    assert request(jobs_handler, "DELETE", f"/api/jobs/{job_id}", site_id="other")[0] == 404
    status, job = request(jobs_handler, "DELETE", f"/api/jobs/{job_id}")
    assert (status, job["state"] in ("cancelled", "done")) == (200, True)


def test_a_job_that_nobody_asks_for_is_cancelled(shop: Mongo, parked: None) -> None:
    run = begun()
    found = step("begin", **run)
    asked = stored(run["job_id"])["polled_at"]
    shop["jobs"].update_one({}, {"$set": {"polled_at": asked - working.NOBODY_ASKS_AFTER}})
    handler(found["parts"][0], LambdaContext())
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], job["error"]) == ("cancelled", working.NOBODY_ASKED)


def test_a_site_has_so_many_jobs_at_once_and_so_many_waiting(
    shop: Mongo, parked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_WAITING", 2)
    runs = [begun(window=f"{number}h") for number in range(1, 5)]
    assert [stored(run["job_id"])["state"] for run in runs] == ["running", "running", "queued", "queued"]
    refused = step("ask", site_id="demo", question="funnel", parameters={**ASKED, **listed(ASKED), "window": "9h"})
    assert refused == {"job_id": None, "refused": "too_many"}
    answered(runs[0])
    step("cancel", site_id="demo", job_id=runs[1]["job_id"])
    assert [stored(run["job_id"])["state"] for run in runs] == ["done", "cancelled", "running", "running"]
    shop["jobs"].update_many({"state": "running"}, {"$set": {"expires_at": stored(runs[0]["job_id"])["asked_at"]}})
    assert [ask(jobs_handler, f"/api/jobs/{run['job_id']}")["state"] for run in runs[2:]] == ["expired", "expired"]
    assert stored(begun(window="9h")["job_id"])["state"] == "running"


def test_an_answer_is_there_until_it_expires(shop: Mongo, parked: None) -> None:
    run = begun()
    answered(run)
    shop["jobs"].update_one({}, {"$set": {"expires_at": stored(run["job_id"])["asked_at"] - timedelta(days=1)}})
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (job["state"], job["answer"]) == ("expired", None)
    assert begun()["run"] != run["run"]


def test_more_people_than_one_call_looks_at_are_looked_at_in_parts(
    shop: Mongo, machine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_call_reads(100, monkeypatch)
    asked = {**ASKED, "breakdown": "sex"}
    whole = ask(funnel_handler, FUNNEL, asked)
    for module in (how_much, person_values):
        monkeypatch.setattr(module, "MOST_PEOPLE", 5)
    status, job = request(funnel_handler, "GET", FUNNEL, asked)
    found = wait_for(job["job_id"])
    assert (status, found["state"], found["progress"]) == (202, "done", {"done": 3, "of": 3})
    assert found["answer"] == whole


def test_how_long_people_take_is_told_in_parts_too(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path, asked = f"{FUNNEL}/time-to-convert", {"steps": ASKED["steps"], "to_step": 2, "from": TODAY, "to": TODAY}
    one_call_reads(100, monkeypatch)
    whole = ask(funnel_handler, path, asked)
    one_call_reads(8, monkeypatch)
    status, job = request(funnel_handler, "GET", path, asked)
    found = wait_for(job["job_id"])
    assert (status, found["question"], found["answer"]) == (202, "time-to-convert", whole)


@pytest.mark.parametrize(
    ("handler_of", "path", "query"),
    [
        (funnel_handler, "/api/retention", {"first": "home", "returning": "search"}),
        (funnel_handler, "/api/funnel/dropoff", {"steps": "home,search"}),
        (funnel_handler, "/api/heatmap//home", {"grid": "10"}),
        (metrics_handler, "/api/analytics/pages", {"page_size": "1"}),
        (metrics_handler, "/api/analytics/traffic-sources", {}),
    ],
)
def test_other_questions_become_jobs_too(
    parked: None, handler_of: Any, path: str, query: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"from": TODAY, "to": TODAY, **query}
    one_call_reads(100, monkeypatch)
    whole = ask(handler_of, path, asked)
    one_call_reads(8, monkeypatch)
    monkeypatch.setattr(jobs, "invoke", lambda _name, event, _answer: handler(event, LambdaContext()))
    status, job = request(handler_of, "GET", path, asked)
    answered({"site_id": "demo", "job_id": job["job_id"], "run": run_of(job["job_id"])})
    found = ask(jobs_handler, f"/api/jobs/{job['job_id']}")
    assert (status, found["state"], told(found)) == (202, "done", expected(whole))
    assert found["progress"]["of"] > 1


def test_what_one_call_refuses_for_another_reason_is_no_job(parked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placed_orders, "MOST_ORDERS", -1)
    asked = {"site_id": "demo", "question": "pages", "parameters": {"from": TODAY, "to": TODAY}}
    assert step("ask", **asked) == {"job_id": None, "refused": "too_big"}


def test_more_than_all_parts_can_read_is_refused(shop: Mongo, machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_PARTS", 2)
    assert refusal(funnel_handler, FUNNEL, ASKED) == (422, ["from"])
    assert shop["jobs"].count_documents({}) == 0


def test_days_that_changed_are_read_in_parts_too(
    shop: Mongo, parked: None, whole: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop["lake_periods"].delete_many({})
    one_call_reads(200, monkeypatch)  # and eight events
    run = begun()
    assert len(step("begin", **run)["parts"]) == 3
    answered(run)
    job = ask(jobs_handler, f"/api/jobs/{run['job_id']}")
    assert (told(job), job["reads"]) == (expected(whole), {"rows": 0, "bytes": 0, "changed_days": 1})
