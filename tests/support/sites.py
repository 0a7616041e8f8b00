"""Sites of a running stack, made as an operator makes them."""

from typing import Any

from cli.client import OPERATOR_VARIABLE, Client
from infra.local.stack import Stack


def make_site(stack: Stack, **site: Any) -> dict[str, str]:
    """Returns the keys of a new site: api_key, write_key."""
    with Client(stack.url, stack.operator_key(), OPERATOR_VARIABLE) as client:
        return client.post("/api/sites", site)
