"""What collect is told of a site: made of the site's document, and kept in S3, where collect needs no database."""

from datetime import datetime

from footfall.aws.objects import put
from footfall.errors import Unavailable
from footfall.schemas.sending import SendingRules, place_of
from footfall.schemas.site import ApiKeyDocument, SiteDocument
from footfall.settings import SendingSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import Mongo

ATTEMPTS = 10


def rules_of(site: SiteDocument) -> SendingRules:
    """Returns what a site's document says of sending; raises ValidationError for what collect could not read."""
    return SendingRules(
        site_id=site["site_id"],
        origins=site["origins"],
        revoked=site.get("revoked_keys", []),
        ends={key["key_id"]: end for key in site["api_keys"] if (end := _end_of_sending(key))},
        events_per_second=site.get("events_per_second"),
        signed_requests=site.get("signed_requests", False),
    )


def tell_collect(database: Mongo, site_id: str) -> None:
    """Have collect know, within its minute, what is stored of a site now; raises Unavailable.

    Whoever writes last has read the document before and finds it as it was after: what others told meanwhile is kept.
    """
    bucket, told = from_environment(SendingSettings).sending_bucket, None
    for _ in range(ATTEMPTS):
        site = sites.of(database).find_one({"_id": site_id})
        text = rules_of(site).model_dump_json() if site else None
        if text is None or text == told:
            return
        put(bucket, place_of(site_id), text.encode())
        told = text
    raise Unavailable("the site is being changed by others")


def _end_of_sending(key: ApiKeyDocument) -> datetime | None:
    return key["expires_at"] if "collect" in key["scopes"] else None
