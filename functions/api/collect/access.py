"""Who may send, and how much: the key's site, its revocation, origins and limit, all without a database."""

import base64
import binascii
import json
from datetime import datetime
from functools import lru_cache
from typing import TypedDict

from fastapi import Request
from footfall.aws.parameters import parameter, secret
from footfall.clock import now
from footfall.errors import Forbidden, Unauthorized
from footfall.identity import SendingKey, read_sending_key
from footfall.schemas.event import Json
from footfall.settings import CollectAccessSettings, SigningSettings, from_environment

IN_QUERY = ("k", "api_secret", "writeKey")
"""Ours, Google's and RudderStack's names of a key in an address, where nothing can be sent beside it."""


class Access(TypedDict, total=False):
    """What the access parameter says: ids of revoked keys, when secret keys end, and by site its origins and limit."""

    revoked: list[str]
    ends: dict[str, str]
    origins: dict[str, list[str]]
    events_per_second: dict[str, float]


def key_of(request: Request, body: Json) -> SendingKey:
    """Returns the key that a request sends events with.

    Raises Unauthorized without a key, Forbidden with a wrong one, or with a public one from another origin.
    """
    text = _given_key(request, body)
    if not text:
        raise Unauthorized("send the site's write key as X-Api-Key, Authorization, ?k= or writeKey")
    key = read_sending_key(text, secret(from_environment(SigningSettings).signing_secret))
    access = _access()
    if key is None or _has_ended(key, access):
        raise Forbidden("this key is not valid here: send a write key, or an API key made with the scope collect")
    origins = access.get("origins", {}).get(key.site_id)
    if origins and not key.is_secret and request.headers.get("origin") not in origins:
        raise Forbidden("this origin may not send events for the site")
    return key


def _has_ended(key: SendingKey, access: Access) -> bool:
    end = access.get("ends", {}).get(key.key_id)
    return key.key_id in access.get("revoked", []) or bool(end and datetime.fromisoformat(end) <= now())


def limit_of(site_id: str) -> float | None:
    """Returns how many events a second a site may send to each execution environment; None without a limit."""
    limit = _access().get("events_per_second", {}).get(site_id)
    return float(limit) if limit else None


def _access() -> Access:
    return _read_access(parameter(from_environment(CollectAccessSettings).collect_access_parameter))


@lru_cache(maxsize=1)
def _read_access(text: str) -> Access:
    access: Access = json.loads(text)
    return access


def _given_key(request: Request, body: Json) -> str | None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        return _user_name(credentials)
    in_body = body.get("writeKey")
    in_query = (text for name in IN_QUERY if (text := request.query_params.get(name)))
    return request.headers.get("x-api-key") or next(in_query, None) or (in_body if isinstance(in_body, str) else None)


def _user_name(credentials: str) -> str | None:
    try:
        return base64.b64decode(credentials).decode().split(":")[0]
    except (binascii.Error, ValueError):
        return None
