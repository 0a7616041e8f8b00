"""The table of models: what each is called and what it learns from.

How a model is trained is in the module of its name beside this one, which training alone imports (`models.training`).
"""

from typing import NamedTuple

from footfall.schemas.model import ModelName
from footfall.schemas.population import OF_CUSTOMERS, OF_VISITS, Feature


class Model(NamedTuple):
    """One model; it drifts as the features move that it learns from."""

    name: ModelName
    learns_from: tuple[Feature, ...]


MODELS: tuple[Model, ...] = (
    Model("rfm", learns_from=OF_CUSTOMERS),
    Model("behaviour_segments", learns_from=(*OF_CUSTOMERS, *OF_VISITS)),
    Model("behaviour_vectors", learns_from=OF_VISITS),
)


def model_named(name: ModelName) -> Model:
    """Returns the model of that name."""
    return next(model for model in MODELS if model.name == name)
