"""Who may send, and how much: the key's site, its revocation, origins and limit, all without a database."""

import base64
import binascii

from fastapi import Request
from footfall.aws.secrets import SECRET_SECONDS, live_secrets
from footfall.clock import now
from footfall.errors import Forbidden, Unauthorized
from footfall.identity import SendingKey, read_sending_key, signs
from footfall.schemas.event import Json
from footfall.schemas.sending import SendingRules
from footfall.settings import SigningSettings, from_environment

from .rules import rules_of
from .signed_requests import NAME, key_that_signed

IN_QUERY = ("k", "api_secret", "writeKey")
"""Ours, Google's and RudderStack's names of a key in an address, where nothing can be sent beside it."""


NEWER_SECONDS = 30.0
"""How old the signing secrets may be where a key fits none of those that are known: it may be signed by a new one."""


async def key_of(request: Request, body: Json) -> SendingKey:
    """Returns the key that a request sends events with, whether it brings its secret or was signed with it.

    Raises Unauthorized without a key, Forbidden with a wrong one, or with a public one from another origin.
    """
    text = _given_key(request, body)
    if not text:
        raise Unauthorized("send the site's write key as X-Api-Key, Authorization, ?k= or writeKey")
    name = NAME.fullmatch(text)
    key = await key_that_signed(request, name, _secrets_for(name[2])) if name else _signed_key(text)
    if key is None or _has_ended(key, rules := rules_of(key.site_id)):
        raise Forbidden("this key is not valid here: send a write key, or an API key made with the scope collect")
    if rules.origins and not key.is_secret and request.headers.get("origin") not in rules.origins:
        raise Forbidden("this origin may not send events for the site")
    if rules.signed_requests and key.is_secret and not name:
        raise Forbidden("this site's servers sign their requests: see the documentation of signed requests")
    return key


def _signing_secrets(seconds: float = SECRET_SECONDS) -> tuple[str, ...]:
    return live_secrets(from_environment(SigningSettings).signing_secret, seconds)


def _secrets_for(key_id: str) -> tuple[str, ...]:
    known = _signing_secrets()
    return known if any(signs(secret, key_id) for secret in known) else _signing_secrets(NEWER_SECONDS)


def _signed_key(text: str) -> SendingKey | None:
    return read_sending_key(text, *_signing_secrets()) or read_sending_key(text, *_signing_secrets(NEWER_SECONDS))


def _has_ended(key: SendingKey, rules: SendingRules) -> bool:
    end = rules.ends.get(key.key_id)
    return key.key_id in rules.revoked or bool(end and end <= now())


def limit_of(site_id: str) -> float | None:
    """Returns how many events a second a site may send to each execution environment; None without a limit."""
    return rules_of(site_id).events_per_second


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
