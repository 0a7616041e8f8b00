"""jobs/erase: erases people. Who is erased is marked first, so that nothing brings them back; then every store is gone
through twice: at once, and when whatever was at work before the mark has ended.

api/customers has it `ask`, which marks, and `make`, which goes through the stores. On its schedule it makes what is
due, also of erasures that ended anywhere before. Events and the archive are left to jobs/retention, their one remover,
which ends each pass.
"""

from footfall.aws.functions import start
from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.clock import now
from footfall.observability import logger, telling_codes
from footfall.schemas.erasure import ErasureToAsk, ErasureToMake
from footfall.settings import ErasingSettings, from_environment
from footfall.sites import find_site
from footfall.stores.collections import erasures
from footfall.stores.mongo import answering, database

from .asking import ask
from .passing import go_through

AT_ONCE = 20
"""Erasures that one run of the schedule goes on with; the next takes more."""


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> JsonObject:
    """Begin an erasure, go through the stores for one, or do so for those that are due."""
    with answering():
        if event.get("step") == "ask":
            return {"erasure_id": ask(database(), ErasureToAsk.model_validate(event))}
        made = [ErasureToMake.model_validate(event)] if event.get("step") == "make" else _due()
        for erasure in made:
            _make(erasure)
        return {"made": len(made)}


def _due() -> list[ErasureToMake]:
    found = erasures.of(database()).find({"state": "running", "due_at": {"$lte": now()}}).sort("due_at", 1)
    return [ErasureToMake(site_id=each["site_id"], erasure_id=each["erasure_id"]) for each in found.limit(AT_ONCE)]


def _make(asked: ErasureToMake) -> None:
    site = find_site(database(), asked.site_id)
    if site is None:
        return
    if go_through(database(), site, asked.erasure_id):
        command = {"erasure": asked.model_dump()}
        function = from_environment(ErasingSettings).retention_function_name
        start(function, command, "the removal of events cannot be started")
        logger().info("gone through the stores", extra={"erasure_id": asked.erasure_id})
