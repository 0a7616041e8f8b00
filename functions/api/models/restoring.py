"""What was published before, put into use again: it is published anew, from its own files, under a newer version."""

from footfall.errors import Conflict, NotFound
from footfall.models import registry, runs
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
    if runs.kept(database(), site_id, version) is None:
        raise Conflict("what this version was published from was not kept")
    made = registry.of_version(database(), site_id, version)
    return start_restoring(site_id, version, sorted(model["name"] for model in made))
