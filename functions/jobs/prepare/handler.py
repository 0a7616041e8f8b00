"""jobs/prepare: makes what the stores need before the first event, at every deploy."""

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.observability import logger, telling_codes
from footfall.sending import tell_collect
from footfall.sites import site_ids
from footfall.stores import preparing, vectors
from footfall.stores.mongo import database

from .checking import Found, check_stores
from .deployment import answer_deployment, is_deployment
from .migrations import migrate


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, str] | dict[str, Found]:
    """Prepare the stores, or with `{"check": "stores"}` return whether they let it in.

    CloudFormation calls it as a custom resource where stores let everybody in, and is answered at its own address.
    """
    if event.get("check") == "stores":
        return check_stores()
    if is_deployment(event):
        return answer_deployment(event, prepare)
    prepare()
    return {"status": "prepared"}


def prepare() -> None:
    """Bring what is stored into today's shape, and create what is missing in MongoDB, Milvus and for collect.

    It is safe to run again.
    """
    migrate(database())
    preparing.prepare(database())
    vectors.prepare()
    for site_id in site_ids(database()):
        tell_collect(database(), site_id)
    logger().info("stores prepared")
