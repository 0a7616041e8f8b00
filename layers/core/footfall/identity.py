"""Keys and ids: who is calling, for which site, and what an event without an id is called."""

import hashlib
import hmac
import ipaddress
import re
import secrets
import string
import zlib
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args
from uuid import UUID, uuid5

from footfall.caching import cached_for_short_texts

SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_EVENT_ID = 128
Purpose = Literal["collect", "ask"]
"""What an API key is signed for; only `collect` opens collect."""
LENGTH, LENGTH_BEFORE = 16, 12
"""Of ids of keys, and of those that were made when there was one signing secret."""
SIGNATURE_DIGITS, CHECK_DIGITS = 40, 6
DIGITS = string.digits + string.ascii_letters
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


def new_key_id(signing_secret: str) -> str:
    """Returns a fresh id for a key; it tells by which signing secret the key is signed."""
    return signer_of(signing_secret) + secrets.token_hex(6)


@lru_cache(maxsize=16)
def signer_of(signing_secret: str) -> str:
    """Returns what ids of keys that are signed by a secret begin with: four hexadecimal digits."""
    return hashlib.sha256(signing_secret.encode()).hexdigest()[:4]


def signs(signing_secret: str, key_id: str) -> bool:
    """Returns whether a key of that id is signed by that secret; one of an older version may be by any."""
    return len(key_id) == LENGTH_BEFORE or key_id.startswith(signer_of(signing_secret))


def new_write_key(site_id: str, signing_secret: str) -> str:
    """Returns a fresh signed write key."""
    return write_key_of(site_id, new_key_id(signing_secret), signing_secret)


def write_key_of(site_id: str, key_id: str, signing_secret: str) -> str:
    """Returns the write key of an id: `wk_<site>_<key id>_<signature>`."""
    return f"wk_{site_id}_{key_id}_{_signature(signing_secret, 'write', site_id, key_id)}"


@cached_for_short_texts(1024)
def read_sending_key(text: str, *signing_secrets: str) -> SendingKey | None:
    """Returns the key in a text, or None when its form or signature is wrong, or when it may not send; needs no store.

    An API key that may send has its signature at the end of its secret part. The secrets are those in use.
    """
    parts = text.split("_")
    if len(parts) != 4 or parts[0] not in ("wk", "ak") or not SITE_ID.fullmatch(parts[1]):
        return None
    kind, site_id, key_id, last = parts
    random, signature = _signed_part(last)
    is_secret = kind == "ak"
    signed = ("collect", site_id, key_id, random) if is_secret else ("write", site_id, key_id)
    if not _is_signed(signature if is_secret else last, key_id, signing_secrets, signed):
        return None
    return SendingKey(site_id, key_id, is_secret)


def _signed_part(secret_part: str) -> tuple[str, str]:
    # what is signed, and its signature, behind which newer keys have their checksum
    random, _, rest = secret_part.rpartition(".")
    return random, rest[:SIGNATURE_DIGITS]


def _is_signed(signature: str, key_id: str, signing_secrets: tuple[str, ...], signed: tuple[str, ...]) -> bool:
    right = (_signature(secret, *signed) for secret in signing_secrets if signs(secret, key_id))
    return any(hmac.compare_digest(signature.encode(), each.encode()) for each in right)


def _signature(secret: str, *signed: str) -> str:
    return hmac.digest(secret.encode(), ":".join(signed).encode(), "sha256").hex()[:SIGNATURE_DIGITS]


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
    def is_whole(self) -> bool:
        """Whether the checksum at its end fits, so that no letter is wrong; keys of an older version have none."""
        if len(self.key_id) == LENGTH_BEFORE:
            return True
        secret, check = self.secret[:-CHECK_DIGITS], self.secret[-CHECK_DIGITS:]
        return len(self.key_id) == LENGTH and check == _checksum(f"ak_{self.site_id}_{self.key_id}_{secret}")

    @property
    def sha256(self) -> str:
        """What is stored of the secret: 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret.encode()).hexdigest()


def new_api_key(site_id: str, signing_secret: str, purpose: Purpose = "collect") -> ApiKey:
    """Returns a fresh API key for a site, signed: for `collect` so that it may send, which needs no store then."""
    key_id = new_key_id(signing_secret)
    random = urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=").replace("_", "-")
    secret = f"{random}.{_signature(signing_secret, purpose, site_id, key_id, random)}"
    return ApiKey(site_id, key_id, secret + _checksum(f"ak_{site_id}_{key_id}_{secret}"))


def _checksum(text: str) -> str:
    # CRC-32 in six digits, as scanners for lost keys and whoever mistypes one can tell without asking
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECK_DIGITS):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits


def request_secret_of(site_id: str, key_id: str, signing_secret: str) -> str:
    """Returns what the requests of an API key that may send are signed with: `whsec_` and base64 of 32 bytes."""
    digest = hmac.digest(signing_secret.encode(), f"request:{site_id}:{key_id}".encode(), "sha256")
    return f"whsec_{b64encode(digest).decode()}"


def is_made_here(key: ApiKey, *signing_secrets: str) -> bool:
    """Returns whether an API key was made with one of the secrets in use: all others are made up, or older."""
    random, signature = _signed_part(key.secret)
    return any(
        _is_signed(signature, key.key_id, signing_secrets, (purpose, key.site_id, key.key_id, random))
        for purpose in get_args(Purpose)
    )


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
