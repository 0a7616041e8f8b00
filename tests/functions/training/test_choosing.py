"""Which models a training publishes: the one in use stays unless the new one is better on the same days."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from footfall.models import registry
from footfall.models.artefacts import load_json, save_json
from footfall.models.table import MODELS
from footfall.models.trained import Files, Fit
from footfall.observability import UNTOLD
from footfall.schemas.model import Artefact, ModelDocument, ModelName
from pymongo.database import Database

from infra.local.aws import AwsAddresses
from tests.functions.training.pipeline import Json, evaluated, site_to_train, train
from tests.functions.training.test_forecasts import open_larger_shop
from tests.support.builders import a_site
from tests.support.shopping import an_order, open_shop

Mongo = Database[dict[str, Any]]
FIELD: Mapping[ModelName, str] = {
    "lifetime": "predicted_clv",
    "churn": "churn_probability",
}


@pytest.fixture
def site(database: Mongo, aws: AwsAddresses, worker: str) -> Iterator[str]:
    """A site of this test's own, without anything."""
    with site_to_train(worker) as site_id:
        yield site_id


def customers(database: Mongo, site_id: str) -> list[Json]:
    return list(database["customers"].find({"site_id": site_id}, {"version": 0}).sort("_id"))


def run_of(database: Mongo, site_id: str, run_id: str) -> Json:
    return database["training_runs"].find_one({"_id": f"{site_id}:{run_id}"}) or {}


def in_use(database: Mongo, site_id: str, name: ModelName) -> ModelDocument:
    found = registry.in_use(database, site_id, name)
    assert found is not None
    return found


def break_fit(monkeypatch: pytest.MonkeyPatch, name: ModelName) -> None:
    def broken(extracted: Files) -> Fit:
        raise ZeroDivisionError("nobody shops alike")

    monkeypatch.setitem(MODELS, name, MODELS[name]._replace(fit=broken))


def change_parameters(database: Mongo, site_id: str, name: ModelName, change: Mapping[str, Any]) -> None:
    """Save other parameters of the model in use, with the fingerprint that they have."""
    model = in_use(database, site_id, name)
    file = Artefact.model_validate(model["artefacts"]["parameters"])
    parameters: Any = load_json(file)
    saved = save_json(file.key, {**parameters, **change})
    database["models"].update_one({"_id": model["_id"]}, {"$set": {"artefacts.parameters": saved.model_dump()}})


@pytest.mark.parametrize("name", list(MODELS))
def test_a_model_that_cannot_be_fitted_is_withheld_alone_and_the_one_in_use_goes_on(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch, name: ModelName
) -> None:
    open_shop(database, site)
    train(site, "first")
    first, before = run_of(database, site, "first")["version"], customers(database, site)
    break_fit(monkeypatch, name)

    assert train(site, "second")["state"] == "published"

    run = run_of(database, site, "second")
    choice = run["choices"][name]
    assert (choice["published"], choice["challenger"]) == ("champion", None)
    assert choice["reasons"] == [f"it could not be fitted: ZeroDivisionError: {UNTOLD}"]
    model = in_use(database, site, name)
    assert (model["version"], model.get("restores")) == (run["version"], first)
    assert customers(database, site) == before, "the model in use says the same of the same customers"


@pytest.mark.parametrize("name", [name for name in MODELS if name != "rfm"])
def test_without_one_in_use_the_others_are_published(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch, name: ModelName
) -> None:
    open_shop(database, site)
    break_fit(monkeypatch, name)
    assert train(site)["state"] == "published"
    assert {model["name"] for model in database["models"].find({"site_id": site})} == MODELS.keys() - {name}
    assert not [found for found in customers(database, site) if FIELD.get(name, "nothing") in found]


