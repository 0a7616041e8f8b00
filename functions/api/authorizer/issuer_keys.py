"""The keys by which the issuer of tokens signs: fetched from it, kept for a while, and longer while it does not answer.

Nothing that a token says has anything else fetched, or this fetched more than twice a minute.
"""

import json
import time
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from footfall.errors import Misconfigured, Unavailable
from footfall.observability import logger
from jwt import PyJWK
from jwt.exceptions import InvalidKeyError, PyJWKError
from pydantic import BaseModel, ValidationError

ALGORITHMS = ("RS256", "ES256")
ISSUER_SILENT = "the keys of the issuer of tokens cannot be fetched"
"""What an alarm listens for in the log (infra/alarms.py)."""
FRESH_SECONDS = 300.0
STALE_SECONDS = 86_400.0
"""How long keys are good that cannot be fetched anew."""
COOL_DOWN_SECONDS = 30.0
TIMEOUT_SECONDS = 2.0
MOST_BYTES, MOST_KEYS = 200_000, 100
FEWEST_BITS = 2_048
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class KeySet(BaseModel):
    """What an issuer publishes (RFC 7517, 5): its keys, each as it describes it."""

    keys: list[dict[str, object]]


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


class IssuerKeys:
    """The keys of one issuer, in one execution environment."""

    def __init__(self, uri: str) -> None:
        """Raises Misconfigured for an address that is neither of https nor of this machine."""
        parts = urlsplit(uri)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise Misconfigured("the issuer's keys are fetched by https alone: see JWT_JWKS_URI")
        self._uri = uri
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")

    def find(self, key_id: str) -> PyJWK | None:
        """Returns the key of that id, or None; raises Unavailable where none are known that are a day old at most."""
        age = time.time() - self._fetched_at
        if age > FRESH_SECONDS or key_id not in self._keys:
            self._fetch()
        if time.time() - self._fetched_at > STALE_SECONDS:
            raise Unavailable(ISSUER_SILENT)
        return self._keys.get(key_id)

    def _fetch(self) -> None:
        if time.time() - self._tried_at < COOL_DOWN_SECONDS:
            return
        self._tried_at = time.time()
        try:
            published = KeySet.model_validate(json.loads(self._read()))
        except (URLError, OSError, ValueError, ValidationError) as error:
            logger().error(ISSUER_SILENT, extra={"error": type(error).__name__})
            return
        self._keys = _usable(published)
        self._fetched_at = self._tried_at

    def _read(self) -> bytes:
        request = Request(self._uri, headers={"Accept": "application/json"})  # noqa: S310 — its scheme was looked at
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return bytes(answer.read(MOST_BYTES))


def _usable(published: KeySet) -> dict[str, PyJWK]:
    found = (_read_key(told) for told in published.keys[:MOST_KEYS])
    return {key.key_id: key for key in found if key and key.key_id}


def _read_key(told: dict[str, object]) -> PyJWK | None:
    # one to sign with, of an algorithm that is used here, and long enough
    if told.get("use", "sig") != "sig":
        return None
    try:
        key = PyJWK.from_dict(told)
    except (PyJWKError, InvalidKeyError, ValueError, TypeError):
        return None
    too_short = isinstance(key.key, RSAPublicKey) and key.key.key_size < FEWEST_BITS
    return None if too_short or key.algorithm_name not in ALGORITHMS else key
