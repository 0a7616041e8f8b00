"""The training state machine."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from footfall import sites
from footfall.models.table import MODELS
from footfall.models.trained import Files, Fit, Trained
from footfall.observability import UNTOLD
from pymongo.database import Database

from infra.local.aws import start_aws
from infra.local.processes import ProcessSupervisor
from tests.functions.training.machine import definition, execute, lambda_endpoint
from tests.functions.training.pipeline import site_to_train
from tests.support.builders import a_site
from tests.support.shopping import open_shop

Mongo = Database[dict[str, Any]]


@pytest.fixture
def site(database: Mongo, tmp_path: Path, worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A site with people, and a Step Functions service that calls the real functions."""
    supervisor = ProcessSupervisor(tmp_path)
    try:
        with lambda_endpoint() as endpoint:
            for name, value in start_aws(supervisor, None, endpoint).environment().items():
                monkeypatch.setenv(name, value)
            with site_to_train(worker) as site_id:
                open_shop(database, site_id)
                yield site_id
    finally:
        supervisor.stop()


def a_name() -> str:
    return f"run-{uuid4().hex[:12]}"


def states_of(database: Mongo, run_id: str) -> dict[str, str]:
    return {run["site_id"]: run["state"] for run in database["training_runs"].find({"run_id": run_id})}


def test_one_site_is_trained_under_the_executions_name(database: Mongo, site: str) -> None:
    name = a_name()
    found = execute(name, {"site_id": site})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert json.loads(found["output"]) == [{"site_id": site, "run_id": name, "state": "published"}]
    assert states_of(database, name) == {site: "published"}
    assert database["customers"].count_documents({"site_id": site}) > 0


def test_without_a_site_every_site_is_trained_and_a_failure_is_noted_and_keeps_no_other(
    database: Mongo, site: str
) -> None:
    broken, empty = f"{site}b", f"{site}e"
    for other, zone in ((broken, "Nowhere/None"), (empty, "UTC")):
        known = a_site(site_id=other, time_zone=zone)
        database["sites"].insert_one({"_id": other, **known.model_dump()})
    sites._known.clear()
    name = a_name()
    found = execute(name, {})
    assert found["status"] == "FAILED"
    assert found["error"] == "TrainingFailed"
    assert states_of(database, name) == {site: "published", empty: "rejected", broken: "failed"}
    error = (database["training_runs"].find_one({"_id": f"{broken}:{name}"}) or {})["error"]
    assert error["type"] == "Misconfigured"
    assert "time zone" in error["cause"]


def test_a_model_that_cannot_be_fitted_is_withheld_alone_with_its_cause(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(extracted: Files) -> Fit:
        raise ZeroDivisionError("nobody shops alike")

    monkeypatch.setitem(MODELS, "behaviour_segments", MODELS["behaviour_segments"]._replace(fit=broken))
    name = a_name()
    found = execute(name, {"site_id": site})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    choices = (database["training_runs"].find_one({"run_id": name}) or {})["choices"]
    assert [model for model, choice in choices.items() if choice["published"] is None] == ["behaviour_segments"]
    (reason,) = choices["behaviour_segments"]["reasons"]
    assert reason.startswith("it could not be fitted: ZeroDivisionError: ")
    assert UNTOLD in reason


def test_a_shard_that_cannot_be_scored_fails_the_run_and_leaves_the_models_in_use(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(trained: Trained, those: slice) -> Iterator[Mapping[str, object]]:
        raise ZeroDivisionError("nobody can be scored")

    first, second = a_name(), a_name()
    execute(first, {"site_id": site})
    before = list(database["models"].find({"site_id": site}))
    monkeypatch.setitem(MODELS, "lifetime", MODELS["lifetime"]._replace(fields=broken))
    assert execute(second, {"site_id": site})["status"] == "FAILED"
    run = database["training_runs"].find_one({"run_id": second}) or {}
    assert (run["state"], run["stage"]) == ("failed", "score")
    assert run["error"]["type"]
    assert list(database["models"].find({"site_id": site})) == before


def test_a_site_where_nobody_has_ordered_is_trained(database: Mongo, site: str) -> None:
    database["orders"].delete_many({"site_id": site})
    name = a_name()
    found = execute(name, {"site_id": site})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert states_of(database, name) == {site: "published"}


def test_a_rejected_run_is_a_decision_and_not_a_failure(database: Mongo, site: str) -> None:
    for name in ("events", "orders"):
        database[name].delete_many({})
    found = execute(a_name(), {"site_id": site})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert [run["state"] for run in json.loads(found["output"])] == ["rejected"]


def test_every_task_is_retried_and_its_failure_caught() -> None:
    inside = definition()["States"]["EachSite"]["ItemProcessor"]["States"]
    states = inside | inside["Fit"]["ItemProcessor"]["States"] | inside["Score"]["ItemProcessor"]["States"]
    tasks = {name: state for name, state in states.items() if state["Type"] == "Task"}
    steps = {"Extract", "FitModel", "ChampionAlone", "Evaluate", "Publish", "ScoreShard", "Finish", "NoteFailure"}
    assert set(tasks) == {*steps, "RefreshCaches"}
    for name, task in tasks.items():
        assert task["Retry"], name
        assert name == "RefreshCaches" or task["ResultSelector"], f"{name} does not check what the function answers"
    caught = {name: state["Catch"][0]["Next"] for name, state in states.items() if "Catch" in state}
    assert caught == {
        **dict.fromkeys(["Extract", "Fit", "Evaluate", "Publish", "Score", "Finish"], "NoteFailure"),
        "FitModel": "ChampionAlone",
        "ChampionAlone": "ModelFailed",
        "RefreshCaches": "Done",
    }


def test_it_names_no_model_and_no_file() -> None:
    text = json.dumps(definition())
    assert not [name for name in MODELS if name in text]
    assert "features" not in text


def test_a_version_is_put_into_use_again_by_an_execution_of_its_own(database: Mongo, site: str) -> None:
    first, again, wrong = a_name(), a_name(), a_name()
    execute(first, {"site_id": site})
    version = (database["training_runs"].find_one({"run_id": first}) or {})["version"]
    found = execute(again, {"site_id": site, "restore": version})
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert states_of(database, again) == {site: "published"}

    found = execute(wrong, {"site_id": site, "restore": 7})
    assert (found["status"], found["error"]) == ("FAILED", "TrainingFailed")
    assert states_of(database, wrong) == {site: "failed"}
