"""What older versions stored, brought into today's shape: the one place that may write what another function owns.

Each migration tells by what it finds whether it has been done, so that a deployment that was cut short goes on.
"""

from contextlib import suppress

from footfall.stores.collections import users
from footfall.stores.mongo import Mongo
from pymongo.errors import OperationFailure


def migrate(database: Mongo) -> None:
    """Run every migration; safe to run again, and before the collections' indexes are made."""
    _name_the_numbers(database)


def _name_the_numbers(database: Mongo) -> None:
    # until 0.1.0 a person's dense number was called user_id, as the shop's own id of a customer is
    if "site_id_1_number_1" in users.of(database).index_information():
        return
    with suppress(OperationFailure):  # it is not there in a new database
        users.of(database).drop_index("site_id_1_user_id_1")
    old = {"user_id": {"$exists": True}, "number": {"$exists": False}}
    users.of(database).update_many(old, {"$rename": {"user_id": "number"}})
