"""The table of models: what is said in several places is the same in all."""

from typing import get_args

from footfall.models.table import MODELS
from footfall.schemas.customer import CustomerDocument, ModelFields
from footfall.schemas.model import LEARNS_FROM, ModelName

from tests.support.documents import fields_of


def test_every_model_has_a_name_something_to_learn_from_and_a_row_in_one_order() -> None:
    assert list(get_args(ModelName)) == list(LEARNS_FROM) == list(MODELS)
    assert all(LEARNS_FROM.values())


def test_what_models_write_is_part_of_a_customer() -> None:
    assert fields_of(ModelFields) < fields_of(CustomerDocument)
