"""jobs/prepare: makes what the stores need before the first event, at every deploy."""

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.observability import logger, telling_codes
from footfall.stores import preparing, vectors
from footfall.stores.mongo import database

from .deployment import answer_deployment, is_deployment
from .migrations import migrate


@telling_codes
def handler(event: JsonObject, context: LambdaContext) -> dict[str, str]:
    """Prepare the stores.

    CloudFormation calls it as a custom resource at each deploy and is answered at its own address.
    """
    if is_deployment(event):
        return answer_deployment(event, prepare)
    prepare()
    return {"status": "prepared"}


def prepare() -> None:
    """Bring what is stored into today's shape and create what is missing in MongoDB and Milvus; safe to run again."""
    migrate(database())
    preparing.prepare(database())
    vectors.prepare()
    logger().info("stores prepared")
