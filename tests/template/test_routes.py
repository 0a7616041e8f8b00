"""Every route of the template is answered by an application, and every route of an application can be reached."""

import importlib
from typing import Any

import pytest
from fastapi import FastAPI

from .folders import declared, logical_id

HTTP = [folder for folder in declared() if folder.startswith("functions/api/") and not folder.endswith("authorizer")]
PUBLIC = {
    "POST /collect",
    "GET /collect",
    "POST /v1/{kind}",
    "POST /beacon/v1/batch",
    "POST /mp/collect",
    "GET /v1/projects/{write_key}/settings",
    "GET /sourceConfig",
    "GET /health",
    "GET /docs",
    "GET /openapi.json",
}
Lambdas = dict[str, dict[str, Any]]


def events_of(function: dict[str, Any]) -> list[dict[str, Any]]:
    return [event["Properties"] for event in function.get("Events", {}).values() if event["Type"] == "HttpApi"]


def route_of(event: dict[str, Any]) -> str:
    return f"{event['Method']} {event['Path'].replace('+}', '}')}"  # `+`: with slashes


@pytest.mark.parametrize("folder", HTTP)
def test_template_and_application_have_the_same_routes(folder: str, lambdas: Lambdas) -> None:
    app: FastAPI = importlib.import_module(folder.replace("/", ".") + ".handler").app

    served = {f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods}

    assert served == {route_of(event) for event in events_of(lambdas[logical_id(folder)])}


def test_no_route_belongs_to_two_functions(lambdas: Lambdas) -> None:
    routes = [route_of(event) for function in lambdas.values() for event in events_of(function)]

    assert len(routes) == len(set(routes))


def test_every_route_but_the_public_ones_asks_the_authorizer(template: dict[str, Any], lambdas: Lambdas) -> None:
    events = [event for function in lambdas.values() for event in events_of(function)]

    assert template["Resources"]["FootfallApi"]["Properties"]["Auth"]["DefaultAuthorizer"] == "ApiKey"
    assert {route_of(event) for event in events if event.get("Auth") == {"Authorizer": "NONE"}} == PUBLIC
    assert {route_of(event) for event in events if "Auth" in event} == PUBLIC


def test_any_page_may_ask_and_none_may_send_cookies(template: dict[str, Any], lambdas: Lambdas) -> None:
    cors = template["Resources"]["FootfallApi"]["Properties"]["CorsConfiguration"]

    assert cors["AllowOrigins"] == ["*"]
    assert not cors.get("AllowCredentials", False)
    methods = {event["Method"] for function in lambdas.values() for event in events_of(function)}
    assert methods <= set(cors["AllowMethods"])
