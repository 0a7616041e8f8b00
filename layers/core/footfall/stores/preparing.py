"""What a database must have before anything is stored in it: collections, indexes and views, as they are declared."""

from typing import Any

from pymongo.errors import CollectionInvalid, OperationFailure

from footfall.stores.collections import COLLECTIONS
from footfall.stores.mongo import Mongo
from footfall.stores.views import VIEWS

CODE_NAMESPACE_EXISTS = 48


def prepare(database: Mongo) -> None:
    """Create what is missing of collections, indexes and views; safe to run again and beside another run."""
    for collection in COLLECTIONS.values():
        _create(database, collection.name)
        if indexes := collection.all_indexes:
            collection.of(database).create_indexes(indexes)
    for name, pipeline in VIEWS.items():
        if not _create(database, name, viewOn="events", pipeline=pipeline):
            database.command({"collMod": name, "viewOn": "events", "pipeline": pipeline})


def _create(database: Mongo, name: str, **options: Any) -> bool:
    try:
        database.create_collection(name, check_exists=False, **options)
    except CollectionInvalid:
        return False
    except OperationFailure as error:
        if error.code != CODE_NAMESPACE_EXISTS:
            raise
        return False
    return True
