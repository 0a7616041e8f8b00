"""Keys that are known by their signature: every write key and every API key, whatever it may do."""

from collections.abc import Sequence

from footfall.aws.secrets import live_secrets
from footfall.identity import ApiKey, new_api_key, new_key_id, request_secret_of, signs, write_key_of
from footfall.schemas.site import Scope
from footfall.settings import SigningSettings, from_environment


def new_signed_write_key(site_id: str) -> tuple[str, str]:
    """Returns the id of a new write key, and the key; raises Unavailable while the secret cannot be read."""
    signing = _signing_secrets()[0]
    key_id = new_key_id(signing)
    return key_id, write_key_of(site_id, key_id, signing)


def signed_write_key(site_id: str, key_id: str) -> str | None:
    """Returns the write key of an id, None where its signing secret is no longer used.

    Raises Unavailable while the secret cannot be read.
    """
    signing = next((secret for secret in reversed(_signing_secrets()) if signs(secret, key_id)), None)
    return write_key_of(site_id, key_id, signing) if signing else None


def new_signed_api_key(site_id: str, scopes: Sequence[Scope]) -> ApiKey:
    """Returns a fresh API key, signed for collect if it may send; raises Unavailable without the secret."""
    return new_api_key(site_id, _signing_secrets()[0], "collect" if "collect" in scopes else "ask")


def request_secret(site_id: str, key_id: str) -> str:
    """Returns what requests of a new API key may be signed with; raises Unavailable without the secret."""
    return request_secret_of(site_id, key_id, _signing_secrets()[0])


def _signing_secrets() -> tuple[str, ...]:
    return live_secrets(from_environment(SigningSettings).signing_secret)
