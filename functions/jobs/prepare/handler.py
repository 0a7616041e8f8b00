"""jobs/prepare: makes what the stores need before the first event, at every deploy; and makes sites."""

from footfall.aws.invocations import JsonObject, LambdaContext
from footfall.aws.parameters import secret
from footfall.identity import new_api_key, new_write_key
from footfall.observability import logger
from footfall.schemas.site import ALL_SCOPES, Site, StoredApiKey
from footfall.settings import SigningSettings, from_environment
from footfall.stores import collections, vectors
from footfall.stores.mongo import database
from pydantic import BaseModel

from .deployment import answer_deployment, is_deployment
from .migrations import migrate


class Command(BaseModel):
    """What to do besides preparing the stores: make this site, or give it new keys."""

    site: Site | None = None


def handler(event: JsonObject, context: LambdaContext) -> dict[str, str]:
    """Prepare the stores; `{"site": {...}}` also makes that site and returns fresh keys for it.

    CloudFormation calls it as a custom resource at each deploy and is answered at its own address.
    """
    if is_deployment(event):
        return answer_deployment(event, prepare)
    command = Command.model_validate(event)
    prepare()
    return make_site(command.site) if command.site else {"status": "prepared"}


def prepare() -> None:
    """Bring what is stored into today's shape and create what is missing in MongoDB and Milvus; safe to run again."""
    migrate(database())
    collections.prepare(database())
    vectors.prepare()
    logger().info("stores prepared")


def make_site(site: Site) -> dict[str, str]:
    """Store a site, keep the keys it has, and add a fresh API key with every scope; fresh keys are shown only here."""
    key = new_api_key(site.site_id)
    stored = StoredApiKey(key_id=key.key_id, sha256=key.sha256, scopes=list(ALL_SCOPES))
    collections.sites.of(database()).update_one(
        {"_id": site.site_id},
        {"$set": site.model_dump(exclude={"api_keys"}), "$push": {"api_keys": stored.model_dump()}},
        upsert=True,
    )
    write_key = new_write_key(site.site_id, secret(from_environment(SigningSettings).signing_secret))
    return {"site_id": site.site_id, "api_key": key.text, "write_key": write_key}
