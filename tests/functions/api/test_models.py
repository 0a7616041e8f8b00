"""api/models through its Lambda handler: training, promotion, rollback, and whether a model still fits."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

import boto3
import pytest
from footfall import sites
from footfall.clock import now
from footfall.models.populations import measured
from footfall.questions import model_health
from footfall.schemas.model import ModelName
from footfall.schemas.site import Site
from pymongo.database import Database

from functions.api.models import training
from functions.api.models.handler import handler
from tests.support.asking import question, request
from tests.support.builders import NOON, LambdaContext, a_site
from tests.support.shopping import an_order

Mongo = Database[dict[str, Any]]
MODEL_NAMES: tuple[ModelName, ...] = get_args(ModelName)
WAITS = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 30, "End": True}}})
PARAMETERS = {"parameters": {"key": "parameters.json", "sha256": "0" * 64}}


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the state machine was asked to do more than train, in place of Step Functions."""
    asked: list[dict[str, Any]] = []

    def start(site_id: str, more: dict[str, Any], failure: str) -> tuple[str, Any]:
        asked.append({"site_id": site_id, **more})
        return f"{site_id}_run", now()

    monkeypatch.setattr(training, "_start_run", start)
    return asked


def a_model(name: str, version: int, site_id: str = "demo") -> dict[str, Any]:
    return {
        "_id": f"{site_id}:{name}:{version}",
        "site_id": site_id,
        "name": name,
        "version": version,
        "run_id": "run",
        "state": "published",
        "metrics": {"customers": 3, "revenue": 123_456, "customers_by_score": {"monetary": [1, 2]}},
        "details": {"currency": "EUR", "as_of": "2026-03-13"},
        "artefacts": PARAMETERS,
        "created_at": NOON,
    }


def publish(database: Mongo, *versions: int, days_ago: float = 0, site_id: str = "demo", **but: Any) -> None:
    """Note that models of these versions were published, as training does."""
    for version in versions:
        for name in MODEL_NAMES:
            created_at = now() - timedelta(days=days_ago)
            database["models"].insert_one({**a_model(name, version, site_id), "created_at": created_at, **but})


