"""Tokens of an OIDC issuer (JWT): whose each is, checked as RFC 8725 says, and what its roles open.

This is imported when the first token comes: what it needs takes a while, and shops' keys do without.
"""

import math
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, get_args

import jwt
from footfall.identity import SITE_ID
from footfall.roles import SiteRole
from footfall.settings import JwtSettings, from_environment
from jwt import PyJWK
from jwt.exceptions import InvalidTokenError

from .issuer_keys import ALGORITHMS, IssuerKeys

LONGEST = 8_192
LONGEST_KEY_ID = LONGEST_SUBJECT = 200
LEEWAY_SECONDS = 60
LONGEST_LIFE_SECONDS = 86_400
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""RFC 9068 calls access tokens the latter two; most issuers say `JWT`, or nothing."""
REQUIRED = ["exp", "iat", "aud", "iss", "sub"]
MOST_ROLES = 1_000
_ROLE = re.compile(rf"({SITE_ID.pattern}):({'|'.join(get_args(SiteRole))})")
_RANK = {role: rank for rank, role in enumerate(get_args(SiteRole))}


class Member(NamedTuple):
    """Who a token is of: the issuer's name of them, their role in each of their sites, whether they are an operator."""

    subject: str
    roles: dict[str, SiteRole]
    is_operator: bool


def read_member(token: str) -> Member | None:
    """Returns who a token is of, or None for one that is not good; raises Unavailable without the issuer's keys."""
    settings = from_environment(JwtSettings)
    if not settings.jwt_issuer or len(token) > LONGEST:
        return None
    key = _key_of(token, settings.jwt_jwks_uri)
    claims = _checked(token, key, settings) if key else None
    return _member(claims, settings.jwt_claim) if claims else None


def _key_of(token: str, uri: str) -> PyJWK | None:
    # by its id alone: addresses and keys that a token brings along (jku, x5u, jwk) are never looked at
    try:
        header = jwt.get_unverified_header(token)
    except InvalidTokenError:
        return None
    key_id, kind = header.get("kid"), header.get("typ", "JWT")
    if not isinstance(key_id, str) or len(key_id) > LONGEST_KEY_ID or header.get("alg") not in ALGORITHMS:
        return None
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        return None
    return _issuer_keys(uri).find(key_id)


@cache
def _issuer_keys(uri: str) -> IssuerKeys:
    return IssuerKeys(uri)


def _checked(token: str, key: PyJWK, settings: JwtSettings) -> dict[str, object] | None:
    try:
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=settings.jwt_audience,
            issuer=settings.jwt_issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except (InvalidTokenError, ValueError, TypeError, OverflowError):
        return None
    return claims if _lives_a_day_at_most(claims) else None


def _lives_a_day_at_most(claims: dict[str, object]) -> bool:
    # PyJWT takes an `exp` of 1e300
    begins, ends = claims["iat"], claims["exp"]
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        return False
    return math.isfinite(ends) and 0 < ends - begins <= LONGEST_LIFE_SECONDS


def _member(claims: dict[str, object], name: str) -> Member | None:
    subject, told = claims["sub"], claims.get(name, [])
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        return None
    texts = told.split() if isinstance(told, str) else told
    if not isinstance(texts, list):
        return None
    named = [text for text in texts[:MOST_ROLES] if isinstance(text, str)]
    return Member(subject, _roles_in(named), "operator" in named)


def _roles_in(texts: Iterable[str]) -> dict[str, SiteRole]:
    # the highest of each site; groups that are about something else are passed over
    roles: dict[str, SiteRole] = {}
    for text in texts:
        if read := _ROLE.fullmatch(text):
            site_id, role = read[1], next(known for known in get_args(SiteRole) if known == read[2])
            roles[site_id] = max(roles.get(site_id, role), role, key=_RANK.__getitem__)
    return roles
