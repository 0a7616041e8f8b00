"""Keys and ids: who is calling, for which site, and what an event without an id is called."""

import hashlib
import hmac
import ipaddress
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from footfall.caching import cached_for_short_texts

SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_EVENT_ID = 128
EVENT_NAMESPACE = UUID("6b1f6d0e-5a0b-5f0c-9a53-0f7d1f4b9a11")


@dataclass(frozen=True)
class SendingKey:
    """A key that may send events for one site: a write key, which is public, or an API key, which is secret."""

    site_id: str
    key_id: str
    is_secret: bool


def keyed_digest(site_id: str, pepper: str, text: str) -> str:
    """Returns a digest of a text, keyed with a site's pepper: without it nobody can tell what it was.

    HMAC-SHA256, RFC 2104.
    """
    key = f"{site_id}:{pepper}".encode()
    return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()


def new_key_id() -> str:
    """Returns a fresh id for a key."""
    return secrets.token_hex(6)


def new_write_key(site_id: str, secret: str) -> str:
    """Returns a fresh signed write key."""
    return write_key_of(site_id, new_key_id(), secret)


def write_key_of(site_id: str, key_id: str, secret: str) -> str:
    """Returns the write key of an id: `wk_<site>_<key id>_<signature>`."""
    return f"wk_{site_id}_{key_id}_{_signature(secret, 'write', site_id, key_id)}"


@cached_for_short_texts(1024)
def read_sending_key(text: str, secret: str) -> SendingKey | None:
    """Returns the key in a text, or None when its form or signature is wrong, or when it may not send; needs no store.

    An API key that may send has its signature at the end of its secret part.
    """
    parts = text.split("_")
    if len(parts) != 4 or parts[0] not in ("wk", "ak") or not SITE_ID.fullmatch(parts[1]):
        return None
    kind, site_id, key_id, last = parts
    random, _, signature = last.rpartition(".")
    is_secret = kind == "ak"
    signed = ("collect", site_id, key_id, random) if is_secret else ("write", site_id, key_id)
    if not hmac.compare_digest((signature if is_secret else last).encode(), _signature(secret, *signed).encode()):
        return None
    return SendingKey(site_id, key_id, is_secret)


def _signature(secret: str, *signed: str) -> str:
    return hmac.digest(secret.encode(), ":".join(signed).encode(), "sha256")[:20].hex()


@dataclass(frozen=True)
class ApiKey:
    """An API key as its holder has it; only the hash of its secret part is stored."""

    site_id: str
    key_id: str
    secret: str

    @property
    def text(self) -> str:
        """The key as it is written in a header: `ak_<site>_<key id>_<secret>`."""
        return f"ak_{self.site_id}_{self.key_id}_{self.secret}"

    @property
    def sha256(self) -> str:
        """What is stored of the secret: 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def new_api_key(site_id: str, signing_secret: str | None = None) -> ApiKey:
    """Returns a fresh API key for a site; with the signing secret, one that collect knows without a store."""
    key_id = new_key_id()
    random = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("_", "-")
    if signing_secret is None:
        return ApiKey(site_id, key_id, random)
    return ApiKey(site_id, key_id, f"{random}.{_signature(signing_secret, 'collect', site_id, key_id, random)}")


def read_api_key(text: str) -> ApiKey | None:
    """Returns the parts of an API key, or None when it has not the form of one; says nothing of its validity."""
    parts = text.split("_")
    if len(parts) != 4 or parts[0] != "ak" or not SITE_ID.fullmatch(parts[1]):
        return None
    return ApiKey(*parts[1:])


def is_event_id(text: str) -> bool:
    """Returns whether an event may be called so."""
    return 0 < len(text) <= MAX_EVENT_ID and text.isprintable()


def derived_event_id(site_id: str, content: bytes, occasion: str = "") -> str:
    """Returns the id of an event that came without one: the same for every retry of the same content.

    What tells no time of its own is an event of the `occasion` that it was sent on.
    """
    digest = hashlib.sha256(content).hexdigest()
    return str(uuid5(EVENT_NAMESPACE, f"{site_id}|{digest}|{occasion}" if occasion else f"{site_id}|{digest}"))


@lru_cache(maxsize=4096)
def anonymised_ip(address: str | None) -> str | None:
    """Returns an address without the part that points at one household: IPv4 to /24, IPv6 to /48."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False).network_address)
