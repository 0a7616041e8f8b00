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

SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_EVENT_ID = 128
EVENT_NAMESPACE = UUID("6b1f6d0e-5a0b-5f0c-9a53-0f7d1f4b9a11")


@dataclass(frozen=True)
class WriteKey:
    """A public key that may only send events, for one site."""

    site_id: str
    key_id: str


def new_key_id() -> str:
    """Returns a fresh id for a key."""
    return secrets.token_hex(6)


def new_write_key(site_id: str, secret: str) -> str:
    """Returns a fresh signed write key."""
    return write_key_of(site_id, new_key_id(), secret)


def write_key_of(site_id: str, key_id: str, secret: str) -> str:
    """Returns the write key of an id: `wk_<site>_<key id>_<signature>`."""
    return f"wk_{site_id}_{key_id}_{_signature(site_id, key_id, secret)}"


@lru_cache(maxsize=1024)
def read_write_key(text: str, secret: str) -> WriteKey | None:
    """Returns the write key in a text, or None when its form or signature is wrong; needs no store."""
    parts = text.split("_")
    if len(parts) != 4 or parts[0] != "wk" or not SITE_ID.fullmatch(parts[1]):
        return None
    _, site_id, key_id, signature = parts
    if not hmac.compare_digest(signature.encode(), _signature(site_id, key_id, secret).encode()):
        return None
    return WriteKey(site_id, key_id)


def _signature(site_id: str, key_id: str, secret: str) -> str:
    digest = hmac.digest(secret.encode(), f"write:{site_id}:{key_id}".encode(), "sha256")
    return digest[:20].hex()


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


def new_api_key(site_id: str) -> ApiKey:
    """Returns a fresh API key for a site."""
    secret = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("_", "-")
    return ApiKey(site_id, new_key_id(), secret)


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
