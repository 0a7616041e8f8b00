"""Who may send: the write key's site, its revocation and its origins, all without a database."""

import base64
import binascii
import json
from typing import Any

from fastapi import Request
from footfall.errors import Forbidden, Unauthorized
from footfall.identity import read_write_key
from footfall.parameters import parameter, secret
from footfall.settings import CollectAccessSettings, SigningSettings, from_environment


def site_of(request: Request, body: dict[str, Any]) -> str:
    """The site that a request may send events for; raises Unauthorized without a key, Forbidden with a wrong one."""
    text = _given_key(request, body)
    if not text:
        raise Unauthorized("send the site's write key as X-Api-Key, Authorization, ?k= or writeKey")
    key = read_write_key(text, secret(from_environment(SigningSettings).signing_secret))
    access = json.loads(parameter(from_environment(CollectAccessSettings).collect_access_parameter))
    if key is None or key.key_id in access.get("revoked", []):
        raise Forbidden("this write key is not valid")
    origins = access.get("origins", {}).get(key.site_id)
    if origins and request.headers.get("origin") not in origins:
        raise Forbidden("this origin may not send events for the site")
    return key.site_id


def _given_key(request: Request, body: dict[str, Any]) -> str | None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        return _user_name(credentials)
    in_body = body.get("writeKey")
    return (
        request.headers.get("x-api-key")
        or request.query_params.get("k")
        or (in_body if isinstance(in_body, str) else None)
    )


def _user_name(credentials: str) -> str | None:
    try:
        return base64.b64decode(credentials).decode().split(":")[0]
    except (binascii.Error, ValueError):
        return None
