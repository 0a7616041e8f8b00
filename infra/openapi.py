"""One OpenAPI document over all functions: `python -m infra.openapi` writes it, `--check` fails when it is stale.

Every function's application says what it takes and answers; template.yaml says which routes there are and which of them
the authorizer guards. A route on one side only, or two different schemas under one name, is an error.
"""

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from inspect import getclosurevars
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from footfall.http.app import PROBLEM_JSON, PROBLEMS
from starlette.routing import BaseRoute

from infra.openapi_collect import BODY, QUERY, SEGMENT_BODY
from infra.template import functions, load
from infra.written import ROOT, write_or_check

DOCUMENT = ROOT / "functions" / "api" / "docs" / "openapi.json"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
Json = dict[str, Any]
TOLD_HERE = {("post", "/collect"): BODY, ("get", "/collect"): QUERY, ("post", "/v1/{kind}"): SEGMENT_BODY}
OPEN_TO_A_WRITE_KEY = {path for _, path in TOLD_HERE}

INFO = """\
The analytics back end of an online shop: events in, funnels, customers and look-alikes out.

Send a key with every request, as `X-Api-Key` or as `Authorization: Bearer`. A site's write key may only send events to
`/collect`; an API key has scopes, and what each route needs is named there.

Errors are problem documents (RFC 9457) of the type `application/problem+json`; a 422 names its fields in `errors`. A
parameter or a body that a route does not know is a 422, but where events are sent, and a request without a key a 401.

API Gateway answers by itself, before or in place of a function, in its own form `{"message": …}`, which an HTTP API
cannot change: 403 `Forbidden` for a key that is not known, 404 `Not Found` for what is no route, 413 `Request Entity
Too Large` for a body over 10 MB or over the 6 MB that a function takes, 429 `Too Many Requests` for more requests than
the stage takes, 431 for headers over 10 KB, 500 `Internal Server Error` for a function that failed, and 503 `Service
Unavailable` for one that takes too long or has no room.

Lists are asked for by `page` (from 1) and `page_size` (at most 100), and answer with `total` and `total_pages` as well;
questions for the newest or the nearest take `limit`. An answer holds at most 6 MB, else it is a 422 that says to ask
for less.

The operator's key, which makes sites, is sent likewise, and so is a token (JWT) of the deployment's OIDC issuer, as
`Authorization: Bearer`; `X-Footfall-Site` says which site either is used for.
"""
SECURITY = {
    "ApiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key (`ak_…`)"},
    "Bearer": {"type": "http", "scheme": "bearer", "description": "The same API key, or a token of the issuer"},
    "WriteKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "A site's write key (`wk_…`)"},
    "WriteKeyBearer": {"type": "http", "scheme": "bearer", "description": "The write key as a bearer token"},
    "WriteKeyBasic": {
        "type": "http",
        "scheme": "basic",
        "description": "The write key as user name, without a password",
    },
    "WriteKeyQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "k",
        "description": "The write key, for pixels and links",
    },
}
SERVERS = [
    {"url": "/", "description": "Where this document came from"},
    {
        "url": "https://{api}.execute-api.{region}.amazonaws.com",
        "description": "A deployment",
        "variables": {"api": {"default": "abcdef1234"}, "region": {"default": "eu-west-1"}},
    },
]


class Disagreement(Exception):
    """Raised when the functions contradict each other or the template."""


@dataclass(frozen=True)
class HttpFunction:
    """A function that answers HTTP: its tag, what it is for, its application, and whether each route is guarded."""

    tag: str
    description: str
    app: FastAPI
    guarded: dict[tuple[str, str], bool]


def document() -> Json:
    """Returns the merged document; raises Disagreement."""
    paths: Json = {}
    schemas: Json = {}
    tags = []
    for function in http_functions():
        own = function.app.openapi()
        tags.append({"name": function.tag, "description": function.description})
        _add_paths(paths, function, own["paths"])
        _add_schemas(schemas, function, own.get("components", {}).get("schemas", {}))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Footfall", "version": version, "description": INFO},
        "servers": SERVERS,
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": _shared_responses(paths),
            "securitySchemes": SECURITY,
        },
    }


