"""Sites, made as an operator makes them: on a running stack, or through the handler of api/sites."""

import json
import os
from typing import Any

import boto3

from cli.client import OPERATOR_VARIABLE, Client
from functions.api.authorizer import handler as authorizer
from functions.api.authorizer import keys
from functions.api.sites.handler import handler
from infra.local.stack import Stack
from tests.support.asking import question, request
from tests.support.builders import LambdaContext

SIGNING = "signing"
SITES = "/api/sites"


def make_site(stack: Stack, **site: Any) -> dict[str, str]:
    """Returns the keys of a new site: api_key, write_key."""
    with Client(stack.url, stack.operator_key(), OPERATOR_VARIABLE) as client:
        return client.post(SITES, site)


def operator(method: str, path: str, body: Any = None, **query: Any) -> tuple[int, dict[str, Any]]:
    """Returns the status and body of the answer to the operator."""
    return request(handler, method, path, query, body, site_id="", scopes="operator")


def make(site_id: str = "roma", **settings: Any) -> dict[str, Any]:
    """Returns a new site with its keys."""
    status, made = operator("POST", SITES, {"site_id": site_id, **settings})
    assert status == 201, made
    return made


def told_of(site_id: str) -> dict[str, Any]:
    """Returns what collect is told of a site, which is its rules."""
    body = boto3.client("s3").get_object(Bucket=os.environ["SENDING_BUCKET"], Key=f"sites/{site_id}.json")["Body"]
    found: dict[str, Any] = json.loads(body.read())
    return found


def forget_keys() -> None:
    """Have every key looked for once more."""
    for remembered in (keys._known, keys._unknown, keys._with_good_keys):
        remembered.clear()
    keys._allowance.left = keys.LOOK_UPS


def opens(key: str) -> dict[str, Any] | None:
    """Returns what a key is good for now, whatever the authorizer remembers; None for nothing."""
    forget_keys()
    event = question("/api/metrics")
    answer = authorizer.handler({**event, "headers": {"x-api-key": key}}, LambdaContext())
    return dict(answer["context"]) if answer["isAuthorized"] else None
