"""The table of models: what is said in two places is the same in both."""

from typing import get_args

from footfall.models.table import MODELS, model_named
from footfall.models.training import TRAINING
from footfall.schemas.customer import CustomerDocument, ModelFields
from footfall.schemas.model import ModelName
from footfall.schemas.population import OF_CUSTOMERS, OF_VISITS
from footfall.stores.collections import fields_of


def test_every_model_has_a_name_and_a_way_to_be_trained_in_the_same_order() -> None:
    assert [model.name for model in MODELS] == list(TRAINING) == list(get_args(ModelName))


def test_a_model_is_found_by_its_name() -> None:
    assert [model_named(model.name) for model in MODELS] == list(MODELS)


def test_every_model_learns_from_something_that_is_measured() -> None:
    for model in MODELS:
        assert model.learns_from, model.name
        assert set(model.learns_from) <= {*OF_CUSTOMERS, *OF_VISITS}


def test_what_models_write_is_part_of_a_customer() -> None:
    assert fields_of(ModelFields) < fields_of(CustomerDocument)
