"""What was published before, put into use again: applied to the data of today, and published under a newer version."""

from footfall.errors import Conflict, NotFound
from footfall.models import registry
from footfall.schemas.model import ModelDocument, ModelName
from footfall.stores.mongo import answering, database

from .training import RestoreStarted, start_restoring


@answering()
def promote(site_id: str, name: ModelName, version: int | None) -> RestoreStarted:
    """Start a run that restores a version, or without one the newest that was trained, and return it.

    Raises NotFound or Conflict.
    """
    current = _in_use(site_id, name)
    if version is None:
        wanted = registry.trained_last(database(), site_id, name)
    else:
        wanted = registry.published(database(), site_id, name, version)
    if wanted is None:
        raise NotFound("no such version of this model was ever published")
    return _restore(site_id, registry.origin_of(wanted), current)


@answering()
def rollback(site_id: str, name: ModelName) -> RestoreStarted:
    """Start a run that restores what was trained before the version in use, and return it.

    Raises NotFound or Conflict.
    """
    current = _in_use(site_id, name)
    earlier = registry.trained_last(database(), site_id, name, before=registry.origin_of(current))
    if earlier is None:
        raise Conflict("nothing was trained before the version in use")
    return _restore(site_id, earlier["version"], current)


def _in_use(site_id: str, name: ModelName) -> ModelDocument:
    model = registry.in_use(database(), site_id, name)
    if model is None:
        raise NotFound("this model was never published")
    return model


def _restore(site_id: str, version: int, current: ModelDocument) -> RestoreStarted:
    if version == registry.origin_of(current):
        raise Conflict("this version is in use")
    made = registry.of_version(database(), site_id, version)
    if not any(registry.is_applicable(model) for model in made):
        raise Conflict("the parameters of this version were not kept")
    return start_restoring(site_id, version, sorted(model["name"] for model in made))
