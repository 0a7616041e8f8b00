"""Keys that collect knows by their signature: every write key, and the API keys that may send."""

from collections.abc import Sequence

from footfall.aws.parameters import secret
from footfall.identity import ApiKey, new_api_key, write_key_of
from footfall.schemas.site import Scope
from footfall.settings import SigningSettings, from_environment


def signed_write_key(site_id: str, key_id: str) -> str:
    """Returns the write key of an id; raises Unavailable while the secret cannot be read."""
    return write_key_of(site_id, key_id, _signing_secret())


def new_signed_api_key(site_id: str, scopes: Sequence[Scope]) -> ApiKey:
    """Returns a fresh API key, signed if it may send; raises Unavailable while the secret cannot be read."""
    return new_api_key(site_id, _signing_secret() if "collect" in scopes else None)


def _signing_secret() -> str:
    return secret(from_environment(SigningSettings).signing_secret)
