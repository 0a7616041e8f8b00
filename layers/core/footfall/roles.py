"""Roles: what somebody may do to a site, or to the whole deployment, in scopes."""

from collections.abc import Mapping
from typing import Literal

SiteRole = Literal["viewer", "analyst", "admin"]
Role = SiteRole | Literal["operator"]

SCOPES: Mapping[Role, str] = {
    "viewer": "read",
    "analyst": "read write",
    "admin": "read write admin",
    "operator": "operator read write admin",
}
"""What each role may do, with spaces between them; a key's scopes are given to it one by one."""
