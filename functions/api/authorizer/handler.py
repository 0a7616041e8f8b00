"""api/authorizer: whose key this is. What it answers is the only source of `site_id` for every other function."""

import hmac
import re
from typing import NotRequired, TypedDict

from footfall.aws.invocations import LambdaContext
from footfall.errors import BadRequest, Unavailable
from footfall.http.gateway import readable
from footfall.identity import SITE_ID, ApiKey, read_api_key
from footfall.roles import SCOPES
from footfall.settings import OperatorSettings, from_environment
from footfall.stores.collections import sites
from footfall.stores.mongo import database

from .keys import stored_key
from .uses import note_use

OPERATOR_KEY = re.compile(r"[A-Za-z0-9]{64}")
"""As template.yaml has Secrets Manager generate it; what looks otherwise is not compared with it."""


TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*")


class Granted(TypedDict):
    """What every other function is told of the caller; `scopes` has spaces between them."""

    site_id: str
    key_id: str
    scopes: str


NOBODY = Granted(site_id="", key_id="", scopes="")


class Authorization(TypedDict):
    """An HTTP API's simple authorizer response; `context` comes with a good key."""

    isAuthorized: bool
    context: NotRequired[Granted]


def handler(event: object, context: LambdaContext) -> Authorization:
    """Returns whether a request's key is good, and whose it is (format 2.0, simple responses).

    The operator's key is good for every site, and for one at a time: `X-Footfall-Site` says for which, and so it does
    for a token of several sites. A request without a key goes through as nobody's, which every function answers with a
    401: the gateway can only say 403.
    """
    try:
        headers = readable(event)["headers"]
    except BadRequest:
        return {"isAuthorized": False}
    given = _given_key(headers)
    if not given:
        return {"isAuthorized": True, "context": NOBODY}
    site_id = headers.get("x-footfall-site", "")
    if OPERATOR_KEY.fullmatch(given):
        granted = _granted_to_operator(given, site_id)
    elif TOKEN.fullmatch(given):
        granted = _granted_to_member(given, site_id)
    else:
        granted = _granted_to(read_api_key(given))
    return {"isAuthorized": True, "context": granted} if granted else {"isAuthorized": False}


def _given_key(headers: dict[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _granted_to_operator(given: str, site_id: str) -> Granted | None:
    from footfall.aws.secrets import secret  # boto3, which shops' keys do without, takes a while to import

    if not hmac.compare_digest(given, secret(from_environment(OperatorSettings).operator_secret)):
        return None
    return _operating("operator", site_id)


def _operating(who: str, site_id: str) -> Granted | None:
    if not site_id:
        return Granted(site_id="", key_id=who, scopes="operator")
    if not SITE_ID.fullmatch(site_id) or not sites.of(database()).find_one({"_id": site_id}, {"_id": 1}):
        return None
    return Granted(site_id=site_id, key_id=who, scopes=SCOPES["operator"])


def _granted_to_member(token: str, site_id: str) -> Granted | None:
    from .tokens import read_member  # cryptography, which keys do without, takes a while to import

    try:
        member = read_member(token)
    except Unavailable:
        return None  # the log says why, and an alarm listens
    if member is None:
        return None
    who = f"token:{member.subject}"
    if member.is_operator:
        return _operating(who, site_id)
    chosen = site_id or (next(iter(member.roles)) if len(member.roles) == 1 else "")
    if chosen in member.roles:
        return Granted(site_id=chosen, key_id=who, scopes=SCOPES[member.roles[chosen]])
    return Granted(site_id="", key_id=who, scopes="member") if member.roles and not site_id else None


def _granted_to(key: ApiKey | None) -> Granted | None:
    stored = stored_key(key) if key else None
    if key is None or stored is None:
        return None
    note_use(key)
    return Granted(site_id=key.site_id, key_id=key.key_id, scopes=" ".join(stored.scopes))