def test_without_the_model_that_customers_go_by_nothing_can_be_published(
    database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_shop(database, site)
    break_fit(monkeypatch, "rfm")
    found = evaluated(site)
    assert (found["accepted"], found["reasons"]) == (
        False,
        [f"it could not be fitted: ZeroDivisionError: {UNTOLD}"],
    )
    assert run_of(database, site, "run")["state"] == "rejected"


def test_the_same_data_make_no_better_model_and_the_one_in_use_tells_the_same_of_them(
    database: Mongo, site: str
) -> None:
    open_larger_shop(database, site)
    train(site, "first")
    first, before = run_of(database, site, "first"), customers(database, site)
    assert {choice["published"] for choice in first["choices"].values()} == {"challenger"}
    train(site, "second")
    second = run_of(database, site, "second")
    compared = {name: each for name, each in second["choices"].items() if each["challenger"] is not None}
    assert {"behaviour_segments", "lifetime", "churn"} <= compared.keys()
    for name, choice in compared.items():
        assert choice["challenger"] == choice["champion"], name
        assert choice["published"] == "champion"
        against = f"{choice['figure']} {choice['challenger']} against {choice['champion']}"
        assert choice["reasons"] == [f"it is no better than the model in use on the latest window: {against}"]
    assert customers(database, site) == before
    withheld = {model["name"]: model for model in database["models"].find({"site_id": site, "state": "withheld"})}
    assert withheld.keys() == compared.keys()
    assert (
        in_use(database, site, "churn")["created_at"]
        == (database["models"].find_one({"_id": f"{site}:churn:{first['version']}"}) or {})["created_at"]
    ), "when it was trained"


def test_a_worse_model_in_use_gives_way(database: Mongo, site: str) -> None:
    open_larger_shop(database, site)
    train(site, "first")
    file = Artefact.model_validate(in_use(database, site, "churn")["artefacts"]["parameters"])
    parameters: Any = load_json(file)
    inverted = {**parameters["judged"], "slope": -parameters["judged"]["slope"]}
    change_parameters(database, site, "churn", {"judged": inverted})
    train(site, "second")
    choice = run_of(database, site, "second")["choices"]["churn"]
    assert choice["published"] == "challenger"
    assert choice["challenger"] < choice["champion"], "the Brier score"
    assert "restores" not in in_use(database, site, "churn")


def test_files_that_were_changed_make_way_for_the_new_model_and_the_run_says_so(database: Mongo, site: str) -> None:
    open_shop(database, site)
    train(site, "first")
    model = in_use(database, site, "lifetime")
    database["models"].update_one({"_id": model["_id"]}, {"$set": {"artefacts.parameters.sha256": "0" * 64}})
    assert train(site, "second")["state"] == "published"
    choice = run_of(database, site, "second")["choices"]["lifetime"]
    assert choice["published"] == "challenger"
    assert "is not what was saved" in choice["reasons"][0]


def test_a_leak_leaves_the_model_in_use_serving(database: Mongo, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    open_larger_shop(database, site)
    train(site, "first")
    first, fit = run_of(database, site, "first")["version"], MODELS["churn"].fit

    def leaking(extracted: Files) -> Fit:
        found = fit(extracted)
        told: Any = found.figures["churn"]
        return replace(found, figures={"churn": {**told, "auc": 0.97, "brier": 0.01}})

    monkeypatch.setitem(MODELS, "churn", MODELS["churn"]._replace(fit=leaking))
    train(site, "second")
    choice = run_of(database, site, "second")["choices"]["churn"]
    assert (choice["published"], in_use(database, site, "churn").get("restores")) == ("champion", first)
    assert choice["reasons"] == [
        "churn is told too well to be a forecast: the area under the ROC curve is 0.97, above 0.95"
    ]
    assert all("churn_probability" in found for found in customers(database, site))


def test_customers_who_are_all_alike_are_trained_twice(database: Mongo, site: str) -> None:
    database["sites"].insert_one({"_id": site, **a_site(site_id=site).model_dump()})
    orders = [dict(an_order(f"c{number}", "tea", day=day, site_id=site)) for number in range(60) for day in (0, 30)]
    database["orders"].insert_many(orders)
    for run_id in ("first", "second"):
        assert train(site, run_id)["state"] == "published"
    assert {found["rfm_score"] for found in customers(database, site)} == {"333"}


def test_another_sites_model_is_no_champion_here(database: Mongo, site: str) -> None:
    open_shop(database, site)
    train(site, "first")
    other = f"{site}x"
    open_shop(database, other)
    train(other, "theirs")
    choices = run_of(database, other, "theirs")["choices"]
    assert {choice["champion"] for choice in choices.values()} == {None}
    assert not [model for model in database["models"].find({"site_id": other}) if "restores" in model]


def test_the_registry_tells_what_a_model_was_trained_on_and_by_which_code(database: Mongo, site: str) -> None:
    open_larger_shop(database, site, 150)
    train(site)
    for model in database["models"].find({"site_id": site}):
        told = model["trained_on"]
        assert told["rows"]["customers"] == database["customers"].count_documents({"site_id": site})
        assert told["rows"]["orders"] == database["orders"].count_documents({"site_id": site})
        assert told["first"] <= told["last"] == model["details"]["as_of"]
        assert len(told["code_version"]) == 12