def http_functions() -> Iterator[HttpFunction]:
    """Returns the functions that have a route in template.yaml, in its order."""
    for properties in functions(load(ROOT / "template.yaml")).values():
        events = [event for event in properties.get("Events", {}).values() if event["Type"] == "HttpApi"]
        if events:
            module = properties["Handler"].rpartition(".")[0]
            yield HttpFunction(
                tag=module.split(".")[2],
                description=properties["Description"],
                app=import_module(module).app,
                guarded={_route(event["Properties"]): _is_guarded(event["Properties"]) for event in events},
            )


def _route(event: Json) -> tuple[str, str]:
    return event["Method"].lower(), event["Path"].replace("+}", "}")


def _is_guarded(event: Json) -> bool:
    return bool(event.get("Auth", {}).get("Authorizer") != "NONE")


def _add_paths(paths: Json, function: HttpFunction, own: Json) -> None:
    routes = dict(_routes(function.app.routes))
    for path, operations in own.items():
        for method, operation in operations.items():
            route = routes.get((method, path))
            if route is None or (method, path) not in function.guarded:
                raise Disagreement(
                    f"{method.upper()} {path} of {function.tag}: not in template.yaml, or not on its app"
                )
            security = _security(path, function.guarded[method, path], list(_scopes(route.dependant)))
            paths.setdefault(path, {})[method] = {
                **operation,
                **TOLD_HERE.get((method, path), {}),
                "tags": [function.tag],
                "operationId": f"{function.tag}_{route.name}",
                "security": security,
                "responses": _tidy(operation["responses"], bool(security)),
            }
    missing = [f"{method.upper()} {path}" for method, path in function.guarded if method not in own.get(path, {})]
    if missing:
        raise Disagreement(f"{function.tag} does not answer {', '.join(missing)}, which template.yaml sends to it")


def _routes(routes: Iterable[BaseRoute]) -> Iterator[tuple[tuple[str, str], APIRoute]]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield from (((method.lower(), route.path_format), route) for method in route.methods or ())
        elif included := getattr(route, "original_router", None):  # an APIRouter that the application includes
            yield from _routes(included.routes)


def _security(path: str, guarded: bool, scopes: list[str]) -> list[dict[str, list[str]]]:
    if guarded:
        return [{"ApiKey": scopes}, {"Bearer": scopes}]
    if path in OPEN_TO_A_WRITE_KEY:
        return [{name: []} for name in SECURITY if name.startswith("WriteKey")]
    return []


def _scopes(dependant: Dependant) -> Iterator[str]:
    # as its dependencies `footfall.http.app.site_with` and `caller_with` were made with
    if dependant.call and dependant.call.__qualname__.startswith(("site_with.", "caller_with.")):
        yield getclosurevars(dependant.call).nonlocals["scope"]
    for needed in dependant.dependencies:
        yield from _scopes(needed)


def _tidy(responses: Json, keyed: bool) -> Json:
    # errors have their own media type, and nothing is refused where no key is asked for
    return {
        code: {**response, "content": _content(response["content"])} if "content" in response else response
        for code, response in sorted(responses.items())
        if keyed or code not in {"401", "403"}
    }


def _content(content: Json) -> Json:
    if any(described.get("schema") == PROBLEM for described in content.values()):
        return {PROBLEM_JSON: {"schema": PROBLEM}}
    return {media: described for media, described in content.items() if media != PROBLEM_JSON}


def _shared_responses(paths: Json) -> Json:
    # the errors that every function answers with, under names that their places then refer to
    shared = {
        code: {"description": HTTPStatus(int(code)).phrase, "content": {PROBLEM_JSON: {"schema": PROBLEM}}}
        for code in map(str, PROBLEMS)
    }
    for operation in [operation for operations in paths.values() for operation in operations.values()]:
        for code, response in operation["responses"].items():
            if response == shared.get(code):
                operation["responses"][code] = {"$ref": f"#/components/responses/Problem{code}"}
    return {f"Problem{code}": response for code, response in sorted(shared.items())}


def _add_schemas(schemas: Json, function: HttpFunction, own: Json) -> None:
    for name, schema in own.items():
        if schemas.setdefault(name, schema) != schema:
            raise Disagreement(f"{function.tag} has another schema under the name {name} than a function before it")


def text() -> str:
    """Returns the document as it is written: the same for the same code."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the document, or with `--check` say whether the written one is what the code means."""
    return write_or_check({DOCUMENT: text()}, "infra.openapi", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
