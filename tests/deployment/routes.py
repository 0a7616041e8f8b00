"""The routes of the API: the emulator's CloudFormation makes an HTTP API without what is in its `Body`."""

import re
from collections.abc import Iterator
from typing import Any

from tests.deployment.emulator import REGION, Emulator

API = "FootfallApi"
AUTHORIZER = "ApiKey"
INVOKED = re.compile(r"\$\{(\w+)\}/invocations")
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def resources_of(emulator: Emulator, stack: str) -> dict[str, str]:
    """Returns the physical ids of a stack's resources by their logical ids."""
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    rows = [row for page in pages for row in page["StackResourceSummaries"]]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}


def make_routes(emulator: Emulator, stack: str) -> str:
    """Make what the deployed template says of its API; returns the address at which it answers."""
    cloudformation, gateway = emulator.client("cloudformation"), emulator.client("apigatewayv2")
    names = resources_of(emulator, stack)
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    api, body = names[API], template["Resources"][API]["Properties"]["Body"]
    if not gateway.get_routes(ApiId=api)["Items"]:
        _make(gateway, api, body, names)
    return f"{emulator.endpoint}/_aws/execute-api/{api}/$default"


def _make(gateway: Any, api: str, body: dict[str, Any], names: dict[str, str]) -> None:
    asked = body["components"]["securitySchemes"][AUTHORIZER]["x-amazon-apigateway-authorizer"]
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name=AUTHORIZER,
        AuthorizerType="REQUEST",
        IdentitySource=[],
        AuthorizerUri=_invoking(names[asked["authorizerUri"]["Fn::Sub"][1]["__FunctionArn__"]["Ref"]]),
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        AuthorizerResultTtlInSeconds=0,
    )["AuthorizerId"]
    for key, operation in _operations(body):
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            PayloadFormatVersion="2.0",
            IntegrationUri=_address(operation["x-amazon-apigateway-integration"]["uri"], names),
        )["IntegrationId"]
        guarded = [scheme for one in operation.get("security", []) for scheme in one if scheme == AUTHORIZER]
        told = {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer} if guarded else {}
        gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{integration}", **told)


def _operations(body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in body["paths"].items():
        for method in METHODS & set(methods):
            yield f"{method.upper()} {path}", methods[method]


def _address(uri: dict[str, str], names: dict[str, str]) -> str:
    # "…/functions/${ApiMetricsFunctionAliaslive}/invocations": a reference to an alias is its ARN
    found = INVOKED.search(uri["Fn::Sub"])
    if found is None:
        raise ValueError(f"no function is invoked at {uri}")
    return _invoking(names[found[1]])


def _invoking(function_arn: str) -> str:
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn}/invocations"