@pytest.fixture
def machine(queue_urls: dict[str, str], worker: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A training state machine that takes its time."""
    states = boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/training"
    arn = states.create_state_machine(name=f"training-{worker}", definition=WAITS, roleArn=role)["stateMachineArn"]
    monkeypatch.setenv("TRAINING_STATE_MACHINE_ARN", arn)
    yield arn
    for execution in states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]:
        states.stop_execution(executionArn=execution["executionArn"])
    states.delete_state_machine(stateMachineArn=arn)


def test_training_starts_once_per_site(stores: None, machine: str) -> None:
    status, started = request(handler, "POST", "/api/models/train")
    assert (status, started["state"]) == (202, "running")

    states = boto3.client("stepfunctions")
    (execution,) = states.list_executions(stateMachineArn=machine)["executions"]
    given = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])
    assert given == {"site_id": "demo", "run_id": started["run_id"]}

    status, problem = request(handler, "POST", "/api/models/train")
    assert (status, problem["title"]) == (409, "Conflict")
    assert request(handler, "POST", "/api/models/train", site_id="demo-2")[0] == 202


def test_models_tell_their_newest_versions_and_runs(database: Mongo, stores: None) -> None:
    database["models"].insert_many([a_model("rfm", 1), a_model("rfm", 2), a_model("behaviour_vectors", 2)])
    database["models"].insert_one({**a_model("rfm", 9), "_id": "x", "site_id": "other"})
    database["training_runs"].insert_one(a_run())

    status, answer = request(handler, "GET", "/api/models")

    assert status == 200
    assert [(model["name"], model["version"]) for model in answer["models"]] == [("behaviour_vectors", 2), ("rfm", 2)]
    assert [run["run_id"] for run in answer["runs"]] == ["run"]
    assert (answer["total"], answer["total_pages"]) == (1, 1)
    assert [found["version"] for found in request(handler, "GET", "/api/models/rfm")[1]["versions"]] == [2, 1]
    second = request(handler, "GET", "/api/models/rfm", {"page": 2, "page_size": 1})[1]
    assert ([found["version"] for found in second["versions"]], second["total_pages"]) == ([1], 2)
    figures = answer["runs"][0]["figures"]
    money = (figures["extract"]["before"]["revenue"], figures["extract"]["guest_revenue"])
    assert (money, figures["evaluate"]["rfm"]["revenue"]) == ((1.5, 0.005), 1.5), "of a dinar's thousand fils"
    assert answer["models"][1]["metrics"]["revenue"] == 1234.56


def test_a_model_that_is_not_there_is_not_found(database: Mongo, stores: None) -> None:
    assert request(handler, "GET", "/api/models/rfm")[0] == 404
    assert request(handler, "GET", "/api/models/unheard-of")[0] == 422


def test_training_starts_for_an_administrator_alone(stores: None, machine: str) -> None:
    assert request(handler, "POST", "/api/models/train", scopes="collect read write")[0] == 403
    assert boto3.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"] == []


def test_what_is_said_in_a_body_is_refused_and_not_passed_over() -> None:
    request = question("/api/models/train", scopes="admin", method="POST") | {"body": '{"dry_run": true}'}
    answer = handler(request, LambdaContext())
    assert (answer["statusCode"], json.loads(answer["body"])["errors"][0]["field"]) == (422, "body")


def test_a_rollback_goes_to_what_was_trained_before(database: Mongo, restored: list[dict[str, Any]]) -> None:
    publish(database, 1, 2, 3)
    status, answer = request(handler, "POST", "/api/models/rfm/rollback")
    assert (status, answer["version"], answer["state"]) == (202, 2, "running")
    assert answer["models"] == sorted(MODEL_NAMES)
    assert restored == [{"site_id": "demo", "restore": 2}]


def test_a_second_rollback_goes_further_back(database: Mongo, restored: list[dict[str, Any]]) -> None:
    publish(database, 1, 2, 3)
    publish(database, 4, restores=2)
    assert request(handler, "POST", "/api/models/rfm/rollback")[1]["version"] == 1


def test_nothing_is_before_the_first(database: Mongo, restored: list[dict[str, Any]]) -> None:
    publish(database, 1)
    status, problem = request(handler, "POST", "/api/models/rfm/rollback")
    assert (status, problem["detail"]) == (409, "nothing was trained before the version in use")
    assert restored == []


def test_promoting_takes_any_version_back_by_default_the_newest(
    database: Mongo, restored: list[dict[str, Any]]
) -> None:
    publish(database, 1, 2, 3)
    publish(database, 4, restores=1)
    assert request(handler, "POST", "/api/models/rfm/promote")[1]["version"] == 3
    assert request(handler, "POST", "/api/models/rfm/promote", {"version": 2})[1]["version"] == 2
    status, problem = request(handler, "POST", "/api/models/rfm/promote", {"version": 1})
    assert (status, problem["detail"]) == (409, "this version is in use")
    assert request(handler, "POST", "/api/models/rfm/promote", {"version": 4})[0] == 409
    assert [asked["restore"] for asked in restored] == [3, 2]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "rfm/promote"), ("POST", "rfm/rollback"), ("GET", "rfm/health"), ("POST", "nothing/rollback")],
)
def test_a_model_that_was_never_published_is_not_there(
    database: Mongo, restored: list[dict[str, Any]], method: str, path: str
) -> None:
    publish(database, 1, 2, site_id="other")
    assert request(handler, method, f"/api/models/{path}")[0] == (422 if "nothing" in path else 404)
    assert restored == []


def test_a_version_as_training_makes_them_can_be_promoted(database: Mongo, restored: list[dict[str, Any]]) -> None:
    older, newer = 1_795_000_000_000, 1_796_000_000_000  # milliseconds, as a run's version is
    publish(database, older, newer)
    assert request(handler, "POST", "/api/models/rfm/promote", {"version": older})[0] == 202
    assert [asked["restore"] for asked in restored] == [older]


def test_a_version_of_another_site_cannot_be_promoted(database: Mongo, restored: list[dict[str, Any]]) -> None:
    publish(database, 1, 2)
    publish(database, 7, site_id="other")
    assert request(handler, "POST", "/api/models/rfm/promote", {"version": 7})[0] == 404


def test_a_version_whose_parameters_were_not_kept_stays_where_it_is(
    database: Mongo, restored: list[dict[str, Any]]
) -> None:
    publish(database, 1, 2)
    database["models"].update_many({"version": 1}, {"$set": {"artefacts": {}}})
    status, problem = request(handler, "POST", "/api/models/rfm/rollback")
    assert (status, problem["detail"]) == (409, "the parameters of this version were not kept")
    assert restored == []


def test_a_model_has_a_card_that_says_what_it_is_and_how_good(database: Mongo, stores: None) -> None:
    told = {"churn": {"horizon_days": 80, "learnt_as_of": ["2026-01-01"]}, "currency": "EUR", "as_of": "2026-03-13"}
    metrics = {"auc": 0.8, "judged_as_of": "2026-02-01", "baselines": {"recency": {"auc": 0.7}}}
    rows = {"first": "2025-01-01", "last": "2026-03-13", "rows": {"orders": 9}, "code_version": "0123456789ab"}
    of_this = {"details": told, "metrics": metrics, "trained_on": rows}
    database["models"].insert_one({**a_model("churn", 3), **of_this})
    withheld = {"_id": "demo:churn:4:withheld", "version": 4, "state": "withheld", "reasons": ["a leak"]}
    database["models"].insert_one({**a_model("churn", 4), **of_this, **withheld})
    database["models"].insert_one({**a_model("churn", 4), **of_this, "restores": 3})

    status, answer = request(handler, "GET", "/api/models/churn")

    assert status == 200
    card = answer["card"]
    assert (card["version"], card["metrics"], card["trained_on"]) == (4, metrics, rows)
    assert card["cut_offs"] == {
        "data_to": "2026-03-13",
        "horizon_days": 80,
        "learnt_as_of": ["2026-01-01"],
        "judged_as_of": "2026-02-01",
    }
    assert "days_since_purchase" in card["features"]
    assert card["what"]
    assert card["limits"]
    assert [(each["version"], each["state"], each["champion"], each["reasons"]) for each in answer["versions"]] == [
        (4, "published", True, []),
        (4, "withheld", False, ["a leak"]),
        (3, "published", False, []),
    ]
    assert len(card["checksum"]) == 64
    found = request(handler, "GET", "/api/models")[1]["models"]
    assert [(each["version"], each["champion"]) for each in found] == [(4, True)]


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_model_has_a_card(database: Mongo, stores: None, name: ModelName) -> None:
    database["models"].insert_one(a_model(name, 3))
    assert request(handler, "GET", f"/api/models/{name}")[1]["card"]["judged_on"]


def test_a_model_that_was_only_withheld_has_no_card(database: Mongo, stores: None) -> None:
    database["models"].insert_one({**a_model("churn", 4), "state": "withheld", "reasons": ["a leak"]})
    answer = request(handler, "GET", "/api/models/churn")[1]
    assert (answer["card"], [each["state"] for each in answer["versions"]]) == (None, ["withheld"])


def test_one_that_stayed_in_use_and_was_looked_at_yesterday_is_not_stale(database: Mongo) -> None:
    publish(database, 1, days_ago=30, judged_at=now() - timedelta(days=1))
    health = request(handler, "GET", "/api/models/rfm/health")[1]
    assert (health["status"], round(health["age_days"])) == ("healthy", 30)


@pytest.mark.parametrize("what", ["promote", "rollback"])
def test_only_an_administrator_changes_what_is_in_use(database: Mongo, what: str) -> None:
    assert request(handler, "POST", f"/api/models/rfm/{what}", scopes="read")[0] == 403


def a_session(number: int, **but: Any) -> dict[str, Any]:
    session = {
        "_id": f"demo:s{number}",
        "site_id": "demo",
        "started_at": now(),
        "bot": False,
        "device": "Desktop",
        "page_views": 1 + number % 7,
        "interactions": number % 5,
        "duration": float(number % 60),
        "attribution": {"channel": "direct" if number % 3 else "email"},
    }
    return {**session, **but}


def trained_on(database: Mongo, site: Site, days_ago: float = 0) -> None:
    """Three hundred customers and visits, and models trained on them."""
    database["sites"].insert_one({"_id": "demo", **site.model_dump()})
    sites._known.clear()
    orders = [an_order(f"c{n}", *["tea"] * (1 + n % 4), day=n % 50) for n in range(300)]
    database["orders"].insert_many([dict(one) for one in orders])
    database["user_sessions"].insert_many([a_session(number) for number in range(300)])
    publish(database, 1, days_ago=days_ago, population=measured(database, site))


def verdicts(name: str) -> dict[str, str]:
    status, health = request(handler, "GET", f"/api/models/{name}/health")
    assert status == 200, health
    return {found["feature"]: found["verdict"] for found in health["drift"]}


def test_a_model_of_yesterday_whose_customers_are_the_same_is_healthy(database: Mongo) -> None:
    trained_on(database, a_site(), days_ago=1)
    status, health = request(handler, "GET", "/api/models/rfm/health")
    assert (status, health["status"], health["reasons"]) == (200, "healthy", [])
    assert health["age_days"] == pytest.approx(1, abs=0.01)
    assert health["metrics"] == {"customers": 3, "revenue": 1234.56, "customers_by_score": {"monetary": [1, 2]}}
    assert {found["feature"] for found in health["drift"]} == {"recency", "frequency", "monetary"}
    assert all((found["index"], found["then"], found["now"]) == (0, 300, 300) for found in health["drift"])


def test_customers_who_have_changed_are_drift(database: Mongo) -> None:
    trained_on(database, a_site())
    orders = [an_order(f"c{n}", *["pot"] * 9, day=51, order_id=f"more-{n}-{m}") for n in range(300) for m in range(3)]
    database["orders"].insert_many([dict(one) for one in orders])
    assert verdicts("rfm") == {"recency": "shifted", "frequency": "shifted", "monetary": "shifted"}
    health = request(handler, "GET", "/api/models/rfm/health")[1]
    assert health["status"] == "drifting"
    assert health["reasons"] == ["another population than it was trained on: recency, frequency, monetary"]


def test_visits_are_compared_since_the_training_and_bots_are_none(database: Mongo) -> None:
    trained_on(database, a_site())
    later = {"started_at": now() + timedelta(minutes=1)}
    database["user_sessions"].insert_many(
        [a_session(1_000 + n, bot=True, device="Tablet", **later) for n in range(400)]
    )
    assert set(verdicts("behaviour_vectors").values()) == {"too_little_data"}
    database["user_sessions"].insert_many([a_session(2_000 + n, device="Mobile", **later) for n in range(400)])
    found = verdicts("behaviour_vectors")
    assert found == {
        **dict.fromkeys(["page_views", "interactions", "duration", "channel"], "stable"),
        "device": "shifted",
    }
    assert len(verdicts("behaviour_segments")) == 8


def test_a_model_of_last_month_is_stale(database: Mongo) -> None:
    publish(database, 1, days_ago=30)
    health = request(handler, "GET", "/api/models/rfm/health")[1]
    assert (health["status"], health["reasons"]) == ("stale", ["no training has looked at it for more than 7 days"])
    assert health["drift"] == [], "a model from before populations were kept"


def test_counting_that_takes_too_long_is_left_out(database: Mongo, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_on(database, a_site())
    database["orders"].insert_many([dict(an_order(f"d{n}", "tea")) for n in range(20_000)])
    monkeypatch.setattr(model_health, "DRIFT_MILLISECONDS", 1)
    status, health = request(handler, "GET", "/api/models/rfm/health")
    assert (status, health["drift"]) == (200, None)


def a_run() -> dict[str, Any]:
    return {
        "_id": "demo:run",
        "site_id": "demo",
        "run_id": "run",
        "version": 2,
        "state": "published",
        "stage": "publish",
        "started_at": NOON,
        "updated_at": NOON,
        "ended_at": NOON,
        "figures": {
            "extract": {"people": 3, "currency": "KWD", "before": {"orders": 2, "revenue": 1_500}, "guest_revenue": 5},
            "evaluate": {"rfm": {"revenue": 1_500}},
        },
    }
