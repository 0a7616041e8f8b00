"""Write keys: their text follows from their site, their id and the signing secret."""

from footfall.aws.parameters import secret
from footfall.identity import write_key_of
from footfall.settings import SigningSettings, from_environment


def signed(site_id: str, key_id: str) -> str:
    """Returns the write key of an id; raises Unavailable while the secret cannot be read."""
    return write_key_of(site_id, key_id, secret(from_environment(SigningSettings).signing_secret))
